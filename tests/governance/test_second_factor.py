"""Second factors of signatures: asked of whoever has one, said in the record, maybe demanded."""

import json
from typing import Any

import pytest

from accounts.factors.services import remove_factor
from accounts.proving import Proof
from audit.models import AuditEvent
from common.errors import Invalid, NotAllowed
from governance.approvals.releases import revoke
from governance.models import PolicyVersion, Review, ReviewState, SignDecision
from governance.policy.documents import Policy
from governance.reviewing.signing import counting_signatures
from governance.services import _sign, submit
from governance.waivers.records import holding_waivers
from tests.cast import password_of, the_team, who
from tests.factories import verbs, waivers
from tests.factories.factors import code_of, enrol, proof_of
from tests.factories.policies import publish_policy
from tests.stage import Stage, review_again
from trust.methods import PASSWORD


def method_in(record: Any) -> str:
    return str(json.loads(bytes(record))["method"])


def told(action: str) -> list[str]:
    rows = AuditEvent.objects.filter(action=action).order_by("pk")
    return [json.loads(bytes(row.leaf))["payload"]["method"] for row in rows]


def demanding() -> PolicyVersion:
    """The policy of everybody, with the demand."""
    former = PolicyVersion.objects.get(name="medium")
    return publish_policy(
        caller=who("mira"),
        name="demanding",
        tier="medium",
        team=the_team(),
        document=former.document | {"second_factor": True},
    )


@pytest.fixture
def demanded(ready: Stage) -> Review:
    """A review under the demand."""
    demanding()
    return submit(caller=who("ada"), version=ready.version)


class TestASignature:
    def test_says_how_its_person_was_asked(self, ready: Stage) -> None:
        enrol("cleo")
        review = verbs.signed(ready.version, ["ben"])
        verbs.put("cleo", review, code=code_of("cleo"))

        found = [method_in(row.record) for row in review.signatures.order_by("at")]
        assert found == ["password", "password+totp"]
        assert told("review.signed") == found

    @pytest.mark.parametrize("proof", [{}, {"code": ""}, {"code": "000000"}])
    def test_of_whoever_has_an_app_wants_its_code(
        self, ready: Stage, proof: dict[str, str]
    ) -> None:
        enrol("ben")
        review = verbs.signed(ready.version, [])

        with pytest.raises((Invalid, NotAllowed)) as refusal:
            verbs.put("ben", review, **proof)

        assert refusal.value.field == "code"
        assert not review.signatures.exists()

    def test_takes_no_code_that_opened_the_session_or_signed_before(self, ready: Stage) -> None:
        enrol("ben")
        code = code_of("ben")
        review = verbs.signed(ready.version, [])
        verbs.put("ben", review, decision="request_changes", code=code)
        again = submit(caller=who("ada"), version=ready.version)

        with pytest.raises(NotAllowed, match="used before"):
            verbs.put("ben", again, code=code)

    def test_so_does_a_waiver_and_a_revocation(self, approved: Stage) -> None:
        waivers.strict_policy()
        enrol("mira")
        for act in (
            lambda **proof: waivers.give("mira", approved.version, **proof),
            lambda **proof: revoke(
                caller=who("mira"),
                version=approved.version,
                reason="Drift.",
                **({"password": password_of("mira")} | proof),
            ),
        ):
            with pytest.raises(Invalid) as refusal:
                act()
            assert refusal.value.field == "code"
            act(code=code_of("mira"))
        assert told("waiver.given") == ["password+totp"]


class TestAPolicyThatDemandsIt:
    def test_refuses_whoever_has_none_before_the_password_is_looked_at(
        self, demanded: Review
    ) -> None:
        with pytest.raises(NotAllowed, match="set up an authenticator app"):
            verbs.put("ben", demanded, password="wrong")

        assert not AuditEvent.objects.filter(action="password.refused").exists()

    def test_takes_those_who_show_one(self, demanded: Review) -> None:
        for name in ("ben", "cleo"):
            enrol(name)
            verbs.put(name, demanded, code=code_of(name))

        assert review_again(demanded).state == ReviewState.QUORUM

    def test_keeps_a_signature_whose_person_does_without_later(self, demanded: Review) -> None:
        for name in ("ben", "cleo"):
            enrol(name)
            verbs.put(name, demanded, code=code_of(name))
        remove_factor(caller=who("ben"), **proof_of("ben"))

        assert len(counting_signatures(demanded, Policy.read(demanded.policy.document))) == 2

    def test_does_not_count_a_signature_without_one(self, demanded: Review) -> None:
        """As a program would write it that does not ask."""
        for name in ("ben", "cleo"):
            enrol(name)
            shown = (f"sha256:{demanded.statement_digest}", "")
            _sign(who(name), demanded, shown, SignDecision.APPROVE, "r", Proof(PASSWORD))

        assert review_again(demanded).state == ReviewState.OPEN
        assert counting_signatures(demanded, Policy.read(demanded.policy.document)) == []

    def test_lets_nobody_waive_without_one(self, ready: Stage) -> None:
        policy = waivers.strict_policy(second_factor=True)
        with pytest.raises(NotAllowed, match="demands a second factor"):
            waivers.give("ben", ready.version)
        enrol("ben")
        waivers.give("ben", ready.version, code=code_of("ben"))
        assert len(holding_waivers(ready.version, policy, [waivers.ACCURACY])) == 1

    def test_holds_no_waiver_without_one(self, ready: Stage) -> None:
        """Under the same words, but for the demand; the columns would let it hold."""
        policy = waivers.strict_policy()
        waivers.give("ben", ready.version)
        assert len(holding_waivers(ready.version, policy, [waivers.ACCURACY])) == 1
        policy.document = policy.document | {"second_factor": True}
        assert holding_waivers(ready.version, policy, [waivers.ACCURACY]) == []
