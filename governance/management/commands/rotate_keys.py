"""manage.py rotate_keys: the notary's keys change."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from common.errors import DomainError
from governance.keys.rotation import Changed, end_former_keys, introduce_keys, replace_keys
from trust.errors import TrustError


class Command(BaseCommand):
    """Run as the notary, with its folder and its database role, while no notary runs."""

    help = (
        "Change the notary's keys. begin: new keys, introduced by the old ones; both sign "
        "checkpoints. finish: the former keys end. lost, stolen: new keys in the place of keys "
        "that are gone or in other hands."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=("begin", "finish", "lost", "stolen"))
        parser.add_argument(
            "--checkpoint",
            type=Path,
            help="how far the old keys count; with stolen, one kept since before the theft",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            changed = self._act(options["act"], options["checkpoint"])
        except DomainError as error:
            raise CommandError(error.reason) from None
        except (OSError, TrustError, DatabaseError) as error:
            raise CommandError(f"The keys cannot be changed: {error}") from None
        for key in changed.introduced:
            self.stdout.write(f"new:   {key.line}")
        for key in changed.ended:
            size = changed.tree.size if changed.tree else 0
            self.stdout.write(f"ended: {key.line}, counts up to {size} events")

    def _act(self, act: str, checkpoint: Path | None) -> Changed:
        place: dict[str, Any] = {
            "folder": settings.NOTARY_KEY_DIR,
            "origin": settings.ORIGIN,
            "trusted": settings.TRUSTED_KEYS,
        }
        if act == "begin":
            return introduce_keys(**place)
        if act == "finish":
            return end_former_keys(**place)
        if act == "stolen" and checkpoint is None:
            raise CommandError("Give --checkpoint: one that was kept since before the theft.")
        why = "loss" if act == "lost" else "compromise"
        kept = checkpoint.read_bytes() if checkpoint else None
        return replace_keys(**place, why=why, checkpoint=kept)
