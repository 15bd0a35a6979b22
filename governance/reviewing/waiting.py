"""Which reviews wait for a person's signature."""

from django.db.models import Exists, OuterRef, QuerySet

from accounts.callers import Caller
from governance.findings.records import annexes_of, not_closed, with_states
from governance.models import Finding, FindingEffect, Review, ReviewState, Signature
from governance.policies import signing_role
from governance.policy.documents import Policy
from governance.reviewing.assignments import by_urgency
from governance.selectors import reviews_seen_by


def unsigned_by(caller: Caller, rows: QuerySet[Review]) -> QuerySet[Review]:
    """Open reviews of others' work that the person has not signed, or under which conditions are
    open that may have come since."""
    conditions = not_closed(
        with_states(
            Finding.objects.filter(version=OuterRef("version"), effect=FindingEffect.CONDITION)
        )
    )
    signed = Signature.objects.filter(review=OuterRef("pk"), person=caller.person_id)
    return (
        rows.filter(state=ReviewState.OPEN)
        .exclude(version__contributors__person=caller.person_id)
        .exclude(Exists(signed), ~Exists(conditions))
    )


def reviews_waiting_for(caller: Caller, most: int) -> list[Review]:
    """Open reviews that the person may sign: those he is asked for first, then by their day, then
    the oldest; again where conditions have come."""
    rows = by_urgency(unsigned_by(caller, reviews_seen_by(caller)), caller)
    found: list[Review] = []
    start = 0
    while True:
        page = list(rows[start : start + most])
        # Counted after the choice: what others are to sign hides nothing of the person's own.
        found += _to_sign(caller, page)
        start += most
        if len(page) < most or len(found) >= most:
            return found[:most]


def _to_sign(caller: Caller, reviews: list[Review]) -> list[Review]:
    annexes = annexes_of(review.version_id for review in reviews)
    return [
        review
        for review in reviews
        if signing_role(caller, review.version.model.team_id, Policy.read(review.policy.document))
        and not _has_signed(caller, review, annexes[review.version_id].digest)
    ]


def _has_signed(caller: Caller, review: Review, annex: str) -> bool:
    return any(
        signature.person_id == caller.person_id and signature.annex_digest == annex
        for signature in review.signatures.all()
    )
