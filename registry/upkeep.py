"""What the clock does for the registry."""

from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from registry.blobs import collect_garbage, path_of, remove_deleted
from registry.models import Tombstone, Upload
from registry.uploads import DIGEST_SUFFIX, held

_ORPHAN_AGE = timedelta(hours=1)


def sweep_expired_uploads() -> None:
    """Remove uploads that were not used in time."""
    sweep_uploads(timezone.now())


def remove_unclaimed_blobs() -> None:
    """Remove stored bytes that no row has named for as long as an upload may live, and bytes that
    were deleted and are still, or again, there."""
    for sha256 in Tombstone.objects.values_list("pk", flat=True).iterator():
        if path_of(sha256).exists():
            remove_deleted(sha256)
    collect_garbage(older_than=timezone.now() - timedelta(hours=settings.UPLOAD_LIFE_HOURS))


def sweep_uploads(now: datetime) -> int:
    """Remove expired uploads and files that belong to none; how many. Called by the clock."""
    gone = 0
    expired = Upload.objects.filter(~held(), expires_at__lte=now)
    for upload_id in expired.values_list("pk", flat=True):
        gone += expired.filter(pk=upload_id).delete()[0]
    return gone + _sweep_files(now)


def _sweep_files(now: datetime) -> int:
    folder = Path(settings.UPLOAD_DIR)
    if not folder.is_dir():
        return 0
    # A file is made before its row commits, so a young one without a row may be about to get it.
    before = (now - _ORPHAN_AGE).timestamp()
    old = [path for path in folder.iterdir() if path.lstat().st_mtime < before]
    known = {str(key) for key in Upload.objects.values_list("pk", flat=True)}
    orphans = [path for path in old if path.name.removesuffix(DIGEST_SUFFIX) not in known]
    for path in orphans:
        path.unlink(missing_ok=True)
    return len(orphans)
