"""Every decision that used some rows: by their digest, whatever the snapshot was called."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import (
    BooleanField,
    CharField,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
)
from django.db.models.functions import Cast

from accounts.callers import Caller
from common.errors import Invalid, NotFound
from compliance.past.reach import teams_in_reach, within
from evaluation.models import EvaluationPlan, EvaluationRun, ExplanationRun
from governance.models import Approval, Review
from registry.models import DatasetSnapshot, ModelVersion
from training.models import CompressionRun, TrainingRun

KINDS = (
    "registered",
    "training",
    "compression",
    "plan",
    "evaluation",
    "explanation",
    "review",
    "approval",
)
Teams = set[UUID] | None
Key = tuple[datetime, str]


@dataclass(frozen=True)
class Used:
    """One decision: `how` names the parts of the rows in it, such as `train` or `measured`."""

    kind: str
    row: Any
    at: datetime
    version: ModelVersion | None
    how: tuple[str, ...]

    @property
    def key(self) -> Key:
        """Its place in the list, newest first."""
        return self.at, f"{self.kind}:{self.row.pk}"

    @property
    def by(self) -> str | None:
        """Who asked for it, sealed it or opened it; None for the notary."""
        user = next((found for name in _BY if (found := getattr(self.row, name, None))), None)
        return str(user.person.name) if user else None

    @property
    def digest(self) -> str | None:
        """`sha256:<hex>` of its report, plan, statement or envelope; None while there is none."""
        row = self.row
        found = {
            "registered": lambda: row.blob_id,
            "training": lambda: row.version and row.version.digest,
            "compression": lambda: row.version and row.version.digest,
            "plan": lambda: row.document.digest,
            "evaluation": lambda: row.report and row.report.digest,
            "explanation": lambda: row.report and row.report.digest,
            "review": lambda: row.statement_digest,
            "approval": lambda: row.envelope_digest,
        }[self.kind]()
        return f"sha256:{found}" if found else None


_BY = ("created_by", "requested_by", "sealed_by", "opened_by")


class _Holds(Func):
    """Whether canonical JSON, as bytes, holds a text, such as a digest."""

    template = "(position(convert_to(%(expressions)s) > 0)"
    arg_joiner = ", 'UTF8') IN "
    output_field = BooleanField()


def read_digest(text: str) -> str:
    """The hex of `sha256:<hex>` or of bare hex. Raises Invalid."""
    found = text.strip().lower().removeprefix("sha256:")
    if len(found) != 64 or set(found) - set("0123456789abcdef"):
        raise Invalid("Write a digest as sha256: and 64 hexadecimal digits.", field="digest")
    return found


def write_place(key: Key) -> str:
    """A place in the list as text."""
    return f"{key[0].isoformat()}~{key[1]}"


def read_place(text: str, field: str) -> Key:
    """The place that such a text names. Raises Invalid."""
    moment, _, key = text.partition("~")
    kind, _, row = key.partition(":")
    try:
        at = datetime.fromisoformat(moment)
        if at.tzinfo is None or kind not in KINDS:
            raise ValueError(text)
        return at, f"{kind}:{UUID(row)}"
    except (ValueError, OverflowError):
        raise Invalid("This page does not exist; begin at the first one.", field=field) from None


def snapshots_of(caller: Caller, digest: str) -> list[DatasetSnapshot]:
    """The snapshots of these rows that the caller's part of the log tells of, oldest first.

    Raises NotFound where there is none, NotAllowed.
    """
    rows = DatasetSnapshot.objects.filter(blob=digest).select_related(
        "team", "created_by__person", "blob__tombstone"
    )
    found = list(within(rows, teams_in_reach(caller), "team").order_by("created_at", "pk"))
    if not found:
        raise NotFound("There is no dataset of this digest that you may see.", field="digest")
    return found


def decisions_on(
    caller: Caller, digest: str, *, after: Key | None = None, size: int = 50
) -> list[Used]:
    """At most `size` decisions beyond a place, newest first.

    Each kind gives no more rows than are shown, so the work does not grow with the history.
    Raises NotAllowed.
    """
    teams = teams_in_reach(caller)
    trained = _trained_on(digest)
    found: list[Used] = []
    for kind, (rows, moment) in _sources(digest, trained).items():
        team = "team" if kind == "registered" else _TEAM[kind]
        found += [
            Used(kind, row, getattr(row, moment), _version_of(kind, row), ())
            for row in _page(kind, within(rows, teams, team), moment, after, size)
        ]
    found.sort(key=lambda used: (-used.at.timestamp(), used.key[1]))
    return [replace(used, how=_how(used.kind, used.row, digest, trained)) for used in found[:size]]


_TEAM = {
    "training": "model__team",
    "compression": "parent__model__team",
    **dict.fromkeys(
        ("plan", "evaluation", "explanation", "review", "approval"), "version__model__team"
    ),
}


def _sources(digest: str, trained: set[UUID]) -> dict[str, tuple[QuerySet[Any], str]]:
    """The rows of each kind and the field of their moment."""
    resting = Q(is_measured=True) | Q(version__in=trained)
    reviews = Review.objects.annotate(is_measured=_named_in("statement", digest))
    approvals = Approval.objects.annotate(is_measured=_named_in("review__statement", digest))
    return {
        "registered": (DatasetSnapshot.objects.filter(blob=digest), "created_at"),
        "training": (
            TrainingRun.objects.filter(Q(dataset__blob=digest) | Q(validation__blob=digest)),
            "created_at",
        ),
        "compression": (
            CompressionRun.objects.filter(Q(calibration__blob=digest) | Q(holdout__blob=digest)),
            "created_at",
        ),
        "plan": (EvaluationPlan.objects.filter(dataset__blob=digest), "sealed_at"),
        "evaluation": (EvaluationRun.objects.filter(dataset__blob=digest), "created_at"),
        "explanation": (ExplanationRun.objects.filter(dataset__blob=digest), "created_at"),
        "review": (reviews.filter(resting), "opened_at"),
        "approval": (approvals.filter(resting), "issued_at"),
    }


def _named_in(statement: str, digest: str) -> Q:
    """Whether a statement names a report of the version that was made on the rows."""
    named = _Holds(F("report__digest"), OuterRef(statement))
    measured, explained = (
        Exists(
            table.objects.filter(version=OuterRef("version"), dataset__blob=digest)
            .annotate(is_named=named)
            .filter(is_named=True)
        )
        for table in (EvaluationRun, ExplanationRun)
    )
    return Q(measured) | Q(explained)


def _trained_on(digest: str) -> set[UUID]:
    """Versions that learned from the rows, and what was compressed from these, to the last."""
    runs = TrainingRun.objects.filter(Q(dataset__blob=digest) | Q(validation__blob=digest))
    squeezed = CompressionRun.objects.filter(calibration__blob=digest)
    found = {
        key for rows in (runs, squeezed) for key in rows.values_list("version", flat=True) if key
    }
    young = found
    while young:
        children = ModelVersion.objects.filter(parent__in=young).values_list("pk", flat=True)
        young = set(children) - found
        found |= young
    return found


def _page(
    kind: str, rows: QuerySet[Any], moment: str, after: Key | None, size: int
) -> QuerySet[Any]:
    rows = rows.annotate(place=Cast("pk", CharField()))
    if after:
        at, place = after
        beyond = Q(**{f"{moment}__lt": at})
        later_kind, _, key = place.partition(":")
        if kind == later_kind:
            beyond |= Q(**{moment: at}, place__gt=key)
        elif kind > later_kind:
            beyond |= Q(**{moment: at})
        rows = rows.filter(beyond)
    rows = rows.select_related(*_BESIDE[kind]).defer(*_HEAVY.get(kind, ()))
    return rows.order_by(f"-{moment}", "place")[:size]


_OF_VERSION = ("version__model",)
_BESIDE = {
    "registered": ("team", "created_by__person"),
    "training": ("version__model", "model", "dataset", "validation", "requested_by__person"),
    "compression": (
        "version__model",
        "parent__model",
        "calibration",
        "holdout",
        "requested_by__person",
    ),
    "plan": (*_OF_VERSION, "document", "sealed_by__person"),
    "evaluation": (*_OF_VERSION, "report", "requested_by__person"),
    "explanation": (*_OF_VERSION, "report", "requested_by__person"),
    "review": (*_OF_VERSION, "opened_by__person", "policy"),
    "approval": (*_OF_VERSION, "review__policy"),
}
_HEAVY = {
    "training": ("version__manifest", "history"),
    "plan": ("document__body", "version__manifest"),
    "evaluation": ("report__body", "version__manifest"),
    "explanation": ("report__body", "version__manifest"),
    "review": ("statement", "version__manifest"),
    "approval": ("envelope", "review__statement", "version__manifest"),
}


def _version_of(kind: str, row: Any) -> ModelVersion | None:
    found: ModelVersion | None = getattr(row, "version", None)
    return found or (row.parent if kind == "compression" else None)


def _how(kind: str, row: Any, digest: str, trained: set[UUID]) -> tuple[str, ...]:
    """In which part the rows stand in the decision."""
    if kind == "registered":
        return (row.split,)
    if kind in ("training", "compression"):
        parts = ("dataset", "validation", "calibration", "holdout")
        return tuple(
            part
            for part in parts
            if (snapshot := getattr(row, part, None)) and snapshot.blob_id == digest
        )
    if kind in ("review", "approval"):
        learned = ("trained",) if row.version_id in trained else ()
        return (*learned, *(("measured",) if row.is_measured else ()))
    return ("explained",) if kind == "explanation" else ("measured",)
