"""A signer who left or lost the role: what had its quorum by him no longer has it."""

from django.db import transaction

from accounts.callers import Caller
from accounts.models import User
from audit.actions import Action
from audit.actors import Actor
from audit.services import record
from governance.models import Review, ReviewState, SignDecision
from governance.policy.documents import Policy
from governance.reviewing.signing import counting_signatures
from registry.models import ModelVersion, Status
from registry.services import show_status

_FEWER = "A signer has left or lost the role; fewer persons than the policy wants have signed."


@transaction.atomic
def fall_back(*, user: User, caller: Caller) -> None:
    """Open again the reviews that wait for the notary and have lost their quorum with the person.

    What the notary has approved stays approved until it is revoked.
    """
    waiting = Review.objects.filter(
        state=ReviewState.QUORUM,
        signatures__person=user.person_id,
        signatures__decision=SignDecision.APPROVE,
    )
    for review_id, version_id in list(waiting.values_list("pk", "version_id").order_by("pk")):
        ModelVersion.objects.select_for_update(no_key=True).get(pk=version_id)
        review = (
            Review.objects.select_for_update(of=("self",), no_key=True)
            .select_related("version__model", "policy")
            .get(pk=review_id)
        )
        policy = Policy.read(review.policy.document)
        lost = len(counting_signatures(review, policy)) < policy.signers
        if review.state == ReviewState.QUORUM and lost:
            send_back(review, _FEWER, caller.actor)


def send_back(review: Review, reason: str, actor: Actor) -> None:
    """Open a review again, with the reason why its quorum does not stand."""
    Review.objects.filter(pk=review.pk).update(state=ReviewState.OPEN, notary_note=reason[:1000])
    show_status(review.version, Status.IN_REVIEW, reason)
    record(
        actor=actor,
        action=Action.REVIEW_QUORUM_REFUSED,
        subject=("review", review.pk),
        payload={"reason": reason[:500]},
        related=[("version", review.version_id), ("model", review.version.model_id)],
    )
