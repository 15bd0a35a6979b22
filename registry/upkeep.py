"""What the clock does for the registry."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from registry.blobs import collect_garbage
from registry.uploads import sweep_uploads


def sweep_expired_uploads() -> None:
    """Remove uploads that were not used in time."""
    sweep_uploads(timezone.now())


def remove_unclaimed_blobs() -> None:
    """Remove stored bytes that no row has named for as long as an upload may live."""
    collect_garbage(older_than=timezone.now() - timedelta(hours=settings.UPLOAD_LIFE_HOURS))
