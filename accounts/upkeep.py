"""What the clock does for the accounts."""

from datetime import timedelta

from django.utils import timezone

from accounts.models import IdempotencyKey

KEPT_DAYS = 7


def forget_old_replies() -> None:
    """Remove replies kept for repeated requests; after a week nobody sends one again."""
    before = timezone.now() - timedelta(days=KEPT_DAYS)
    IdempotencyKey.objects.filter(created_at__lt=before).delete()
