"""Every column of some tables, changed in every way that fits its type, one at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.utils import DatabaseError

# Changed values by type: plausible, and never the value that stands there.
_OTHER = {
    "bytea": "coalesce(set_byte({c}, {at} % length({c}), "
    "get_byte({c}, {at} % length({c})) # 1), '\\x00')",
    "uuid": "gen_random_uuid()",
    "int8": "coalesce({c}, 0) + 1000",
    "int4": "coalesce({c}, 0) + 1",
    "int2": "coalesce({c}, 0) + 1",
    "bool": "NOT coalesce({c}, false)",
    "date": "coalesce({c}, current_date) + 1",
    "timestamptz": "coalesce({c}, now()) + interval '1 day'",
    "jsonb": "CASE jsonb_typeof({c}) WHEN 'array' THEN {c} || '\"x:y\"' "
    "WHEN 'object' THEN {c} || '{{\"x\": 1}}' ELSE '{{}}' END",
    "varchar": "CASE WHEN right({c}, 1) = '1' THEN left({c}, -1) || '2' "
    "ELSE coalesce(left({c}, -1), '') || '1' END",
}
_OTHER["_varchar"] = "coalesce({c}, '{{}}') || ARRAY['another']::varchar[]"
_OTHER["text"] = _OTHER["varchar"]
_COLUMNS = """
    SELECT column_name, udt_name FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = %s ORDER BY ordinal_position
"""
_KEY = """
    SELECT a.attname FROM pg_index i JOIN pg_attribute a
        ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
    WHERE i.indrelid = %s::regclass AND i.indisprimary
"""
_REFERENCES = """
    SELECT a.attname, c.confrelid::regclass::text, f.attname FROM pg_constraint c
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    JOIN pg_attribute f ON f.attrelid = c.confrelid AND f.attnum = c.confkey[1]
    WHERE c.contype = 'f' AND c.conrelid = %s::regclass
"""
_SPREAD = 37


@dataclass(frozen=True)
class Mutation:
    """One change: `column` is * for whole rows; `statement` does it."""

    table: str
    column: str
    kind: str
    statement: str


def columns_of(table: str) -> dict[str, str]:
    """Column -> type, as the database says."""
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS, [table])
        return dict(cursor.fetchall())


def mutations(table: str, rows: int, bytes_each: int = 1) -> Iterator[Mutation]:
    """All of a table, at up to `rows` of its rows, evenly spaced.

    Of a column of bytes so many different ones are changed, one at a time.
    """
    with connection.cursor() as cursor:
        cursor.execute(_KEY, [table])
        key = cursor.fetchone()[0]
        cursor.execute(_REFERENCES, [table])
        references = {name: (other, field) for name, other, field in cursor.fetchall()}
        cursor.execute(f"SELECT {key}::text FROM {table} ORDER BY {key}")
        keys = [str(found) for (found,) in cursor.fetchall()]
    assert keys, f"{table} is empty"
    chosen = keys[:: max(1, len(keys) // rows)][:rows]
    columns = columns_of(table)
    for place, row in enumerate(chosen):
        other = keys[(keys.index(row) + 1) % len(keys)]
        where = f"{key}::text = '{row}'"
        for column, kind in columns.items():
            update = f"UPDATE {table} SET {column} ="
            for turn in range(bytes_each if kind == "bytea" else 1):
                value = _OTHER[kind].format(c=column, at=_SPREAD * (place + 1 + turn))
                yield Mutation(table, column, "flip", f"{update} {value} WHERE {where}")
            emptied = f"{update} NULL WHERE {where} AND {column} IS NOT NULL"
            yield Mutation(table, column, "null", emptied)
            if column in references:
                wanted = _another(table, column, *references[column])
                elsewhere = f"{where} AND {wanted} IS NOT NULL"
                yield Mutation(table, column, "redirect", f"{update} {wanted} WHERE {elsewhere}")
            if other != row and column != key:
                yield Mutation(table, column, "swap", swap(table, key, column, row, other))
        yield Mutation(table, "*", "delete", f"DELETE FROM {table} WHERE {where}")
        yield Mutation(table, "*", "insert", _copy(table, key, columns, where))
    for count in range(1, min(rows, len(keys)) + 1):
        gone = f"SELECT {key} FROM {table} ORDER BY {key} DESC LIMIT {count}"
        yield Mutation(table, "*", "truncate", f"DELETE FROM {table} WHERE {key} IN ({gone})")


def _another(table: str, column: str, there: str, field: str) -> str:
    return (
        f"(SELECT o.{field} FROM {there} o WHERE o.{field} IS DISTINCT FROM {table}.{column} "
        f"ORDER BY o.{field} LIMIT 1)"
    )


def swap(table: str, key: str, column: str, row: str, other: str) -> str:
    """The statement by which two rows exchange a column."""
    return (
        f"UPDATE {table} a SET {column} = b.{column} FROM {table} b WHERE "
        f"a.{key}::text IN ('{row}', '{other}') AND b.{key}::text IN ('{row}', '{other}') "
        f"AND a.{key} <> b.{key} AND a.{column} IS DISTINCT FROM b.{column}"
    )


def _copy(table: str, key: str, columns: dict[str, str], where: str) -> str:
    """A forged row: a copy of another under a key of its own."""
    another = f"(SELECT max({key}) + 1 FROM {table})"
    digest = "encode(sha256(gen_random_uuid()::text::bytea), 'hex')"
    fresh = {"uuid": "gen_random_uuid()", "int8": another, "int2": another, "varchar": digest}
    values = ", ".join(fresh[kind] if name == key else name for name, kind in columns.items())
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table} WHERE {where}"


def tried(mutation: Mutation, found: Callable[[], bool]) -> str:
    """What became of a change: found, refused (by a constraint), nothing (changed), missed.

    Needs a transaction; leaves everything as it was.
    """
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT mutation")
        try:
            if not _happens(cursor, mutation.statement):
                return "refused"
            if cursor.rowcount == 0:
                return "nothing"
            if found():
                return "found"
            return "missed" if _happens(cursor, "SET CONSTRAINTS ALL IMMEDIATE") else "refused"
        finally:
            cursor.execute("ROLLBACK TO SAVEPOINT mutation")
            # Thousands of them, one inside the other, would need more locks than the server has.
            cursor.execute("RELEASE SAVEPOINT mutation")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _happens(cursor: Any, statement: str) -> bool:
    try:
        cursor.execute(statement)
    except DatabaseError:
        return False
    return True
