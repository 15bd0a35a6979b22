"""manage.py check_anchor: compares the log with the checkpoints of ASSAY_ANCHOR_FILE."""

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.anchors import check_anchor, read_notes
from trust.errors import TrustError
from trust.key_files import load_trusted_keys


class Command(BaseCommand):
    """Prints findings, one a line. Exit status: 0 sound, 1 findings, 2 it cannot run."""

    help = "Compare the log with the checkpoints in an append-only file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="default: ASSAY_ANCHOR_FILE")
        parser.add_argument("--keys", type=Path, help="your key file (default: the instance's)")

    def handle(self, *args: Any, **options: Any) -> None:
        path = options["file"] or (Path(settings.ANCHOR_FILE) if settings.ANCHOR_FILE else None)
        if path is None:
            raise CommandError("Name a file, or set ASSAY_ANCHOR_FILE.", returncode=2)
        try:
            keys = load_trusted_keys(options["keys"] or settings.TRUSTED_KEYS)
            notes = sum(1 for _ in read_notes(path))
            found = [str(finding) for finding in check_anchor(path, keys.named(settings.ORIGIN))]
        except (OSError, TrustError) as error:
            raise CommandError(f"The file cannot be checked: {error}", returncode=2) from None
        for line in found:
            self.stdout.write(f"FINDING  {line}")
        self.stdout.write(f"{notes} checkpoints in the file: {len(found) or 'no'} findings.")
        if found:
            sys.exit(1)
