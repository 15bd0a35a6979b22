"""Make a token for a login, from the machine's command line."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.callers import caller_for
from accounts.models import User
from accounts.roles import Scope
from accounts.services import create_token
from common.errors import DomainError


class Command(BaseCommand):
    """Prints the token alone, so that a script can read it."""

    help = "Make an API token for a login and print it once."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="made on the command line")
        parser.add_argument("--scope", action="append", choices=Scope.values, required=True)
        parser.add_argument("--days", type=int, default=30)

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username__iexact=options["username"]).first()
        if user is None:
            raise CommandError("There is no such login.")
        try:
            _, text = create_token(
                caller=caller_for(user, via="command"),
                name=options["name"],
                scopes=options["scope"],
                days=options["days"],
            )
        except DomainError as error:
            raise CommandError(error.reason) from None
        self.stdout.write(text)
