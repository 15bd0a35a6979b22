"""Approvals end by their date: the log says so, and says beforehand that it is near.

The serving gate needs none of this; it looks at the date in the signed approval itself.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from audit.actions import Action
from audit.actors import SYSTEM
from audit.selectors import events
from audit.services import record
from governance.models import Approval
from governance.policy.validity import RENEWAL, ending, in_force, renewable_from
from governance.selectors import deciding_approval
from registry.models import ModelVersion, Status
from registry.services import show_status
from trust.times import format_moment

MOST_AT_ONCE = 200


def end_expired(now: datetime | None = None) -> int:
    """Show versions as expired whose last approval is over; returns how many. Once is enough."""
    now = now or timezone.now()
    approvals = Approval.objects.filter(version=OuterRef("pk"))
    over = ModelVersion.objects.filter(
        Exists(approvals),
        ~Exists(in_force(now).filter(version=OuterRef("pk"))),
        status=Status.APPROVED,
    )
    found = list(over.order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE])
    return sum(_end(version_id, now) for version_id in found)


@transaction.atomic
def _end(version_id: UUID, now: datetime) -> bool:
    version = ModelVersion.objects.select_for_update(no_key=True).get(pk=version_id)
    approval = deciding_approval(version, now)
    if version.status != Status.APPROVED or approval is None:
        return False
    if in_force(now).filter(version=version).exists():
        return False
    show_status(version, Status.EXPIRED)
    _tell(Action.APPROVAL_EXPIRED, approval, version)
    return True


def remind(now: datetime | None = None) -> int:
    """Say of each approval once that it ends soon and may be renewed; returns how many."""
    now = now or timezone.now()
    due = [row for row in ending(now, now + RENEWAL) if now >= renewable_from(row)]
    told = _told(row.version_id for row in due)
    return sum(_remind(row) for row in due if str(row.pk) not in told)


@transaction.atomic
def _remind(approval: Approval) -> bool:
    version = ModelVersion.objects.select_for_update(no_key=True).get(pk=approval.version_id)
    if str(approval.pk) in _told([version.pk]):
        return False
    _tell(Action.APPROVAL_ENDING, approval, version)
    return True


def _told(versions: Iterable[UUID]) -> set[str]:
    """The approvals of these versions of which a reminder stands in the log."""
    rows = events().filter(
        action=Action.APPROVAL_ENDING.value,
        subject_type="version",
        subject_id__in=[str(version) for version in versions],
    )
    return set(rows.values_list("payload__approval", flat=True))


def _tell(action: Action, approval: Approval, version: ModelVersion) -> None:
    record(
        actor=SYSTEM,
        action=action,
        subject=("version", version.pk),
        payload={
            "approval": str(approval.pk),
            "not_after": format_moment(approval.not_after),
            "version_digest": f"sha256:{version.digest}",
        },
        related=[("model", version.model_id), ("review", approval.review_id)],
    )
