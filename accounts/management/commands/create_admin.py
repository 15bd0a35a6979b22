"""Make the first administrator; there is no default account."""

import getpass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.services import create_first_admin
from common.errors import DomainError


class Command(BaseCommand):
    """`manage.py create_admin NAME --name "Ada Admin"` asks for the password."""

    help = "Make an administrator of this instance."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", required=True, help="The person's name.")
        parser.add_argument("--password-file", type=Path, help="Read the password from a file.")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path | None = options["password_file"]
        if file:
            password = file.read_text(encoding="utf-8").strip()
        else:
            password = getpass.getpass("Password: ")
        try:
            create_first_admin(
                username=options["username"], name=options["name"], password=password
            )
        except DomainError as error:
            raise CommandError(error.reason) from None
        self.stdout.write(f"Administrator {options['username']} made.")
