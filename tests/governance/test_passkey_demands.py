"""Policies that demand passkeys, and the other acts that passkeys sign."""

import json
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from accounts.models import Passkey
from accounts.passkeys.services import remove_passkey
from accounts.proving import Proof
from audit.models import AuditEvent
from common.errors import NotAllowed
from governance.approvals.releases import revoke
from governance.models import PolicyVersion, Review, ReviewState
from governance.policy.documents import Policy
from governance.reviewing.asking import ask_to_revoke, ask_to_waive
from governance.reviewing.signing import counting_signatures
from governance.services import submit
from governance.waivers.records import holding_waivers
from tests.cast import password_of, the_team, who
from tests.factories import passkeys, verbs, waivers
from tests.factories.factors import code_of, enrol
from tests.factories.passkeys import answer, proof
from tests.factories.policies import publish_policy
from tests.governance.test_passkeys import record_of, signs
from tests.stage import Stage, review_again
from trust.methods import PASSWORD


def demanding(**more: Any) -> PolicyVersion:
    """The policy of everybody, with the demand."""
    former = PolicyVersion.objects.get(name="medium")
    return publish_policy(
        caller=who("mira"),
        name="demanding",
        tier="medium",
        team=the_team(),
        document=former.document | {"passkey": True} | more,
    )


@pytest.fixture
def demanded(ready: Stage) -> Review:
    """A review under the demand."""
    demanding()
    return submit(caller=who("ada"), version=ready.version)


class TestAPolicyThatDemandsIt:
    def test_refuses_whoever_has_none_before_the_password_is_looked_at(
        self, demanded: Review
    ) -> None:
        with pytest.raises(NotAllowed, match="demands a passkey"):
            verbs.put("ben", demanded, password="wrong")
        assert not AuditEvent.objects.filter(action="password.refused").exists()

    def test_refuses_the_password_of_whoever_has_one(self, demanded: Review) -> None:
        passkeys.register("ben")
        enrol("ben")
        with pytest.raises(NotAllowed, match="sign with yours"):
            verbs.put("ben", demanded, code=code_of("ben"))

    def test_takes_those_who_sign_with_one(self, demanded: Review) -> None:
        for name in ("ben", "cleo"):
            verbs.put(name, demanded, **proof(name, passkeys.register(name), demanded))
        assert review_again(demanded).state == ReviewState.QUORUM

    def test_keeps_a_signature_whose_passkey_is_removed_later(self, demanded: Review) -> None:
        for name in ("ben", "cleo"):
            verbs.put(name, demanded, **proof(name, passkeys.register(name), demanded))
        for row in Passkey.objects.select_related("person"):
            name = row.person.name.lower()
            remove_passkey(caller=who(name), passkey=row, password=password_of(name))
        assert len(counting_signatures(demanded, Policy.read(demanded.policy.document))) == 2

    def test_is_kept_by_the_database_too(self, demanded: Review) -> None:
        passkeys.register("ben")
        with pytest.raises(DatabaseError, match="demands a passkey"), transaction.atomic():
            signs("ben", demanded, Proof(PASSWORD))

    def test_lets_nobody_waive_without_one(self, ready: Stage) -> None:
        policy = waivers.strict_policy(passkey=True)
        with pytest.raises(NotAllowed, match="demands a passkey"):
            waivers.give("ben", ready.version)
        _waived_by_passkey(ready)
        assert len(holding_waivers(ready.version, policy, [waivers.ACCURACY])) == 1

    def test_holds_no_waiver_without_one(self, ready: Stage) -> None:
        policy = waivers.strict_policy()
        waivers.give("ben", ready.version)
        policy.document = policy.document | {"passkey": True}
        assert holding_waivers(ready.version, policy, [waivers.ACCURACY]) == []


def _waived_by_passkey(ready: Stage) -> Any:
    device = passkeys.register("ben")
    shown = waivers.gate_of(ready.version, waivers.ACCURACY).digest
    ask = ask_to_waive(
        caller=who("ben"),
        version=ready.version,
        gate_digest=shown,
        reason=waivers.REASON,
        expires_on=waivers.in_days(30),
    )
    return waivers.give(
        "ben",
        ready.version,
        password="",
        passkey=answer(device, ask),
        expires_on=waivers.in_days(30),
    )


class TestAPolicyThatDemandsASecondFactor:
    def test_takes_a_passkey_for_one_but_no_password_of_whoever_has_one(self, ready: Stage) -> None:
        demanding(passkey=False, second_factor=True)
        review = submit(caller=who("ada"), version=ready.version)
        device = passkeys.register("ben")
        with pytest.raises(NotAllowed, match="sign with your passkey"):
            verbs.put("ben", review)
        verbs.put("ben", review, **proof("ben", device, review))
        assert len(counting_signatures(review, Policy.read(review.policy.document))) == 1


class TestOtherActs:
    def test_a_waiver_holds_what_the_device_signed(self, ready: Stage) -> None:
        policy = waivers.strict_policy()
        row = _waived_by_passkey(ready)
        said = record_of(row)
        assert said["method"] == "passkey"
        assert json.loads(said["passkey"]["intent"])["finding"] == said["finding"]
        assert len(holding_waivers(ready.version, policy, [waivers.ACCURACY])) == 1

    def test_a_revocation_keeps_it_and_the_log_names_it(self, approved: Stage) -> None:
        device = passkeys.register("mira")
        ask = ask_to_revoke(caller=who("mira"), version=approved.version, reason="Drift.")
        row = revoke(
            caller=who("mira"),
            version=approved.version,
            reason="Drift.",
            passkey=answer(device, ask),
        )
        event = AuditEvent.objects.get(action="approval.revoked")
        assert row.assertion is not None
        assert json.loads(bytes(row.assertion))["credential"] == device.digest
        assert event.payload["method"] == "passkey"
