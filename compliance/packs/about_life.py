"""Sources: who approved, what followed, what the log holds."""

from hashlib import sha256

from django.db.models import Count, Max, Min

from audit.actions import Action
from audit.models import AuditEvent
from audit.selectors import about
from compliance.packs.found import Cell, Found, Table, measured
from compliance.packs.subject import Subject
from governance.approvals.answering import Answering
from governance.models import Review, Revocation
from inference.models import Prediction
from registry.models import AliasMove
from trust.times import format_moment

MOST_ROWS = 100


def approval(subject: Subject) -> Found | None:
    """The approval that the gate goes by, and whether it holds now."""
    given = subject.approval
    if given is None:
        return None
    state, reason = subject.standing
    holds = state == Answering.LIVE
    rows: list[tuple[str, Cell]] = [
        ("approval", str(given.pk)),
        ("issued", format_moment(given.issued_at)),
        ("valid until", format_moment(given.not_after)),
        ("holds now", holds),
        *([] if holds else [("why not", reason)]),
    ]
    if subject.statement:
        rows += [
            (f"scope: {name}", ", ".join(map(str, part)) if isinstance(part, list) else str(part))
            for name, part in subject.statement["scope"].items()
        ]
        rows.append(("grace without database, s", subject.statement["outage_grace_s"]))
    return measured(Table(("what", "value"), rows), f"sha256:{given.envelope_digest}")


def next_validation(subject: Subject) -> Found | None:
    """When the approval ends, and so the version has to be looked at again."""
    if subject.approval is None or subject.standing[0] != Answering.LIVE:
        return None
    given = subject.approval
    return measured(format_moment(given.not_after), f"sha256:{given.envelope_digest}")


def signatures(subject: Subject) -> Found | None:
    """Who signed: printed name, role, meaning, moment, method, reason."""
    if subject.behind is None or not subject.behind.signatures:
        return None
    rows = [
        (
            said.row.printed_name,
            said.row.role,
            said.meaning,
            format_moment(said.row.at),
            said.method,
            said.row.reason,
            f"sha256:{said.row.digest}",
        )
        for said in subject.behind.signatures
    ]
    columns = ("printed name", "role", "meaning", "signed at", "method", "reason", "record")
    digests = [f"sha256:{said.row.digest}" for said in subject.behind.signatures]
    return measured(Table(columns, rows), *digests)


def independence(subject: Subject) -> Found | None:
    """That no signer had a hand in the version."""
    if subject.behind is None or not subject.behind.signatures or subject.review is None:
        return None
    signers = {said.row.person_id for said in subject.behind.signatures}
    hands = set(subject.version.contributors.values_list("person_id", flat=True))
    rows: list[tuple[str, Cell]] = [
        ("signers", len(signers)),
        ("contributors", len(hands)),
        ("signers who are contributors", len(signers & hands)),
    ]
    table = Table(("what", "persons"), rows)
    return measured(table, f"sha256:{subject.review.statement_digest}")


def policy(subject: Subject) -> Found | None:
    """The policy revision of the review, and what it wants."""
    if subject.review is None:
        return None
    row = subject.review.policy
    wants = row.document
    rows: list[tuple[str, Cell]] = [
        ("policy", row.name),
        ("revision", row.revision),
        ("risk tier", row.tier),
        ("signers", wants["signers"]["count"]),
        ("roles that sign", ", ".join(wants["signers"]["roles"])),
        ("evidence", ", ".join(wants["evidence"])),
        ("validity, days", wants["validity_days"]),
    ]
    rows += [
        (f"limit: {floor['metric']}", f"{floor['limit']} ({floor['bound']})")
        for floor in wants["metrics"]
    ]
    return measured(Table(("what", "value"), rows), f"sha256:{row.digest}")


def waivers(subject: Subject) -> Found | None:
    """What was waived for the approval, by whom, until when."""
    if subject.behind is None or subject.review is None:
        return None
    if not subject.behind.waivers:
        return measured("No gate was waived.", f"sha256:{subject.review.statement_digest}")
    rows = []
    for said in subject.behind.waivers:
        end = str(said.record.get("not_after", ""))
        rows.append((str(said.record.get("gate", "")), said.row.printed_name, said.row.reason, end))
    digests = [f"sha256:{said.row.digest}" for said in subject.behind.waivers]
    return measured(Table(("gate", "printed name", "reason", "until"), rows), *digests)


def revocations(subject: Subject) -> Found | None:
    """Approvals of the version that were ended before their time."""
    if subject.approval is None:
        return None
    found = Revocation.objects.filter(approval__version=subject.version).select_related(
        "by__person"
    )
    rows = [
        (
            str(row.approval_id),
            format_moment(row.at),
            row.by.person.name if row.by else "",
            row.reason,
        )
        for row in found.order_by("at")
    ]
    digest = f"sha256:{subject.approval.envelope_digest}"
    if not rows:
        return measured("No approval of this version was revoked.", digest)
    return measured(Table(("approval", "at", "by", "reason"), rows), digest)


def reviews(subject: Subject) -> Found | None:
    """The reviews of the version: who opened them, what became of them, how much was said."""
    found = (
        Review.objects.filter(version=subject.version)
        .select_related("opened_by__person", "policy")
        .annotate(said=Count("comments", distinct=True), signed=Count("signatures", distinct=True))
        .order_by("-opened_at")[:MOST_ROWS]
    )
    rows = [
        (
            format_moment(row.opened_at),
            row.opened_by.person.name,
            row.state,
            row.signed,
            row.said,
            f"sha256:{row.statement_digest}",
        )
        for row in found
    ]
    columns = ("opened", "by", "state", "signatures", "comments", "statement")
    return measured(Table(columns, rows), *(row[-1] for row in rows)) if rows else None


def moves(subject: Subject) -> Found | None:
    """The moves of aliases to and from the version."""
    found = AliasMove.objects.filter(model=subject.model).select_related(
        "by__person", "from_version", "to_version"
    )
    rows = [
        (
            row.alias,
            row.from_version.number if row.from_version else None,
            row.to_version.number if row.to_version else None,
            format_moment(row.at),
            row.by.person.name,
            row.reason,
        )
        for row in found.order_by("-at")[:MOST_ROWS]
    ]
    told = about("model", subject.model.pk).filter(action=Action.ALIAS_MOVED.value).first()
    columns = ("alias", "from version", "to version", "at", "by", "reason")
    return measured(Table(columns, rows), *_telling(told)) if rows else None


def _telling(event: AuditEvent | None) -> tuple[str, ...]:
    """The digest of an event's canonical bytes."""
    return (f"sha256:{sha256(bytes(event.leaf)).hexdigest()}",) if event else ()


def loads(subject: Subject) -> Found | None:
    """When serving processes said that they had checked and loaded the version."""
    found = about("version", subject.version.pk).filter(
        action__in=(Action.MODEL_LOADED.value, Action.LOAD_REFUSED.value)
    )
    rows = [
        (event.action, format_moment(event.occurred_at), str(event.payload.get("approval", "")))
        for event in found[:MOST_ROWS]
    ]
    table = Table(("event", "at", "approval"), rows)
    return measured(table, *_telling(found.first())) if rows else None


def predictions(subject: Subject) -> Found | None:
    """How many answered requests are recorded, first and last."""
    version = subject.version
    records = Prediction.objects.filter(model_id=version.model_id, number=version.number)
    sums = records.aggregate(requests=Count("pk"), first=Min("at"), last=Max("at"))
    if not sums["requests"]:
        return None
    newest = records.select_related("batch").order_by("-at").first()
    assert newest is not None
    rows: list[tuple[str, Cell]] = [
        ("recorded requests", sums["requests"]),
        ("first", format_moment(sums["first"])),
        ("last", format_moment(sums["last"])),
    ]
    return measured(Table(("what", "value"), rows), f"sha256:{newest.batch.digest}")


def checkpoint(subject: Subject) -> Found | None:
    """The newest signed head of the log, with its witnesses."""
    head = subject.checkpoint
    if head is None:
        return None
    rows: list[tuple[str, Cell]] = [
        ("events", head.size),
        ("root, SHA-256", bytes(head.root).hex()),
        ("signed", format_moment(head.signed_at)),
        *(("witness", given.witness) for given in head.cosignatures.order_by("witness")),
    ]
    return measured(
        Table(("what", "value"), rows), f"sha256:{sha256(head.note.encode()).hexdigest()}"
    )


def events(subject: Subject) -> Found | None:
    """What the log holds about the version: how often, and when last."""
    found = (
        about("version", subject.version.pk)
        .order_by("action")
        .values_list("action")
        .annotate(times=Count("pk"), last=Max("occurred_at"))
    )
    rows = [(action, times, format_moment(last)) for action, times, last in found]
    newest = about("version", subject.version.pk).first()
    table = Table(("event", "times", "last"), rows)
    return measured(table, *_telling(newest)) if rows else None


def retirement(subject: Subject) -> Found | None:
    """That the version was taken out of use for good."""
    event = about("version", subject.version.pk).filter(action=Action.VERSION_RETIRED.value).first()
    if event is None:
        return None
    return measured(f"Retired {format_moment(event.occurred_at)}.", *_telling(event))


SOURCES = {
    "approval.facts": approval,
    "approval.next_validation": next_validation,
    "approval.signatures": signatures,
    "approval.independence": independence,
    "approval.policy": policy,
    "approval.waivers": waivers,
    "approval.revocations": revocations,
    "review.history": reviews,
    "alias.moves": moves,
    "serving.loads": loads,
    "serving.predictions": predictions,
    "log.checkpoint": checkpoint,
    "log.events": events,
    "version.retirement": retirement,
}
