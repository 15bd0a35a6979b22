"""Sources: how long what is kept, since when it is, what was deleted, what nobody may delete."""

from collections.abc import Iterable, Iterator

from django.db.models import Q, QuerySet

from accounts.selectors import persons_named
from audit.actions import Action
from audit.models import AuditEvent
from audit.selectors import about_any
from compliance.packs.covered import Covered
from compliance.packs.found import Cell, Found, Table, measured
from compliance.packs.listed import listed
from compliance.packs.telling import digest_of_event, telling
from compliance.retention.models import Held, Kept, LegalHold, RetentionRule
from compliance.retention.selectors import holds as all_holds
from inference.models import Prediction
from trust.times import format_moment

_FOR_EVER = "for ever"
_KEPT = {
    Kept.UNAPPROVED: "files of versions that were never approved",
    Kept.APPROVED: "files of versions that were approved once",
    Kept.PREDICTIONS: "inputs and outputs of prediction records",
    Kept.DATASETS: "rows of dataset snapshots",
}
"""In the language of packs, which is English whoever asks."""
_DELETIONS = (Action.BYTES_DELETED.value, Action.PREDICTIONS_EMPTIED.value)


def rule(covered: Covered) -> Found | None:
    """For how many days at least what is kept, by the rules of the models' tiers at the time.

    Where there is no rule nothing can be deleted; the log shows that no rule was made.
    """
    tiers = sorted(set(covered.models.values_list("risk_tier", flat=True)))
    held = list(_rules(tiers, covered))
    proofs = [f"sha256:{row.proposal.digest}" for row in held]
    if not tiers or not (proofs or covered.witness):
        return None
    found = {(row.tier, row.kind): row for row in held}
    rows = [_rule(tier, kind, found.get((tier, kind.value))) for tier in tiers for kind in Kept]
    rows.append(("every", "events of the log", _FOR_EVER, None, None))
    columns = ("tier", "kept", "days at least", "revision", "since")
    return measured(Table(columns, rows), *proofs, *covered.witness)


def _rules(tiers: Iterable[str], covered: Covered) -> QuerySet[RetentionRule]:
    """The newest revision of each, as it was at the moment at which states are told."""
    rows = RetentionRule.objects.filter(tier__in=tiers, at__lte=covered.at)
    return (
        rows.select_related("proposal")
        .order_by("tier", "kind", "-revision")
        .distinct("tier", "kind")
    )


def _rule(tier: str, kind: Kept, row: RetentionRule | None) -> tuple[Cell, ...]:
    if row is None:
        return (tier, _KEPT[kind], f"{_FOR_EVER}, there is no rule", None, None)
    days = _FOR_EVER if row.days is None else row.days
    return (tier, _KEPT[kind], days, row.revision, format_moment(row.at))


def kept_since(covered: Covered) -> Found | None:
    """The oldest event and the oldest recorded answer that are kept."""
    first = about_any(covered.things).order_by("id").first()
    if first is None:
        return None
    answers = Prediction.objects.filter(model_id__in=covered.models.values("pk"))
    if covered.only_version:
        answers = answers.filter(number=covered.only_version.number)
    oldest = answers.order_by("at").values_list("at", flat=True).first()
    rows: list[tuple[str, Cell]] = [
        ("events since", format_moment(first.occurred_at)),
        ("recorded answers since", format_moment(oldest) if oldest else "no answer is recorded"),
        ("days of events", (covered.now - first.occurred_at).days),
    ]
    return measured(Table(("what", "value"), rows), *telling(first))


def deletions(covered: Covered) -> Found | None:
    """Files of versions, rows that versions used, and inputs and outputs of answers, that two
    persons had deleted."""
    models = {str(key): name for key, name in covered.models.values_list("pk", "name")}
    told = about_any([("model", key) for key in models]).filter(action__in=_DELETIONS)
    only = covered.only_version
    if only:
        of_it = Q(related__contains=[f"version:{only.pk}"])
        told = told.exclude(~of_it, action=Action.BYTES_DELETED.value)
    shown = covered.within(told, "occurred_at")
    names = persons_named(shown.order_by().values_list("person_id", flat=True).distinct())
    return listed(
        shown,
        ("deleted", "of", "at", "confirmed by", "proposal"),
        lambda event: (
            _deleted(event),
            ", ".join(sorted(_models_of(event, models))),
            format_moment(event.occurred_at),
            names.get(event.person_id, "") if event.person_id else "",
            event.payload["proposal"],
        ),
        digest_of_event,
        nothing="Nothing was deleted.",
        witness=covered.witness,
    )


def _deleted(event: AuditEvent) -> str:
    if event.subject_type == "dataset":
        return "rows of a dataset snapshot"
    if event.action == Action.BYTES_DELETED.value:
        return f"{len(event.payload['files'])} files of a version"
    return f"inputs and outputs of {event.payload['count']} answers"


def _models_of(event: AuditEvent, models: dict[str, str]) -> Iterator[str]:
    for thing in event.related:
        kind, _, key = thing.partition(":")
        if kind == "model" and key in models:
            yield models[key]


def holds(covered: Covered) -> Found | None:
    """Legal holds that were in force: nothing of what they are on can be deleted."""
    rows = all_holds().filter(
        Q(lift=None) | Q(lift__at__gt=covered.at), model__in=covered.models, at__lte=covered.at
    )
    if covered.only_version:
        rows = rows.filter(~Q(kind=Held.VERSION) | Q(version=covered.only_version))
    return listed(
        rows,
        ("on", "reference", "placed", "by", "from", "before"),
        lambda row: (
            _held(row),
            row.reference,
            format_moment(row.at),
            row.person.name,
            format_moment(row.since) if row.since else None,
            format_moment(row.until) if row.until else None,
        ),
        lambda row: f"sha256:{row.digest}",
        nothing="No legal hold is in force.",
        witness=covered.witness,
    )


def _held(row: LegalHold) -> str:
    if row.version:
        return str(row.version)
    return f"predictions of {row.model}" if row.kind == Held.PREDICTIONS else str(row.model)


SOURCES = {
    "retention.rule": rule,
    "retention.kept_since": kept_since,
    "retention.deletions": deletions,
    "retention.holds": holds,
}
