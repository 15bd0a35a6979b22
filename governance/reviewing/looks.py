"""A reviewer's looks at reviews: remembered once for each statement, so that a later one of the
same model can be shown against the one that he saw last."""

from django.db import IntegrityError, transaction

from accounts.callers import Caller
from audit.actions import Action
from audit.services import record
from governance.models import Review, ReviewLook
from governance.policies import may_look
from governance.policy.documents import Policy


def last_seen(caller: Caller, review: Review) -> ReviewLook | None:
    """The newest look at another, earlier statement: of this version, else of the model."""
    rows = ReviewLook.objects.filter(person=caller.person_id)
    rows = rows.filter(review__opened_at__lt=review.opened_at)
    rows = rows.select_related("review__version__model", "review__policy").order_by("-at", "pk")
    same = rows.filter(review__version=review.version_id).first()
    return same or rows.filter(review__version__model=review.version.model_id).first()


def note_look(*, caller: Caller, review: Review) -> ReviewLook:
    """Remember that the person has seen the statement; once is enough. Raises NotAllowed."""
    may_look(caller, review, Policy.read(review.policy.document)).enforce()
    seen = ReviewLook.objects.filter(review=review, person=caller.person_id).first()
    if seen is not None:
        return seen
    try:
        return _note(caller, review)
    except IntegrityError:
        # Two tabs at once: the other has noted it.
        return ReviewLook.objects.get(review=review, person=caller.person_id)


@transaction.atomic
def _note(caller: Caller, review: Review) -> ReviewLook:
    look = ReviewLook.objects.create(review=review, person=caller.user.person, user=caller.user)
    record(
        actor=caller.actor,
        action=Action.REVIEW_SEEN,
        subject=("review", review.pk),
        payload={"look": str(look.pk), "statement_digest": f"sha256:{review.statement_digest}"},
        related=[("version", review.version_id), ("model", review.version.model_id)],
    )
    return look
