"""`manage.py setup_database`: roles, database, tables and rights, as often as one likes."""

from typing import Any

import psycopg
from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from config.platform import database
from config.platform.errors import CannotStart


class Command(BaseCommand):
    """Brings the database to what this version of the program needs; changes nothing twice."""

    help = (
        "Makes the database and its roles if missing, migrates as the owner role, makes the cache "
        "table and applies the rights of config/grants.py. Repeating it is harmless and quick."
    )
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Runs all steps under one lock; CommandError says what an administrator has to do."""
        if settings.DATABASE_ROLE != "owner" or not settings.DATABASE_OWNER_URL:
            raise CommandError(
                "setup_database works as the owner role: give DATABASE_OWNER_URL, DATABASE_URL and "
                "DATABASE_NOTARY_URL, and ASSAY_DATABASE_ROLE=owner."
            )
        addresses = database.Addresses(
            owner=settings.DATABASE_OWNER_URL,
            app=settings.DATABASE_URL,
            notary=settings.DATABASE_NOTARY_URL,
        )
        try:
            self._set_up(addresses)
        except CannotStart as error:
            raise CommandError(str(error)) from error

    def _set_up(self, addresses: database.Addresses) -> None:
        if database.ensure_database(addresses):
            self.stdout.write("database made")
        with psycopg.connect(addresses.owner, autocommit=True) as owner:
            database.check_version(owner)
            with database.setup_lock(owner):
                for role in database.ensure_roles(owner, addresses):
                    self.stdout.write(f"role {role} made")
                self._migrate()
                call_command("createcachetable", verbosity=0)
                database.apply_grants(
                    owner, app=addresses.role("app"), notary=addresses.role("notary")
                )

    def _migrate(self) -> None:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan:
            call_command("migrate", interactive=False, verbosity=0)
        self.stdout.write(f"{len(plan)} migrations applied")
