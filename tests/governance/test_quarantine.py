"""Damaged bytes stay on show, whatever becomes of the reviews of the version."""

import pytest

from audit.actions import Action
from audit.models import AuditEvent
from common.errors import Conflict
from governance.approvals.releases import retire, revoke
from governance.models import Approval, ReviewState
from governance.services import submit, withdraw
from registry.models import Status
from registry.services import quarantine
from tests.cast import password_of, who
from tests.factories import verbs
from tests.stage import Stage, review_again

DAMAGE = "One byte differs."


@pytest.mark.parametrize("ending", ["reject", "request_changes", "withdraw"])
def test_the_end_of_a_review_leaves_it_in_sight(ready: Stage, ending: str) -> None:
    review = submit(caller=who("ada"), version=ready.version)
    quarantine(version=ready.version, reason=DAMAGE)

    if ending == "withdraw":
        withdraw(caller=who("ada"), review=review)
    else:
        verbs.put("ben", review, decision=ending)

    assert (ready.version.status, ready.version.status_reason) == (Status.QUARANTINED, DAMAGE)
    assert review_again(review).state != ReviewState.OPEN


def test_nobody_signs_for_it(ready: Stage) -> None:
    review = submit(caller=who("ada"), version=ready.version)
    quarantine(version=ready.version, reason=DAMAGE)

    with pytest.raises(Conflict, match=f"This version is quarantined. {DAMAGE}"):
        verbs.put("ben", review)
    assert not review.signatures.exists()


def test_the_notary_does_not_approve_it_with_a_quorum_of_before(ready_copy: Stage) -> None:
    review = verbs.signed(ready_copy.version)
    quarantine(version=ready_copy.version, reason=DAMAGE)

    assert ready_copy.notary_round() == 0

    assert "quarantined" in review_again(review).notary_note
    assert not Approval.objects.exists()
    assert ready_copy.version.status == Status.QUARANTINED
    assert AuditEvent.objects.filter(action=Action.REVIEW_QUORUM_REFUSED.value).count() == 1


def test_a_revocation_ends_the_approval_and_leaves_the_damage_in_sight(approved: Stage) -> None:
    quarantine(version=approved.version, reason=DAMAGE)

    revoke(
        caller=who("mira"),
        version=approved.version,
        reason="It is wrong.",
        password=password_of("mira"),
    )

    assert approved.approval.revocation.reason == "It is wrong."
    assert approved.version.status == Status.QUARANTINED


def test_it_is_retired_once_no_review_of_it_is_open(ready: Stage) -> None:
    review = submit(caller=who("ada"), version=ready.version)
    quarantine(version=ready.version, reason=DAMAGE)

    with pytest.raises(Conflict, match="A review of this version is open"):
        retire(caller=who("mira"), version=ready.version, reason="It is damaged.")
    withdraw(caller=who("ada"), review=review)
    retire(caller=who("mira"), version=ready.version, reason="It is damaged.")

    assert ready.version.status == Status.RETIRED
