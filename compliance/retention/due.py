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
from django.db.models import Count, DateTimeField, Exists, F, Func, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import Team
from audit.actions import Action
from audit.actors import SYSTEM
from audit.models import AuditEvent
from audit.services import record
from compliance.retention.dependents import with_keeper
from compliance.retention.kept import kept_by_nothing
from registry.models import DatasetSnapshot, ModelVersion
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
    rows = kept_by_nothing(ModelVersion.objects.filter(model__team__in=teams), now)
    rows = rows.annotate(due_since=F("kept_until")).order_by("due_since", "pk")
    versions: QuerySet[ModelVersion] = rows.select_related("model__team").defer("manifest")
    return versions


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
