"""What is past its rule and kept by nothing: listed for persons, and told to the log once a week.

Nothing is proposed by the clock: of the two persons who delete, both are persons. The lists say
what the services would say at this moment; each deletion asks anew.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import (
    Case,
    CharField,
    Count,
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast
from django.utils import timezone

from accounts.models import Team
from audit.actions import Action
from audit.actors import SYSTEM
from audit.models import AuditEvent
from audit.services import record
from compliance.models import Export, PackFile
from compliance.retention.dependents import with_keeper
from compliance.retention.models import Held, Kept, LegalHold, RetentionRule
from governance.attachments.models import Attachment
from governance.models import Approval, EmergencyGrant, Review, ReviewState
from registry.models import Artifact, DatasetSnapshot, ModelVersion, Status
from registry.selectors import with_rows

DATASETS, VERSIONS = "datasets", "versions"
KINDS = (DATASETS, VERSIONS)
MOST_SHOWN = 100
TOLD_EVERY = timedelta(days=7)


@dataclass(frozen=True)
class Due:
    """A snapshot whose rows, or a version whose files, two persons may delete since a moment."""

    kind: str
    thing: Any
    since: datetime
    team: Team


def due_datasets(teams: Collection[UUID], now: datetime) -> QuerySet[DatasetSnapshot]:
    """Snapshots of these teams, each of several names for the same bytes once, oldest first."""
    same = DatasetSnapshot.objects.filter(
        blob=OuterRef("blob"), team=OuterRef("team"), pk__lt=OuterRef("pk")
    )
    until = Func("blob_id", function="assay_rows_kept_until", output_field=DateTimeField())
    rows = with_rows(DatasetSnapshot.objects.filter(~Exists(same), team__in=teams))
    rows = with_keeper(rows, now).filter(Q(kept_by="")).annotate(due_since=until)
    return rows.select_related("team").order_by("due_since", "pk")


def due_versions(teams: Collection[UUID], now: datetime) -> QuerySet[ModelVersion]:
    """Retired versions of these teams whose files may go, oldest first."""
    grants = EmergencyGrant.objects.filter(version=OuterRef("pk"), attestation__isnull=False)
    approvals = Approval.objects.filter(version=OuterRef("pk"))
    was_used = Q(Exists(approvals)) | Q(Exists(grants))
    told = AuditEvent.objects.filter(
        action=Action.VERSION_RETIRED.value,
        subject_type="version",
        subject_id=Cast(OuterRef("pk"), CharField()),
    ).order_by("-pk")
    newest = RetentionRule.objects.filter(
        tier=OuterRef("model__risk_tier"), kind=OuterRef("rule_kind")
    ).order_by("-revision")
    open_reviews = Review.objects.filter(
        version=OuterRef("pk"), state__in=(ReviewState.OPEN, ReviewState.QUORUM)
    )
    kept = (
        Q(Exists(approvals.filter(revocation=None)))
        | Q(Exists(open_reviews))
        | Q(Exists(grants.filter(review=None)))
        | Q(Exists(_holds()))
        | Q(Exists(_files().filter(_named_elsewhere())))
    )
    rows = ModelVersion.objects.filter(~kept, Exists(_files()), aliases=None, status=Status.RETIRED)
    kinds = Case(
        When(was_used, then=Value(Kept.APPROVED.value)), default=Value(Kept.UNAPPROVED.value)
    )
    rows = rows.filter(model__team__in=teams).annotate(
        rule_kind=kinds, retired_at=Subquery(told.values("occurred_at")[:1])
    )
    from_when = Case(
        When(rule_kind=Kept.APPROVED.value, then=F("retired_at")), default=F("created_at")
    )
    rows = rows.annotate(rule_days=Subquery(newest.values("days")[:1]), kept_from=from_when)
    found: Any = rows.annotate(due_since=_days_after())
    found = found.filter(retired_at__isnull=False, due_since__lte=now)
    versions: QuerySet[ModelVersion] = found.select_related("model__team").defer("manifest")
    return versions.order_by(F("due_since"), "pk")


def _days_after() -> Any:
    """Null, and so never due, where the rule says for ever."""
    day = Value(timedelta(days=1), output_field=DurationField())
    days = ExpressionWrapper(F("rule_days") * day, output_field=DurationField())
    return ExpressionWrapper(F("kept_from") + days, output_field=DateTimeField())


def _holds() -> QuerySet[LegalHold]:
    on_it = Q(version=OuterRef("pk")) | Q(kind=Held.MODEL, model=OuterRef("model"))
    return LegalHold.objects.filter(on_it, lift=None)


def _files() -> QuerySet[Artifact]:
    """Those of the version that are there."""
    return Artifact.objects.filter(version=OuterRef("pk"), blob__tombstone=None)


def _named_elsewhere() -> Q:
    same = {"blob": OuterRef("blob")}
    others: Any = Artifact.objects.filter(**same).exclude(version=OuterRef("version"))
    found = Q(Exists(others))
    for table in (DatasetSnapshot, Attachment, PackFile, Export):
        rows: Any = table._default_manager.filter(**same)
        found |= Q(Exists(rows))
    return found


def due_in(teams: Collection[UUID], kind: str = "") -> list[Due]:
    """At most 100 things, of one kind or of both, the longest due first; two queries."""
    now = timezone.now()
    datasets = due_datasets(teams, now)[:MOST_SHOWN] if kind != VERSIONS else ()
    versions = due_versions(teams, now)[:MOST_SHOWN] if kind != DATASETS else ()
    found: list[Due] = [
        *(Due(DATASETS, row, _since(row), row.team) for row in datasets),
        *(Due(VERSIONS, row, _since(row), row.model.team) for row in versions),
    ]
    return sorted(found, key=lambda due: (due.since, str(due.thing.pk)))[:MOST_SHOWN]


def _since(row: Any) -> datetime:
    moment: datetime = row.due_since
    return moment


def counts_in(teams: Collection[UUID]) -> dict[str, int]:
    """How many of each kind are due."""
    now = timezone.now()
    return {
        DATASETS: due_datasets(teams, now).count(),
        VERSIONS: due_versions(teams, now).count(),
    }


def counts_by_team(teams: Collection[UUID], now: datetime) -> dict[UUID, dict[str, int]]:
    """How many of each kind are due in each team in which anything is; two queries."""
    of_team: Any = due_datasets(teams, now).order_by().values_list("team")
    of_model: Any = due_versions(teams, now).order_by().values_list("model__team")
    counts: dict[UUID, dict[str, int]] = {}
    for kind, rows in ((DATASETS, of_team), (VERSIONS, of_model)):
        for team, number in rows.annotate(n=Count("pk")):
            counts.setdefault(team, dict.fromkeys(KINDS, 0))[kind] = number
    return counts


def remind() -> int:
    """Tell the log of each team in which something is due, once a week; returns of how many."""
    now = timezone.now()
    counts = counts_by_team(list(Team.objects.values_list("pk", flat=True)), now)
    told = _told(counts, now)
    return sum(_remind(team, counts[team], now) for team in sorted(set(counts) - told))


def _told(teams: Collection[UUID], now: datetime) -> set[UUID]:
    """The teams of which a reminder of the last week stands in the log."""
    rows = AuditEvent.objects.filter(
        action=Action.RETENTION_DUE.value,
        subject_type="team",
        subject_id__in=[str(team) for team in teams],
        occurred_at__gt=now - TOLD_EVERY,
    )
    return {UUID(key) for key in rows.values_list("subject_id", flat=True)}


@transaction.atomic
def _remind(team: UUID, counts: dict[str, int], now: datetime) -> bool:
    Team.objects.select_for_update(no_key=True).get(pk=team)
    if _told([team], now):
        return False
    record(actor=SYSTEM, action=Action.RETENTION_DUE, subject=("team", team), payload=counts)
    return True
