"""Two things at the same moment, again and again, with real threads: never a wrong quorum."""

import threading
from collections.abc import Callable
from functools import partial

import pytest
from django.db import connections

from audit.actions import Action
from audit.models import AuditEvent
from common.errors import Conflict, DomainError
from governance.models import Approval, Review, ReviewState, Signature
from governance.services import submit, withdraw
from registry.services import edit_card
from tests.cast import the_team, who
from tests.factories import tiny, verbs
from tests.factories.policies import publish_policy
from tests.stage import Stage, review_again

ROUNDS, THOROUGH_ROUNDS = 10, 100
ONE_SIGNER = {
    "metrics": [],
    "evidence": ["evaluation", "golden", "card"],
    "signers": {"count": 1, "roles": ["reviewer", "manager"]},
    "validity_days": 30,
    "outage_grace_s": 0,
}


@pytest.fixture
def rounds(pytestconfig: pytest.Config) -> int:
    """How often the two meet."""
    return THOROUGH_ROUNDS if pytestconfig.getoption("--thorough") else ROUNDS


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Runs the acts at the same moment, each in its thread; results, or the refusals."""
    gate = threading.Barrier(len(acts))
    results: list[object] = [None] * len(acts)

    def run(place: int, act: Callable[[], object]) -> None:
        gate.wait()
        try:
            results[place] = act()
        except DomainError as refusal:
            results[place] = refusal
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def putting(name: str, review: Review) -> Callable[[], object]:
    return partial(verbs.put, name, review)


def new_card(text: str, name: str = "ada") -> Callable[[], object]:
    def act() -> object:
        from_stage = Review.objects.select_related("version__model").latest("opened_at")
        content = tiny.CARD | {"caveats": text}
        return edit_card(caller=who(name), version=from_stage.version, content=content)

    return act


def test_an_edit_of_the_card_beside_the_last_signature(ready_copy: Stage, rounds: int) -> None:
    """Either the edit comes first and the signature is refused, or the notary refuses."""
    publish_policy(
        caller=who("mira"), name="one", tier="medium", team=the_team(), document=ONE_SIGNER
    )
    for number in range(rounds):
        review = submit(caller=who("ada"), version=ready_copy.version)

        card, signature = at_once(new_card(f"round {number}"), putting("ben", review))

        assert not isinstance(card, DomainError)
        assert isinstance(signature, Conflict | Signature)
        assert ready_copy.notary_round() == 0
        withdraw(caller=who("ada"), review=review)
    assert not Approval.objects.exists()


def test_a_contribution_and_a_signature_of_one_person(ready_copy: Stage, rounds: int) -> None:
    """Mira edits and signs in the same moment: her signature is never part of an approval."""
    publish_policy(
        caller=who("mira"), name="one", tier="medium", team=the_team(), document=ONE_SIGNER
    )
    for number in range(rounds):
        version = verbs.another(who("ada"), ready_copy.version.model)
        verbs.make_ready(who("ada"), version)
        review = submit(caller=who("ada"), version=version)

        at_once(new_card(f"round {number}", "mira"), putting("mira", review))

        assert ready_copy.notary_round() == 0
    assert not Approval.objects.exists()


def test_two_last_signatures(ready_copy: Stage, rounds: int) -> None:
    """Both are kept, the quorum is reached once and the notary approves once."""
    reached = AuditEvent.objects.filter(action=Action.REVIEW_QUORUM_REACHED.value)
    for number in range(1, rounds + 1):
        review = submit(caller=who("ada"), version=ready_copy.version)

        results = at_once(
            putting("ben", review),
            putting("cleo", review),
        )

        assert all(isinstance(result, Signature) for result in results)
        assert review_again(review).state == ReviewState.QUORUM
        assert reached.count() == number
        if number < rounds:
            withdraw(caller=who("ada"), review=review)
    assert ready_copy.notary_round() == 1
    assert Approval.objects.count() == 1


def test_three_signatures_for_two_places(ready_copy: Stage) -> None:
    """Two are kept; the third is told that the review is closed."""
    for _ in range(5):
        review = submit(caller=who("ada"), version=ready_copy.version)

        results = at_once(
            *(putting(name, review) for name in ("ben", "cleo")),
            putting("mira", review),
        )

        assert sum(isinstance(result, Signature) for result in results) == 2
        assert Signature.objects.filter(review=review).count() == 2
        withdraw(caller=who("ada"), review=review)


def test_one_person_signing_twice(ready_copy: Stage) -> None:
    """Two tabs, two clicks: one signature."""
    for _ in range(5):
        review = submit(caller=who("ada"), version=ready_copy.version)

        results = at_once(*[putting("ben", review)] * 2)

        assert sum(isinstance(result, Signature) for result in results) == 1
        assert review_again(review).state == ReviewState.OPEN
        withdraw(caller=who("ada"), review=review)


def test_two_submissions(ready_copy: Stage) -> None:
    """One review is opened; the other is refused."""
    for _ in range(5):
        results = at_once(*[lambda: submit(caller=who("ada"), version=ready_copy.version)] * 2)

        (review,) = [result for result in results if isinstance(result, Review)]
        assert sum(isinstance(result, Conflict) for result in results) == 1
        withdraw(caller=who("ada"), review=review)


def test_the_withdrawal_and_the_last_signature(ready_copy: Stage, rounds: int) -> None:
    """A withdrawn review is never approved."""
    for _ in range(rounds):
        review = verbs.signed(ready_copy.version, ["ben"])

        at_once(
            partial(withdraw, caller=who("ada"), review=review),
            putting("cleo", review),
        )

        assert review_again(review).state == ReviewState.WITHDRAWN
        assert ready_copy.notary_round() == 0
