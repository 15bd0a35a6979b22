"""Make the notary's keys where they are missing."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from governance.keys.store import make_notary_keys
from trust.errors import TrustError


class Command(BaseCommand):
    """Run as the notary's operating-system user; the public keys go to the trusted-key file."""

    help = "Make the notary's keys where they are missing."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = make_notary_keys(settings.NOTARY_KEY_DIR, settings.ORIGIN, settings.TRUSTED_KEYS)
        except (OSError, TrustError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{'Made' if made else 'Kept'} the keys of {settings.ORIGIN}.")
