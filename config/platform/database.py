"""Roles, database and grants: everything about the database that migrations do not say."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from config import grants
from config.platform.errors import CannotStart

OLDEST = 150000
# One set-up at a time for each database, whatever started it.
SETUP_LOCK = 0x61737361


@dataclass(frozen=True)
class Addresses:
    """The `postgresql://` addresses of one database, by role."""

    owner: str
    app: str
    notary: str

    def role(self, which: str) -> str:
        """The role's name in the address of `which` (owner, app, notary)."""
        name = conninfo_to_dict(getattr(self, which)).get("user")
        if not name:
            raise CannotStart(f"The database address of the {which} role names no user.")
        return str(name)

    def password(self, which: str) -> str | None:
        """The role's password in its address, if any."""
        found = conninfo_to_dict(getattr(self, which)).get("password")
        return None if found is None else str(found)


def ensure_database(addresses: Addresses) -> bool:
    """Makes the database if it is missing; True if it had to. CannotStart if it may not."""
    name = str(conninfo_to_dict(addresses.owner)["dbname"])
    try:
        psycopg.connect(addresses.owner, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        if "does not exist" not in str(error):
            raise CannotStart(f"The database cannot be reached: {error}") from error
    else:
        return False
    try:
        with psycopg.connect(
            make_conninfo(addresses.owner, dbname="postgres"), autocommit=True
        ) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except psycopg.errors.DuplicateDatabase:
        return False
    except psycopg.Error as error:
        raise CannotStart(
            f"The database {name} is missing and the owner role may not make it ({error}); "
            f"an administrator runs: CREATE DATABASE {name} OWNER {addresses.role('owner')};"
        ) from error
    return True


def ensure_roles(connection: psycopg.Connection, addresses: Addresses) -> list[str]:
    """Makes the app and notary roles if missing and returns those made.

    Raises CannotStart if the owner may not, or if a role could step over the separation: the same
    role twice, a superuser, or a member of the owner role.
    """
    names = [addresses.role(which) for which in ("owner", "app", "notary")]
    if len(set(names)) != len(names):
        raise CannotStart("Owner, app and notary must be three different database roles.")
    made = [
        addresses.role(which)
        for which in ("app", "notary")
        if _ensure_role(connection, addresses.role(which), addresses.password(which))
    ]
    for name in names[1:]:
        found = connection.execute(
            "SELECT rolsuper OR pg_has_role(oid, %s::name, 'MEMBER')"
            " FROM pg_roles WHERE rolname = %s",
            [names[0], name],
        ).fetchone()
        if found is None or found[0]:
            raise CannotStart(f"The database role {name} must not hold the owner's rights.")
    return made


def _ensure_role(connection: psycopg.Connection, name: str, password: str | None) -> bool:
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone():
        return False
    statement = sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name))
    if password is not None:
        statement += sql.SQL(" PASSWORD {}").format(sql.Literal(password))
    try:
        connection.execute(statement)
    except psycopg.errors.InsufficientPrivilege as error:
        raise CannotStart(
            f"The role {name} is missing and the owner role may not make it; "
            f"an administrator runs: CREATE ROLE {name} LOGIN PASSWORD '…';"
        ) from error
    except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
        return False
    return True


def check_version(connection: psycopg.Connection) -> None:
    """CannotStart for a server older than PostgreSQL 15."""
    if connection.info.server_version < OLDEST:
        raise CannotStart("PostgreSQL 15 or newer is needed.")


def _tables(connection: psycopg.Connection) -> dict[str, str]:
    """The relations of schema public: name to kind (r, p, v, m)."""
    rows = connection.execute(
        "SELECT relname, relkind::text FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')"
    )
    return dict(rows.fetchall())


def _listed() -> set[str]:
    return {
        *grants.APP_READ_ONLY,
        *grants.APP_INSERT_ONLY,
        *grants.APP_COLUMN_UPDATES,
        *grants.NOTARY_INSERT,
        *grants.NOTARY_COLUMN_UPDATES,
    }


def _app_rights(table: str, kind: str) -> LiteralString:
    if kind in "vm" or table in grants.APP_READ_ONLY:
        return "SELECT"
    if table in grants.APP_INSERT_ONLY or table in grants.APP_COLUMN_UPDATES:
        return "SELECT, INSERT"
    return "SELECT, INSERT, UPDATE, DELETE"


def _grant(rights: LiteralString, tables: Iterable[str], role: str) -> sql.Composed:
    return sql.SQL("GRANT {} ON {} TO {}").format(
        sql.SQL(rights),
        sql.SQL(", ").join(sql.Identifier("public", table) for table in sorted(tables)),
        sql.Identifier(role),
    )


def _grant_columns(table: str, columns: Iterable[str], role: str) -> sql.Composed:
    return sql.SQL("GRANT UPDATE ({}) ON {} TO {}").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.Identifier("public", table),
        sql.Identifier(role),
    )


def apply_grants(connection: psycopg.Connection, *, app: str, notary: str) -> None:
    """Gives both roles exactly the rights of config/grants.py, in one transaction.

    Raises CannotStart when a listed table does not exist: a list that names nothing guards nothing.
    """
    tables = _tables(connection)
    unknown = sorted(_listed() - tables.keys())
    if unknown:
        raise CannotStart(f"config/grants.py names tables that do not exist: {', '.join(unknown)}")
    by_rights: dict[LiteralString, list[str]] = {}
    for table, kind in tables.items():
        by_rights.setdefault(_app_rights(table, kind), []).append(table)
    with connection.transaction():
        _take_back(connection, app, notary)
        for rights, names in by_rights.items():
            connection.execute(_grant(rights, names, app))
        connection.execute(_grant("SELECT", tables, notary))
        connection.execute(_grant("INSERT", grants.NOTARY_INSERT, notary))
        for role, changes in (
            (app, grants.APP_COLUMN_UPDATES),
            (notary, grants.NOTARY_COLUMN_UPDATES),
        ):
            for table, columns in changes.items():
                connection.execute(_grant_columns(table, columns, role))


def _take_back(connection: psycopg.Connection, app: str, notary: str) -> None:
    roles = sql.SQL(", ").join(map(sql.Identifier, (app, notary)))
    for statement in (
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {}",
        "REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, {}",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC, {}",
        "GRANT USAGE ON SCHEMA public TO {}",
        "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}",
    ):
        connection.execute(sql.SQL(statement).format(roles))


@contextmanager
def setup_lock(connection: psycopg.Connection) -> Iterator[None]:
    """Holds the advisory lock of set-up, so that two set-ups follow each other."""
    connection.execute("SELECT pg_advisory_lock(%s)", [SETUP_LOCK])
    try:
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", [SETUP_LOCK])
