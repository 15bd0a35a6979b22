"""Sources: who approved a version, under which conditions, and what ended it."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Count

from audit.actions import Action
from audit.selectors import about
from compliance.packs import words
from compliance.packs.found import Cell, Found, Table, measured
from compliance.packs.listed import listed
from compliance.packs.subject import Subject
from compliance.packs.telling import telling
from governance.approvals.answering import Answering
from governance.models import Approval, PolicyVersion, Review
from governance.selectors import newest_named
from trust.elsewhere import read_use
from trust.scope import EVERY
from trust.times import format_moment


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
        ("status of the version", subject.version.status),
    ]
    if subject.statement:
        rows += _limits(subject.statement)
    return measured(Table(("what", "value"), rows), f"sha256:{given.envelope_digest}")


def _limits(statement: Mapping[str, Any]) -> Iterator[tuple[str, Cell]]:
    """What the approval is for; one for use elsewhere never serves, whatever happens."""
    is_elsewhere = read_use(dict(statement))
    if is_elsewhere:
        yield "use", "elsewhere; it never serves here"
    for name, part in statement["scope"].items():
        yield f"scope: {name}", _part(part)
    if not is_elsewhere:
        yield "seconds that it goes on answering without the database", statement["outage_grace_s"]


def _part(part: Any) -> str:
    """A part of a scope in words."""
    if not isinstance(part, list):
        return str(part)
    return "every one" if EVERY in part else ", ".join(map(str, part)) or "none"


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
            words.method(said.method),
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
        ("newest revision of this policy", _newest_revision(row)),
        ("risk tier", row.tier),
        ("signers", wants["signers"]["count"]),
        ("roles that sign", ", ".join(wants["signers"]["roles"])),
        ("reports that it wants", words.reports(wants["evidence"])),
        ("validity, days", wants["validity_days"]),
    ]
    rows += [
        (words.metric(one["metric"]), words.limit(one["metric"], one["limit"], one["bound"]))
        for one in wants["metrics"]
    ]
    return measured(Table(("what", "value"), rows), f"sha256:{row.digest}")


def _newest_revision(row: PolicyVersion) -> int:
    newest = newest_named(row.name, row.team)
    return newest.revision if newest else row.revision


def waivers(subject: Subject) -> Found | None:
    """What was waived for the approval, by whom, until when."""
    if subject.behind is None or subject.review is None:
        return None
    if not subject.behind.waivers:
        return measured("No gate was waived.", f"sha256:{subject.review.statement_digest}")
    rows = [
        (
            words.gate(str(said.record.get("gate", ""))),
            said.row.printed_name,
            said.row.reason,
            str(said.record.get("not_after", "")),
            _withdrawn(said.row),
        )
        for said in subject.behind.waivers
    ]
    columns = ("gate", "printed name", "reason", "until", "withdrawn")
    digests = [f"sha256:{said.row.digest}" for said in subject.behind.waivers]
    return measured(Table(columns, rows), *digests)


def _withdrawn(row: object) -> str | None:
    withdrawal = getattr(row, "withdrawal", None)
    return format_moment(withdrawal.at) if withdrawal else None


def ended(subject: Subject) -> Found | None:
    """Approvals of the version that ended before their time: revoked, or stale."""
    if subject.approval is None:
        return measured("No approval of this version was ever given.", *subject.witness)
    rows = Approval.objects.filter(version=subject.version)
    over = rows.filter(revocation__isnull=False) | rows.filter(staleness__isnull=False)
    return listed(
        over.select_related("revocation__by__person", "staleness").order_by("issued_at", "pk"),
        ("approval", "issued", "revoked", "by", "reason", "stale since", "because"),
        _end,
        lambda row: f"sha256:{row.envelope_digest}",
        nothing="No approval of this version was revoked, and none became stale.",
        witness=[f"sha256:{subject.approval.envelope_digest}"],
    )


def _end(row: Approval) -> tuple[Cell, ...]:
    revoked, stale = getattr(row, "revocation", None), getattr(row, "staleness", None)
    return (
        str(row.pk),
        format_moment(row.issued_at),
        format_moment(revoked.at) if revoked else None,
        revoked.by.person.name if revoked and revoked.by else None,
        revoked.reason if revoked else None,
        format_moment(stale.since) if stale else None,
        stale.because if stale else None,
    )


def reviews(subject: Subject) -> Found | None:
    """The reviews of the version: who opened them, what became of them, how much was said."""
    rows = (
        Review.objects.filter(version=subject.version)
        .select_related("opened_by__person", "policy")
        .annotate(said=Count("comments", distinct=True), signed=Count("signatures", distinct=True))
        .order_by("-opened_at", "pk")
    )
    return listed(
        rows,
        ("opened", "by", "state", "signatures", "comments", "statement"),
        lambda row: (
            format_moment(row.opened_at),
            row.opened_by.person.name,
            row.state,
            getattr(row, "signed", 0),
            getattr(row, "said", 0),
            f"sha256:{row.statement_digest}",
        ),
        lambda row: f"sha256:{row.statement_digest}",
        nothing="",
    )


def retirement(subject: Subject) -> Found | None:
    """That the version was taken out of use for good."""
    event = about("version", subject.version.pk).filter(action=Action.VERSION_RETIRED.value).first()
    if event is None:
        return measured("This version has not been taken out of use.", subject.digest)
    return measured(f"Retired {format_moment(event.occurred_at)}.", *telling(event))


SOURCES = {
    "approval.facts": approval,
    "approval.next_validation": next_validation,
    "approval.signatures": signatures,
    "approval.independence": independence,
    "approval.policy": policy,
    "approval.waivers": waivers,
    "approval.ended": ended,
    "review.history": reviews,
    "version.retirement": retirement,
}
