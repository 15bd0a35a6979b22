"""Open an approved version as a serving process would, and say what came of it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from common.errors import DomainError
from governance.selectors import trusted_keys
from inference.loading import load
from inference.selectors import candidates


class Command(BaseCommand):
    """Changes nothing: whatever loading would write down is rolled back."""

    help = "Try whether an approved version passes the serving gate on this machine."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("model")
        parser.add_argument("number", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        wanted = (options["model"], options["number"])
        found = [c for c in candidates(now) if (c.name, c.number) == wanted]
        if not found:
            raise CommandError("This version has no approval, so it is not loaded.")
        with transaction.atomic():
            try:
                loaded = load(found[0], keys=trusted_keys(), now=now, threads=1)
            except DomainError as error:
                raise CommandError(f"refused: {error.reason}") from None
            finally:
                transaction.set_rollback(True)
        loaded.model.close()
        self.stdout.write("loaded")
