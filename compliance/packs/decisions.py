"""Sources: what persons decided about versions, and which approvals came of it."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, Prefetch, QuerySet

from compliance.packs import words
from compliance.packs.covered import Covered
from compliance.packs.found import Cell, Found, Table, measured
from compliance.packs.listed import MOST_ROWS, listed
from compliance.past.approvals import Spoken, judged
from governance.approvals.answering import Answering
from governance.models import Approval, Review, Signature, SignDecision, Waiver
from governance.validating.models import ValidationReport
from governance.validating.template import template
from trust.times import format_moment


def approvals(covered: Covered) -> Found | None:
    """Approvals that were given: until when, by whose signatures, and how they stand."""
    rows = covered.within(_approvals(covered), "issued_at").order_by("-issued_at", "pk")
    return listed(
        rows,
        (*covered.names, "approval", "issued", "valid until", "signed by", "state", "why"),
        lambda row: (*covered.named(row.version), *_approval(covered, row)),
        lambda row: f"sha256:{row.envelope_digest}",
        nothing="No approval was given.",
        witness=covered.witness,
    )


def _approvals(covered: Covered) -> QuerySet[Approval]:
    approving = Signature.objects.filter(decision=SignDecision.APPROVE).order_by("at")
    return (
        Approval.objects.filter(version__in=covered.versions)
        .select_related("version__model", "review", "revocation__by__person", "staleness")
        .prefetch_related(Prefetch("review__signatures", approving))
    )


def _approval(covered: Covered, row: Approval) -> tuple[Cell, ...]:
    state, why = judged(row.version, row, covered.at)
    signers = [one.printed_name for one in row.review.signatures.all() if one.at <= row.issued_at]
    return (
        str(row.pk),
        format_moment(row.issued_at),
        format_moment(row.not_after),
        ", ".join(signers),
        "holds" if state == Answering.LIVE else state,
        why or None,
    )


def ended(covered: Covered) -> Found | None:
    """Approvals that ended: revoked by somebody, stale, or by their date."""
    lines = sorted(
        (
            (at, (*covered.named(row.version), str(row.pk), format_moment(at), *how), row)
            for row in _approvals(covered)
            for at, how in _ends(row)
            if covered.counts(at)
        ),
        key=lambda line: line[0],
        reverse=True,
    )
    if not lines:
        nothing = "No approval ended."
        return measured(nothing, *covered.witness) if covered.witness else None
    columns = (*covered.names, "approval", "ended", "how", "by", "reason")
    shown = lines[:MOST_ROWS]
    table = Table(columns, [cells for _, cells, _ in shown], len(lines) - len(shown))
    return measured(table, *(f"sha256:{row.envelope_digest}" for _, _, row in shown))


def _ends(row: Approval) -> Iterator[tuple[datetime, tuple[Cell, ...]]]:
    revoked, stale = getattr(row, "revocation", None), getattr(row, "staleness", None)
    if revoked:
        by = revoked.by.person.name if revoked.by else None
        yield revoked.at, ("revoked", by, revoked.reason)
    if stale:
        yield stale.since, ("stale", None, f"newer: {stale.because}")
    if not revoked or revoked.at > row.not_after:
        yield row.not_after, ("expired", None, "")


def reviews(covered: Covered) -> Found | None:
    """Reviews that were opened or closed: by whom, what became of them, how much was said."""
    rows = Review.objects.filter(version__in=covered.versions)
    either = covered.within(rows, "opened_at") | covered.within(rows, "closed_at")
    columns = ("opened", "by", "closed", "state", "signatures", "comments")
    return listed(
        either.select_related("version__model", "opened_by__person")
        .annotate(signed=Count("signatures", distinct=True), said=Count("comments", distinct=True))
        .order_by("-opened_at", "pk"),
        (*covered.names, *columns),
        lambda row: (
            *covered.named(row.version),
            format_moment(row.opened_at),
            row.opened_by.person.name,
            format_moment(row.closed_at) if row.closed_at else None,
            row.state,
            getattr(row, "signed", 0),
            getattr(row, "said", 0),
        ),
        lambda row: f"sha256:{row.statement_digest}",
        nothing="No review was opened or closed.",
        witness=covered.witness,
    )


def signatures(covered: Covered) -> Found | None:
    """Every signature, whatever was decided by it."""
    rows = covered.within(Signature.objects.filter(review__version__in=covered.versions), "at")
    columns = ("printed name", "role", "decision", "signed at", "method", "reason")
    return listed(
        rows.select_related("review__version__model").order_by("-at", "pk"),
        (*covered.names, *columns),
        lambda row: (
            *covered.named(row.review.version),
            row.printed_name,
            row.role,
            row.decision,
            format_moment(row.at),
            words.method(Spoken.of(row).method),
            row.reason,
        ),
        lambda row: f"sha256:{row.digest}",
        nothing="Nobody signed.",
        witness=covered.witness,
    )


def waivers(covered: Covered) -> Found | None:
    """Gates that were waived: by whom, why, until when, and whether it was withdrawn."""
    rows = covered.within(Waiver.objects.filter(version__in=covered.versions), "at")
    columns = ("gate", "printed name", "given", "until", "reason", "withdrawn")
    return listed(
        rows.select_related("version__model", "withdrawal").order_by("-at", "pk"),
        (*covered.names, *columns),
        lambda row: (
            *covered.named(row.version),
            words.gate(row.gate),
            row.printed_name,
            format_moment(row.at),
            format_moment(row.not_after),
            row.reason,
            format_moment(row.withdrawal.at) if hasattr(row, "withdrawal") else None,
        ),
        lambda row: f"sha256:{row.digest}",
        nothing="No gate was waived.",
        witness=covered.witness,
    )


def validations(covered: Covered) -> Found | None:
    """Validation reports that were finished, with the validator's rating: his word, on record."""
    rows = ValidationReport.objects.filter(version__in=covered.versions, evidence__isnull=False)
    return listed(
        covered.within(rows, "at")
        .select_related("version__model", "person", "evidence")
        .defer("evidence__body")
        .order_by("-at", "pk"),
        (*covered.names, "number", "finished", "validator", "rating"),
        lambda row: (
            *covered.named(row.version),
            row.number,
            format_moment(row.at),
            row.person.name,
            template().rating(row.rating),
        ),
        lambda row: f"sha256:{row.evidence.digest}" if row.evidence else "",
        nothing="No validation report was finished.",
        witness=covered.witness,
    )


SOURCES = {
    "decisions.approvals": approvals,
    "decisions.ended": ended,
    "decisions.reviews": reviews,
    "decisions.signatures": signatures,
    "decisions.waivers": waivers,
    "decisions.validations": validations,
}
