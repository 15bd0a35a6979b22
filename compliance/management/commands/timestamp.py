"""manage.py timestamp: has the newest checkpoint stamped by an authority (RFC 3161)."""

import http.client
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.timestamps import Unstamped, check_stamps, load_roots, read_stamps, stamp_newest
from trust.errors import TrustError
from trust.key_files import load_trusted_keys


class Command(BaseCommand):
    """Stamps, or checks what was stamped. Exit status: 0 done, 1 findings, 2 it cannot."""

    help = "Have the newest checkpoint of the log stamped by a time-stamping authority, or check."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="check all tokens, ask for none")
        parser.add_argument("--url", default=settings.TSA_URL, help="default: ASSAY_TSA_URL")
        parser.add_argument("--roots", default=settings.TSA_ROOTS, help="default: ASSAY_TSA_ROOTS")
        parser.add_argument("--folder", type=Path, default=settings.TIMESTAMPS)
        parser.add_argument("--keys", type=Path, help="your key file (default: the instance's)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["roots"]:
            raise CommandError("Name the roots of the authority: ASSAY_TSA_ROOTS.", returncode=2)
        try:
            if options["check"]:
                self._check(options)
            else:
                self._stamp(options)
        except (Unstamped, TrustError, ValueError, OSError, http.client.HTTPException) as error:
            raise CommandError(f"No time-stamp: {error}", returncode=2) from None

    def _stamp(self, options: dict[str, Any]) -> None:
        if not options["url"].startswith(("http://", "https://")):
            raise CommandError("Name the authority's address: ASSAY_TSA_URL.", returncode=2)
        roots = load_roots(Path(options["roots"]))
        stamp = stamp_newest(options["url"], roots, options["folder"])
        self.stdout.write(
            f"{stamp.size} events, seen by the authority at {stamp.at.isoformat()}."
            if stamp
            else "Nothing new to stamp."
        )

    def _check(self, options: dict[str, Any]) -> None:
        keys = load_trusted_keys(options["keys"] or settings.TRUSTED_KEYS).named(settings.ORIGIN)
        roots = load_roots(Path(options["roots"]))
        found = [str(finding) for finding in check_stamps(options["folder"], roots, keys)]
        for line in found:
            self.stdout.write(f"FINDING  {line}")
        stamps = sum(1 for _ in read_stamps(options["folder"]))
        self.stdout.write(f"{stamps} time-stamped checkpoints: {len(found) or 'no'} findings.")
        if found:
            sys.exit(1)
