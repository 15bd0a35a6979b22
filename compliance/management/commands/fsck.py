"""manage.py fsck: everything that can be checked from inside the instance."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection, transaction

from audit.anchors import check_anchor
from audit.findings import Finding
from audit.timestamps import check_stamps, load_roots
from audit.verification import LogCheck
from audit.witnesses import Witness, check_cosignatures, load_witnesses
from compliance.verification.check import check_records
from trust.errors import TrustError
from trust.key_files import load_trusted_keys
from trust.keys import TrustedKeys, approvals_name
from trust.notes import Checkpoint, open_checkpoint

FOUND, CANNOT_RUN = 1, 2


class Command(BaseCommand):
    """Prints findings, one a line. Exit status: 0 sound, 1 findings, 2 it cannot run."""

    help = (
        "Derive everything again from the records: bytes, digests, signatures, quorums, states, "
        "and the log with its checkpoints. Exit status 0: sound, 1: findings, 2: cannot run. "
        "Whoever holds the keys and the database could still deceive this command: give --keys "
        "and --checkpoint from elsewhere, or check an export on another machine."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--keys", type=Path, help="your key file (default: the instance's)")
        parser.add_argument("--checkpoint", type=Path, help="a checkpoint that you remembered")
        parser.add_argument("--blobs", action="store_true", help="hash the whole blob store too")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            keys = load_trusted_keys(options["keys"] or settings.TRUSTED_KEYS)
            remembered = _remembered(options["checkpoint"], keys)
            witnesses = load_witnesses(settings.WITNESSES)
        except (OSError, TrustError) as error:
            raise CommandError(
                f"Keys, checkpoint or witnesses cannot be used: {error}", returncode=CANNOT_RUN
            ) from None
        try:
            found = self._check(keys, remembered, witnesses, options)
        except DatabaseError as error:
            raise CommandError(
                f"The database cannot be read: {error}", returncode=CANNOT_RUN
            ) from None
        if found:
            sys.exit(FOUND)

    def _check(
        self,
        keys: TrustedKeys,
        remembered: Checkpoint | None,
        witnesses: list[Witness],
        options: dict[str, Any],
    ) -> int:
        log = LogCheck(keys.named(settings.ORIGIN), remembered)
        approvals = keys.named(approvals_name(settings.ORIGIN))
        found = 0
        with _one_moment():
            records = check_records(approvals, blobs=options["blobs"])
            logged = chain(log.findings(), check_cosignatures(witnesses), _anchored(keys))
            logged = chain(logged, _stamped(keys))
            for finding in chain(logged, records):
                found += 1
                line = json.dumps(asdict(finding)) if options["json"] else f"FINDING  {finding}"
                self.stdout.write(line)
        if options["json"]:
            counts = {"events": log.events, "waiting": log.waiting, "checkpoints": log.checkpoints}
            self.stdout.write(json.dumps(counts | {"findings": found}))
        else:
            self.stdout.write(
                f"{log.events} events ({log.waiting} wait for the notary), "
                f"{log.checkpoints} checkpoints: {found or 'no'} findings."
            )
        return found


def _anchored(keys: TrustedKeys) -> Iterator[Finding]:
    """What contradicts the file of checkpoints, where one is configured."""
    if not settings.ANCHOR_FILE:
        return
    try:
        yield from check_anchor(Path(settings.ANCHOR_FILE), keys.named(settings.ORIGIN))
    except OSError as error:
        yield Finding("anchored checkpoint", settings.ANCHOR_FILE, f"it cannot be read: {error}.")


@contextmanager
def _one_moment() -> Iterator[None]:
    """Everything is read as of one moment, so that what arrives meanwhile is no finding."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _remembered(path: Path | None, keys: TrustedKeys) -> Checkpoint | None:
    return open_checkpoint(path.read_bytes(), keys) if path else None


def _stamped(keys: TrustedKeys) -> Iterator[Finding]:
    """What contradicts the time-stamped checkpoints, where roots are configured."""
    if not settings.TSA_ROOTS:
        return
    try:
        roots = load_roots(Path(settings.TSA_ROOTS))
        yield from check_stamps(settings.TIMESTAMPS, roots, keys.named(settings.ORIGIN))
    except (OSError, ValueError) as error:
        yield Finding("time-stamped checkpoint", str(settings.TIMESTAMPS), f"unreadable: {error}.")
