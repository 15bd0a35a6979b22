"""What depends on the rows of a snapshot, and what keeps them: shown before they are deleted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import CharField, Exists, F, Func, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.utils import timezone

from compliance.retention.models import Held, LegalHold
from compliance.retention.selectors import holds, in_force
from evaluation.models import EvaluationPlan, EvaluationRun
from governance.models import Approval, Review, ReviewState
from registry.models import DatasetSnapshot, ModelVersion, Status

MOST_NAMED = 200


@dataclass(frozen=True)
class Dependents:
    """At most 200 of each kind, the newest first; `until` None is for ever."""

    versions: list[ModelVersion]
    approvals: list[Approval]
    reviews: list[Review]
    plans: list[EvaluationPlan]
    holds: list[LegalHold]
    snapshots: list[DatasetSnapshot]
    until: datetime | None
    kept_by: str

    @property
    def why(self) -> str:
        """Why the rows stay now; empty if they may go."""
        if self.kept_by == "rule":
            return (
                f"By the rules of retention they are kept until {self.until:%Y-%m-%d}."
                if self.until
                else "By the rules of retention they are kept for ever."
            )
        return _WHY[self.kept_by] % {
            "hold": ", ".join(row.reference for row in self.holds),
            "reviews": ", ".join(str(row.version) for row in self.reviews),
            "plans": ", ".join(str(row.version) for row in self.plans),
        }


_WHY = {
    "": "",
    "deleted": "They were deleted already.",
    "held": "A legal hold is on them, or on a model or version that used them: %(hold)s.",
    "review": "A review of a version that used them is open: %(reviews)s.",
    "plan": "A plan that names them was not measured yet: %(plans)s.",
    "job": "A job that reads them has not ended.",
    "shared": "The same bytes are also a file, an attachment, or a snapshot of another team.",
}


def with_keeper(rows: QuerySet[DatasetSnapshot], now: datetime) -> QuerySet[DatasetSnapshot]:
    """With `kept_by`: the word for what keeps the rows of each at that moment; empty if nothing."""
    return rows.annotate(kept_by=_keeper(now))


def _keeper(now: datetime) -> Func:
    return Func(F("pk"), Value(now), function="assay_dataset_kept_by", output_field=CharField())


def dependents_of(dataset: DatasetSnapshot) -> Dependents:
    """What depends on the bytes of the snapshot, under whatever name."""
    digest, rows = dataset.blob_id, DatasetSnapshot.objects
    versions = _versions_on(digest)
    standing = Approval.objects.filter(version__in=versions, revocation=None)
    return Dependents(
        versions=list(versions.select_related("model").defer("manifest")[:MOST_NAMED]),
        approvals=list(
            standing.select_related("version__model")
            .defer("envelope", "version__manifest")
            .order_by("-issued_at", "pk")[:MOST_NAMED]
        ),
        reviews=list(
            Review.objects.filter(
                version__in=versions, state__in=(ReviewState.OPEN, ReviewState.QUORUM)
            )
            .select_related("version__model")
            .defer("statement", "version__manifest")[:MOST_NAMED]
        ),
        plans=list(_open_plans(digest)[:MOST_NAMED]),
        holds=list(_holds_on(digest, versions)[:MOST_NAMED]),
        snapshots=list(rows.filter(blob=digest, team=dataset.team_id).order_by("pk")),
        until=_kept_until(digest),
        kept_by=rows.filter(pk=dataset.pk).values_list(_keeper(timezone.now()), flat=True)[0],
    )


def _versions_on(digest: str) -> QuerySet[ModelVersion]:
    """Newest first."""
    found: Any = RawSQL("SELECT assay_versions_on_rows(%s)", [digest])
    return ModelVersion.objects.filter(pk__in=found).order_by("-created_at", "pk")


def _open_plans(digest: str) -> QuerySet[EvaluationPlan]:
    measured = EvaluationRun.objects.filter(plan=OuterRef("pk"), report__isnull=False)
    rows = EvaluationPlan.objects.filter(~Exists(measured), dataset__blob=digest)
    rows = rows.filter(superseded_by=None).exclude(
        version__status__in=(Status.RETIRED, Status.QUARANTINED)
    )
    return rows.select_related("version__model").defer("version__manifest").order_by("-sealed_at")


def _holds_on(digest: str, versions: QuerySet[ModelVersion]) -> QuerySet[LegalHold]:
    models: Any = RawSQL("SELECT assay_models_on_rows(%s)", [digest])
    return in_force(holds()).filter(
        Q(dataset__blob=digest)
        | Q(version__in=versions.values("pk"))
        | Q(kind=Held.MODEL, model__in=models)
    )


def _kept_until(digest: str) -> datetime | None:
    """None is for ever; PostgreSQL's infinity is no moment of Python."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nullif(assay_rows_kept_until(%s), 'infinity'::timestamptz)", [digest]
        )
        (found,) = cursor.fetchone()
    return found if isinstance(found, datetime) else None
