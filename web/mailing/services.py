"""When mail goes out: once a day, by a job."""

import logging
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from worker.jobs import enqueue
from worker.models import Job, Queue

KIND = "waiting.mail"
log = logging.getLogger(__name__)


def hour_of(now: datetime) -> datetime:
    """The last moment at which mail was due, in UTC."""
    today = now.astimezone(UTC).replace(
        hour=min(settings.MAIL_HOUR, 23), minute=0, second=0, microsecond=0
    )
    return today if today <= now else today - timedelta(days=1)


@transaction.atomic
def ask_daily(now: datetime | None = None) -> Job | None:
    """Queue the job of the day if it was not yet; None if it was, or no mail server is named."""
    if not settings.EMAIL_HOST:
        return None
    due = hour_of(now or timezone.now())
    if Job.objects.filter(kind=KIND, created_at__gte=due).exists():
        return None
    return enqueue(
        kind=KIND, subject_type="mailing", subject_id=uuid4(), params={}, queue=Queue.LIGHT
    )


def fail_mailing(*, job: Job, reason: str) -> None:
    """Say it to the operator; whoever was not written to is written to the next day."""
    log.warning("Mail about what waits was not sent to everybody (job %s): %s", job.pk, reason)
