"""How long approvals hold, and from when on a version may be submitted anew before its end."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.callers import Caller
from governance.models import Approval
from registry import policies as registry_policies
from registry.models import ModelVersion, Status

RENEWAL = timedelta(days=30)


def in_force(now: datetime) -> QuerySet[Approval]:
    """Approvals that are neither revoked nor over at this moment."""
    return Approval.objects.filter(revocation=None, not_after__gt=now)


def holding(version: ModelVersion, now: datetime) -> Approval | None:
    """The approval in force that holds longest, if there is one."""
    rows = in_force(now).filter(version=version).select_related("staleness")
    return rows.order_by("-not_after", "pk").first()


def renewable_from(approval: Approval) -> datetime:
    """30 days before its end, or when a third of its time is left if that is later."""
    span = approval.not_after - approval.issued_at
    return approval.not_after - min(RENEWAL, span / 3)


def ending(now: datetime, until: datetime) -> QuerySet[Approval]:
    """Approvals in force that end before `until` or are stale, soonest first; not those renewed."""
    longer = in_force(now).filter(version=OuterRef("version"), not_after__gt=OuterRef("not_after"))
    return (
        in_force(now)
        .filter(~Exists(longer), Q(not_after__lt=until) | Q(staleness__isnull=False))
        .select_related("version__model", "staleness")
        .prefetch_related("version__aliases")
        .defer("envelope", "version__manifest")
        .order_by("not_after", "pk")
    )


def ending_seen_by(caller: Caller, now: datetime, until: datetime) -> QuerySet[Approval]:
    """Those of the teams whose evidence the caller reads."""
    teams = caller.teams_with(*registry_policies.READERS)
    return ending(now, until).filter(version__model__team_id__in=teams)


def status_after(version: ModelVersion, otherwise: Status, now: datetime) -> Status:
    """What to show once a review has ended without an approval: an earlier one may still hold."""
    return Status.APPROVED if in_force(now).filter(version=version).exists() else otherwise
