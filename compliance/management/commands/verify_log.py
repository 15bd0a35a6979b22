"""manage.py verify_log: everything that can be checked from inside the instance."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from audit.verification import LogCheck
from compliance.verification import check_records
from trust.errors import TrustError
from trust.key_files import load_trusted_keys
from trust.keys import TrustedKeys, approvals_name
from trust.notes import Checkpoint, open_checkpoint


class Command(BaseCommand):
    """Prints findings; the exit status is 1 if there are any."""

    help = (
        "Re-hash the log, the records and all stored bytes, and check every signature with the "
        "trusted keys. Whoever holds the keys and the database could still deceive this command: "
        "give --keys and --checkpoint from elsewhere, or check an export on another machine."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--keys", type=Path, help="your key file (default: the instance's)")
        parser.add_argument("--checkpoint", type=Path, help="a checkpoint that you remembered")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            keys = load_trusted_keys(options["keys"] or settings.TRUSTED_KEYS)
            remembered = _remembered(options["checkpoint"], keys)
        except (OSError, TrustError) as error:
            raise CommandError(f"Keys or checkpoint cannot be used: {error}") from None
        log = LogCheck(keys.named(settings.ORIGIN), remembered)
        found = 0
        with _one_moment():
            approvals = keys.named(approvals_name(settings.ORIGIN))
            for finding in chain(log.findings(), check_records(approvals)):
                found += 1
                self.stdout.write(f"FINDING  {finding}")
        self.stdout.write(
            f"{log.events} events ({log.waiting} wait for the notary), "
            f"{log.checkpoints} checkpoints: {found or 'no'} findings."
        )
        if found:
            sys.exit(1)


@contextmanager
def _one_moment() -> Iterator[None]:
    """Everything is read as of one moment, so that what arrives meanwhile is no finding."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _remembered(path: Path | None, keys: TrustedKeys) -> Checkpoint | None:
    return open_checkpoint(path.read_bytes(), keys) if path else None
