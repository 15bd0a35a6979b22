"""Sources: where versions were released, loaded and asked, and what the log holds of them."""

from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from accounts.models import User
from audit.actions import Action
from audit.models import AuditEvent
from audit.selectors import about_any
from compliance.packs import words
from compliance.packs.covered import Covered
from compliance.packs.found import Cell, Found, Table, lacking, measured
from compliance.packs.listed import MOST_ROWS, listed
from compliance.packs.telling import digest_of_event, telling
from governance.splits.models import SplitMove
from inference.models import Prediction
from registry.models import AliasMove, Hosting, ModelVersion
from trust.times import format_moment

_LOADS = (
    Action.MODEL_LOADED,
    Action.LOAD_REFUSED,
    Action.EMERGENCY_LOADED,
    Action.EMERGENCY_LOAD_REFUSED,
)


def moves(covered: Covered) -> Found | None:
    """The moves of aliases to and from the versions, newest first."""
    touched = Q(from_version__in=covered.versions) | Q(to_version__in=covered.versions)
    rows = AliasMove.objects.filter(touched).select_related(
        "by__person", "from_version__model", "to_version__model"
    )
    found = listed(
        covered.within(rows, "at").order_by("-at", "pk"),
        ("alias", "from version", "to version", "at", "by", "reason"),
        lambda row: (
            row.alias,
            _number(covered, row.from_version),
            _number(covered, row.to_version),
            format_moment(row.at),
            row.by.person.name,
            row.reason,
        ),
        lambda row: "",
        nothing="No alias was moved to or from here.",
        witness=covered.witness,
    )
    if found is None or not isinstance(found.value, Table):
        return found
    told = _events(covered).filter(action=Action.ALIAS_MOVED.value).first()
    return measured(found.value, *telling(told))


def shares(covered: Covered) -> Found | None:
    """The shares of aliases' calls that challengers were given, and how they ended, newest first.

    The versions are the challengers or the holders beside them."""
    touched = Q(version__in=covered.versions) | Q(holder__in=covered.versions)
    rows = SplitMove.objects.filter(touched).select_related(
        "by__person", "holder__model", "version__model"
    )
    found = listed(
        covered.within(rows, "at").order_by("-at", "pk"),
        ("alias", "challenger", "beside version", "percent", "at", "by", "why", "reason"),
        lambda row: (
            row.alias,
            _number(covered, row.version),
            _number(covered, row.holder),
            row.percent,
            format_moment(row.at),
            row.by.person.name if row.by else "the clock",
            row.cause,
            row.reason,
        ),
        lambda row: "",
        nothing="No challenger was given a share of an alias's calls here.",
        witness=covered.witness,
    )
    if found is None or not isinstance(found.value, Table):
        return found
    acts = (Action.ALIAS_SPLIT.value, Action.SPLIT_ENDED.value)
    return measured(found.value, *telling(_events(covered).filter(action__in=acts).first()))


def _number(covered: Covered, version: ModelVersion | None) -> Cell:
    if version is None:
        return None
    return covered.named(version)[0] if covered.names else version.number


def _events(covered: Covered) -> QuerySet[AuditEvent]:
    rows = about_any(covered.things)
    return covered.within(rows, "occurred_at")


def loads(covered: Covered) -> Found | None:
    """When serving processes said that they had checked and loaded a version, or refused to."""
    rows = _events(covered).filter(action__in=[act.value for act in _LOADS])
    loaded = ModelVersion.objects.filter(pk__in=_subjects(rows)).select_related("model")
    versions = {str(one.pk): one for one in loaded.defer("manifest")}
    return listed(
        rows,
        (*covered.names, "event", "at", "under"),
        lambda row: (
            *covered.named(versions[row.subject_id]),
            words.event(row.action),
            format_moment(row.occurred_at),
            str(row.payload.get("approval", row.payload.get("emergency", ""))),
        ),
        digest_of_event,
        nothing="",
    ) or _elsewhere(covered)


def _elsewhere(covered: Covered) -> Found | None:
    """Why nothing was loaded or answered, of models that run in other places."""
    entries = covered.shelf.entries
    hosting = {entries[key].hosting if key in entries else None for key in covered.shelf.keys}
    if hosting != {Hosting.INVENTORY}:
        return None
    return lacking("not served here by its entry in the register; it is known where it runs")


def _subjects(rows: QuerySet[AuditEvent]) -> set[str]:
    return set(rows.order_by().values_list("subject_id", flat=True).distinct())


def records(covered: Covered) -> QuerySet[Prediction]:
    """The recorded answers of the versions."""
    rows = Prediction.objects.filter(model_id__in=covered.models.values("pk"))
    only = covered.only_version
    return covered.within(rows.filter(number=only.number) if only else rows, "at")


def predictions(covered: Covered) -> Found | None:
    """How many answered requests are recorded, by version: first and last."""
    rows = records(covered)
    counted = list(
        rows.order_by("model_id", "number")
        .values_list("model_id", "number")
        .annotate(requests=Count("pk"), asked=Sum("rows"), first=Min("at"), last=Max("at"))
    )
    newest = rows.select_related("batch").order_by("-at").first()
    if newest is None:
        return _elsewhere(covered)
    names = dict(covered.models.values_list("pk", "name"))
    lines = [
        (f"{names[model]} v{number}", requests, asked, format_moment(first), format_moment(last))
        for model, number, requests, asked, first, last in counted[:MOST_ROWS]
    ]
    columns = ("version", "recorded requests", "rows", "first", "last")
    table = Table(columns, lines, max(len(counted) - MOST_ROWS, 0))
    return measured(table, f"sha256:{newest.batch.digest}")


def callers(covered: Covered) -> Found | None:
    """Who asked, by login: how often, first and last."""
    rows = records(covered)
    counted = list(
        rows.order_by("user_id")
        .values_list("user_id")
        .annotate(requests=Count("pk"), first=Min("at"), last=Max("at"))
    )
    newest = rows.select_related("batch").order_by("-at").first()
    if newest is None:
        return _elsewhere(covered)
    users = User.objects.filter(pk__in=[user for user, *_ in counted if user])
    names = {
        user.pk: f"{user.person.name} ({user.username})" for user in users.select_related("person")
    }
    lines = [
        (names.get(user, "nobody known"), requests, format_moment(first), format_moment(last))
        for user, requests, first, last in counted[:MOST_ROWS]
    ]
    table = Table(
        ("caller", "recorded requests", "first", "last"),
        lines,
        max(len(counted) - MOST_ROWS, 0),
    )
    return measured(table, f"sha256:{newest.batch.digest}")


def checkpoint(covered: Covered) -> Found | None:
    """The newest signed head of the log, with its witnesses."""
    head = covered.checkpoint
    if head is None:
        return None
    rows: list[tuple[str, Cell]] = [
        ("events", head.size),
        ("root, SHA-256", bytes(head.root).hex()),
        ("signed", format_moment(head.signed_at)),
        *(("witness", given.witness) for given in head.cosignatures.order_by("witness")),
    ]
    return measured(Table(("what", "value"), rows), *covered.witness)


def events(covered: Covered) -> Found | None:
    """What the log holds about it: how often each kind of event, and when last."""
    told = _events(covered)
    counted = (
        told.order_by("action")
        .values_list("action")
        .annotate(times=Count("pk"), last=Max("occurred_at"))
    )
    rows = [
        (words.event(action), action, times, format_moment(last)) for action, times, last in counted
    ]
    table = Table(("event", "name in the log", "times", "last"), rows)
    return measured(table, *telling(told.first())) if rows else None


SOURCES = {
    "alias.moves": moves,
    "alias.shares": shares,
    "serving.loads": loads,
    "serving.predictions": predictions,
    "serving.callers": callers,
    "log.checkpoint": checkpoint,
    "log.events": events,
}
