"""What a reviewer saw is remembered, and a later statement is told against it."""

import pytest

from audit.actions import Action
from audit.models import AuditEvent
from common.errors import NotAllowed
from governance.evidence.differences import Difference, differences
from governance.models import Review, ReviewLook
from governance.reviewing.looks import last_seen, note_look
from governance.services import submit, withdraw
from registry.services import edit_card
from tests.cast import who
from tests.factories import tiny, verbs
from tests.factories.plans import accuracy, seal
from tests.governance.test_reviews import EVERYBODY, OK, expect
from tests.stage import Stage

LOOKERS = "Looks are remembered of persons whose role signs"
MAY_LOOK = {name: OK if name in ("ben", "cleo", "mira") else LOOKERS for name in EVERYBODY}
CARD = tiny.CARD | {"caveats": "Winter is not in the rows."}


@pytest.fixture
def review(ready: Stage) -> Review:
    """An open review."""
    return submit(caller=who("ada"), version=ready.version)


def look(name: str, review: Review) -> ReviewLook:
    return note_look(caller=who(name), review=review)


def resubmitted(stage: Stage, review: Review) -> Review:
    withdraw(caller=who("ada"), review=review)
    return submit(caller=who("ada"), version=stage.version)


class TestLooking:
    @pytest.mark.parametrize("name", EVERYBODY)
    def test_by_role(self, review: Review, name: str) -> None:
        expect(MAY_LOOK[name], NotAllowed, lambda: look(name, review))

    def test_is_remembered_and_told_once(self, review: Review) -> None:
        first, second = look("ben", review), look("ben", review)

        assert first == second
        assert AuditEvent.objects.filter(action=Action.REVIEW_SEEN.value).count() == 1

    def test_not_of_a_contributor(self, ready: Stage, review: Review) -> None:
        edit_card(caller=who("mira"), version=ready.version, content=CARD)

        with pytest.raises(NotAllowed, match="no hand"):
            look("mira", review)


class TestTheLastOne:
    def test_is_each_persons_own(self, ready: Stage, review: Review) -> None:
        seen = look("ben", review)
        again = resubmitted(ready, review)

        assert last_seen(who("ben"), again) == seen
        assert last_seen(who("cleo"), again) is None
        assert last_seen(who("ben"), review) is None

    def test_is_of_the_same_version_before_another_of_the_model(
        self, ready: Stage, review: Review
    ) -> None:
        seen = look("ben", review)
        other = verbs.another(who("ada"), ready.version.model, strength=3.0)
        newer = submit(caller=who("ada"), version=other)
        assert last_seen(who("ben"), newer) == seen
        look("ben", newer)

        assert last_seen(who("ben"), resubmitted(ready, review)) == seen


class TestDifferences:
    def parts(self, found: list[Difference]) -> dict[str, Difference]:
        return {f"{d.part} {d.name}": d for d in found}

    def test_are_none_where_nothing_has_changed(self, ready: Stage, review: Review) -> None:
        assert differences(review, resubmitted(ready, review)) == []

    def test_name_card_gates_and_evidence(self, ready: Stage, review: Review) -> None:
        edit_card(caller=who("ada"), version=ready.version, content=CARD | {"contact": ""})
        verbs.evaluate(who("ada"), ready.version, strength=1e-4)

        found = self.parts(differences(review, resubmitted(ready, review)))

        assert found["card caveats"].before == ""
        assert found["card caveats"].after == CARD["caveats"]
        assert found["gate card"].before["state"] == "passed"
        assert found["gate card"].after["state"] == "failed"
        assert {"evidence card", "evidence evaluation", "gate metric:accuracy"} <= set(found)
        assert "evidence sandbox" not in found

    def test_name_the_criteria(self, ready: Stage, review: Review) -> None:
        plan = seal(ready.version, criteria=accuracy(0.5))
        verbs.evaluate(who("ada"), ready.version, plan=plan)

        found = self.parts(differences(review, resubmitted(ready, review)))

        assert [d.after for name, d in found.items() if name.startswith("criteria accuracy")] == [
            0.5
        ]
        assert found["criteria rows"].before is None

    def test_name_contributors_and_another_versions_files(
        self, ready: Stage, review: Review
    ) -> None:
        other = verbs.another(who("mira"), ready.version.model, strength=3.0)

        found = self.parts(differences(review, submit(caller=who("ada"), version=other)))

        assert found["version digest"].after == f"sha256:{other.digest}"
        assert "artifact model: model.onnx" in found
        assert f"contributor {who('mira').person_id}" in found
