"""What keeps the files of versions: conditions, and a sentence for each, said once.

A deletion asks them of one version, before it is proposed and when it is done; the list of what
is due asks them of all versions in one query.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import (
    Case,
    CharField,
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
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Concat, Left

from audit.actions import Action
from audit.models import AuditEvent
from compliance.models import Export, PackFile
from compliance.retention.models import Kept
from compliance.retention.rules import revisions
from compliance.retention.selectors import holds_about
from governance.attachments.models import Attachment
from governance.models import Approval, EmergencyGrant, Review, ReviewState
from registry.models import Alias, Artifact, DatasetSnapshot, ModelVersion, Status

ARTIFACT, ATTACHMENT = "artifact", "attachment"

# A condition on a row, and an expression of what is said where it holds.
Reason = tuple[Any, Any]


@dataclass(frozen=True)
class Doomed:
    """A file that shall be deleted."""

    sha256: str
    size: int
    what: str

    def as_details(self) -> dict[str, object]:
        """As proposals and events name it."""
        return {"digest": f"sha256:{self.sha256}", "size": self.size, "what": self.what}


def files_of(version: ModelVersion, *, attachments: bool) -> list[Doomed]:
    """The files of a version that are there, each once, by digest; with those that were attached
    to comments, findings and answers about it, if wished."""
    found: dict[str, Doomed] = {}
    for what, rows in _files(version.pk, attachments).items():
        for row in rows:
            found.setdefault(row.blob_id, Doomed(row.blob_id, row.size, what))
    return [found[sha256] for sha256 in sorted(found)]


def why_kept(version: ModelVersion, *, attachments: bool, now: datetime) -> str:
    """Why nothing of the version may be deleted now; empty if it may."""
    rows = _dated(ModelVersion.objects.filter(pk=version.pk))
    # One after the other: most versions are kept by the first of them, which costs little to ask.
    asked = (
        why
        for when, said in _reasons(attachments, now)
        for why in rows.filter(when).values_list(said, flat=True)
    )
    return next(asked, "")


def why_all_kept(version: ModelVersion, now: datetime) -> str:
    """Why nothing of it may be deleted now, neither with its attached files nor without them."""
    why = why_kept(version, attachments=False, now=now)
    return why if why and why_kept(version, attachments=True, now=now) else ""


def kept_by_nothing(rows: QuerySet[ModelVersion], now: datetime) -> Any:
    """Those whose files, without the attached ones, may be deleted now; with `kept_until`."""
    return _dated(rows).exclude(_any(when for when, _ in _reasons(False, now)))


def _dated(rows: QuerySet[ModelVersion]) -> Any:
    """With `retired_at`, when the log says so, the last time, and `kept_until`; null: for ever."""
    told = AuditEvent.objects.filter(
        action=Action.VERSION_RETIRED.value,
        subject_type="version",
        subject_id=Cast(OuterRef("pk"), CharField()),
    ).order_by("-pk")
    rule = revisions(OuterRef("model__risk_tier"), OuterRef("kept_as"))
    answered = Q(Exists(_approvals())) | Q(Exists(_emergencies()))
    kind = Case(
        When(answered, then=Value(Kept.APPROVED.value)), default=Value(Kept.UNAPPROVED.value)
    )
    since = Case(When(kept_as=Kept.APPROVED, then=F("retired_at")), default=F("created_at"))
    day = Value(timedelta(days=1), output_field=DurationField())
    days = ExpressionWrapper(Subquery(rule.values("days")[:1]) * day, DurationField())
    found: Any = rows.annotate(retired_at=Subquery(told.values("occurred_at")[:1]), kept_as=kind)
    return found.annotate(kept_until=ExpressionWrapper(since + days, DateTimeField()))


def _reasons(attachments: bool, now: datetime) -> Iterator[Reason]:
    """What keeps a version that is dated; the first that holds is told."""
    holds = holds_about(OuterRef("pk"), OuterRef("model"))
    reference = Subquery(holds.values("reference")[:1])
    yield Exists(holds), _text("A legal hold is on it: ", reference, ".")
    yield from _in_use()
    yield from _by_rule(now)
    yield from _of_files(attachments)


def _in_use() -> Iterator[Reason]:
    retired = Q(status=Status.RETIRED, retired_at__isnull=False)
    yield ~retired, _text("Only files of a retired version are deleted; retire it first.")
    standing = Exists(_approvals().filter(revocation=None))
    pointing = Exists(Alias.objects.filter(version=OuterRef("pk")))
    yield standing | pointing, _text("It is approved, or an alias points at it.")
    open_states = (ReviewState.OPEN, ReviewState.QUORUM)
    reviews = Review.objects.filter(version=OuterRef("pk"), state__in=open_states)
    yield Exists(reviews), _text("A review of it is open.")
    unseen = Exists(_emergencies().filter(review=None))
    yield unseen, _text("It answered under an emergency grant that nobody has reviewed.")


def _approvals() -> QuerySet[Approval]:
    return Approval.objects.filter(version=OuterRef("pk"))


def _emergencies() -> QuerySet[EmergencyGrant]:
    """Grants under which it could answer without an approval."""
    return EmergencyGrant.objects.filter(version=OuterRef("pk"), attestation__isnull=False)


def _by_rule(now: datetime) -> Iterator[Reason]:
    day = Func(F("kept_until"), Value("YYYY-MM-DD"), function="to_char", output_field=TextField())
    yield Q(kept_until=None), _text("By the rules of retention it is kept for ever.")
    kept = Q(kept_until__gt=now)
    yield kept, _text("By the rules of retention it is kept until ", day, ".")


def _of_files(attachments: bool) -> Iterator[Reason]:
    tables = _files(OuterRef("pk"), attachments).values()
    yield ~_any(map(Exists, tables)), _text("There is no file of it that could be deleted.")
    others = list(_others(OuterRef(OuterRef("pk")), attachments))
    shared = [rows.filter(_any(when for when, _ in others)).order_by("blob") for rows in tables]
    told = [Subquery(rows.values_list(_first(others))[:1]) for rows in shared]
    # PostgreSQL's LEAST leaves nulls out: the first digest of both tables, or of one.
    first = Func(*told, function="LEAST", output_field=TextField())
    yield _any(map(Exists, shared)), first


def _files(version: Any, attachments: bool) -> dict[str, QuerySet[Any]]:
    """The files of a version, or of the row around a subquery, that are there."""
    tables: dict[str, QuerySet[Any]] = {ARTIFACT: Artifact.objects.filter(version=version)}
    if attachments:
        tables[ATTACHMENT] = Attachment.objects.filter(_about(version))
    return {what: rows.filter(blob__tombstone=None) for what, rows in tables.items()}


def _about(version: Any) -> Q:
    return (
        Q(comment__review__version=version)
        | Q(finding__version=version)
        | Q(answer__finding__version=version)
    )


def _others(version: Any, attachments: bool) -> Iterator[Reason]:
    """What else has the bytes of a file of the version."""
    attached = Attachment.objects.all()
    uses: dict[str, QuerySet[Any]] = {
        "part of another version": Artifact.objects.exclude(version=version),
        "a dataset snapshot": DatasetSnapshot.objects.all(),
        "attached to a comment, a finding or an answer": (
            attached.exclude(_about(version)) if attachments else attached
        ),
        "a pack": PackFile.objects.all(),
        "an export": Export.objects.all(),
    }
    for what, rows in uses.items():
        found = Exists(rows.filter(blob=OuterRef("blob")))
        yield found, _text("sha256:", Left("blob_id", 12), f"… is also {what}.")


def _text(*parts: Any) -> Any:
    """Of literal text and expressions."""
    said = [Value(part) if isinstance(part, str) else part for part in parts]
    return Concat(*said, output_field=TextField()) if said[1:] else said[0]


def _first(reasons: Iterable[Reason]) -> Case:
    """What is said by the first condition that holds; empty where none does."""
    cases = [When(when, then=said) for when, said in reasons]
    return Case(*cases, default=Value(""), output_field=TextField())


def _any(conditions: Iterable[Any]) -> Q:
    return reduce(or_, map(Q, conditions))
