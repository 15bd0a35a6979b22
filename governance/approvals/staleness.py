"""Approvals go stale by what is written after them: a newer card, a newer policy in force.

How long a stale approval is served on is signed into it; an approval that says nothing of it never
goes stale. Noticed by the clock, once for each approval; a renewal brings an approval of its own.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Greatest
from django.utils import timezone

from audit.actions import Action
from audit.actors import SYSTEM
from audit.services import record
from governance.models import Approval, PolicyVersion, Staleness
from governance.policy.validity import in_force
from registry.models import CardRevision, ModelVersion
from trust.approval import STALE_GRACE
from trust.times import format_moment

MOST_AT_ONCE = 200
CARD, POLICY = "card", "policy"


def outdated(now: datetime) -> "QuerySet[Approval, Any]":
    """Approvals in force, neither renewed nor known to be stale, with a newer card or policy.

    `card_at` is the first newer revision, `policy_at` since when another policy is in force.
    """
    cards = (
        CardRevision.objects.filter(
            version=OuterRef("version"), created_at__gt=OuterRef("review__opened_at")
        )
        .order_by()
        .values("version")
        .annotate(first=Min("created_at"))
        .values("first")
    )
    policies = (
        PolicyVersion.objects.filter(tier=OuterRef("version__model__risk_tier"))
        .filter(Q(team=OuterRef("version__model__team")) | Q(team=None))
        .order_by("team_id", "-published_at", "-revision")
    )
    renewed = in_force(now).filter(version=OuterRef("version"), issued_at__gt=OuterRef("issued_at"))
    return (
        in_force(now)
        .filter(~Exists(renewed))
        .filter(staleness=None, **{f"review__policy__document__{STALE_GRACE}__isnull": False})
        .annotate(
            card_at=Subquery(cards),
            policy_now=Subquery(policies.values("pk")[:1]),
            policy_at=Greatest(Subquery(policies.values("published_at")[:1]), F("issued_at")),
        )
        .filter(Q(card_at__isnull=False) | ~Q(policy_now=F("review__policy")))
        .order_by("issued_at", "pk")
    )


def find_stale(now: datetime | None = None) -> int:
    """Mark approvals as stale that have become so; returns how many. Called by the clock."""
    found = list(outdated(now or timezone.now()).values_list("pk", flat=True)[:MOST_AT_ONCE])
    return sum(_mark(approval, now or timezone.now()) for approval in found)


@transaction.atomic
def _mark(approval_id: UUID, now: datetime) -> bool:
    version_id = Approval.objects.values_list("version_id", flat=True).get(pk=approval_id)
    version = ModelVersion.objects.select_for_update(no_key=True).get(pk=version_id)
    row = outdated(now).select_related("review__policy").filter(pk=approval_id).first()
    if row is None:
        return False
    moments = {CARD: row.card_at} if row.card_at else {}
    if row.policy_now != row.review.policy_id:
        moments[POLICY] = row.policy_at
    grace = timedelta(seconds=row.review.policy.document[STALE_GRACE])
    since = min(moments.values())
    stale = Staleness.objects.create(
        approval=row, since=since, until=since + grace, because=", ".join(sorted(moments)), at=now
    )
    record(
        actor=SYSTEM,
        action=Action.APPROVAL_STALE,
        subject=("version", version.pk),
        payload={
            "approval": str(row.pk),
            "version_digest": f"sha256:{version.digest}",
            "because": stale.because,
            "since": format_moment(stale.since),
            "until": format_moment(stale.until),
        },
        related=[("model", version.model_id), ("review", row.review_id)],
    )
    return True
