"""Proposing and confirming without a password: by a passkey, or signed in anew at the provider."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, transaction

from accounts.models import Membership, Proposal, ProposalProof
from accounts.oidc.asking import answer_again
from accounts.oidc.identities import end_identity
from accounts.passkeys.assertions import Ask
from accounts.passkeys.services import remove_passkey
from accounts.proposals.proofs import digest_of
from accounts.proposals.services import ask_to_confirm, ask_to_propose, confirm, propose
from audit.models import AuditEvent
from common.errors import Conflict, Invalid, NotAllowed
from compliance.verification.proposals import proposal_proofs
from governance.policy.documents import DEFAULTS
from tests.cast import TEAM, password_of, the_team, user_of, who
from tests.factories import passkeys
from tests.factories import provider as factory
from tests.factories.agreeing import agree
from tests.factories.damage import by_force
from tests.factories.factors import enrol
from tests.factories.passkeys import Device, answer
from tests.factories.policies import publish_policy
from tests.factories.provider import Provider, bind
from tests.stage import MODEL, Stage

TABLE = "accounts_proposalproof"
REASON = "There is more to review."
WISH: dict[str, Any] = {"team": TEAM, "grants": [{"username": "dan", "role": "reviewer"}]}
EMERGENCY = {"model": MODEL, "version": 1, "alias": "champion", "hours": 2}


@pytest.fixture(scope="module")
def process() -> Iterator[Provider]:
    """One process for this file."""
    with factory.running() as provider:
        yield provider


@pytest.fixture
def provider(process: Provider, ready_copy: Stage) -> Provider:
    """An account of it opens otto's login."""
    process.be()
    bind("dan")
    _bind_otto()
    return process


def _bind_otto() -> None:
    """root proposes it, and mira's login, made an administrator, is not needed: otto confirms
    nothing about himself, so a third administrator does."""
    agree(
        "administrator",
        {"username": "mira"},
        proposer=who("root"),
        confirmer=who("otto"),
        password=password_of,
    )
    agree(
        "identity",
        {"username": "otto", "subject": "otto-at-work"},
        proposer=who("root"),
        confirmer=who("mira"),
        password=password_of,
    )


def wanted(name: str = "root", **proof: Any) -> Proposal:
    given = proof or {"password": password_of(name)}
    return propose(caller=who(name), kind="roles", wish=WISH, reason=REASON, **given)


def brave() -> None:
    """The team's policy allows emergency grants."""
    document = DEFAULTS["medium"].as_dict() | {"emergency_hours": 4}
    publish_policy(
        caller=who("mira"), name="brave", tier="medium", team=the_team(), document=document
    )


def ask_for(name: str, by: str = "passkey", **more: Any) -> Ask:
    given = {"kind": "roles", "wish": WISH, "reason": REASON} | more
    return ask_to_propose(caller=who(name), by=by, **given)


def digest(proposal: Proposal) -> str:
    return f"sha256:{proposal.digest}"


def said_yes(proposal: Proposal, name: str = "otto", **proof: Any) -> Proposal:
    return confirm(caller=who(name), proposal=proposal, digest=digest(proposal), **proof)


def by_passkey(device: Device, proposal: Proposal, name: str = "otto") -> dict[str, Any]:
    ask = ask_to_confirm(caller=who(name), proposal=proposal, digest=digest(proposal))
    return {"passkey": answer(device, ask)}


def is_reviewer() -> bool:
    dan = user_of("dan").person_id
    return Membership.objects.filter(person=dan, role="reviewer").exists()


def told(action: str) -> dict[str, Any]:
    payload: dict[str, Any] = AuditEvent.objects.filter(action=action).latest("pk").payload
    return payload


def found() -> list[str]:
    return [f"{finding.thing}: {finding.why}" for finding in proposal_proofs()]


def test_passkeys_propose_and_confirm_and_their_proofs_are_kept_and_named_in_the_log(
    ready_copy: Stage,
) -> None:
    roots, ottos = passkeys.register("root"), passkeys.register("otto")
    proposal = wanted(passkey=answer(roots, ask_for("root")))

    said_yes(proposal, **by_passkey(ottos, proposal))

    assert is_reviewer()
    held = {row.part: row.held for row in ProposalProof.objects.all()}
    assert {part: one["method"] for part, one in held.items()} == {
        "propose": "passkey",
        "confirm": "passkey",
    }
    assert told("proposal.opened")["proof"] == digest_of(held["propose"])
    assert told("proposal.confirmed")["proof"] == digest_of(held["confirm"])
    assert json.loads(held["confirm"]["passkey"]["intent"])["digest"] == digest(proposal)
    assert found() == []


@pytest.mark.usefixtures("ready")
class TestAPasskey:
    def test_that_answered_for_another_wish_proposes_nothing(self) -> None:
        device = passkeys.register("root")
        other = {"team": TEAM, "grants": [{"username": "dan", "role": "manager"}]}
        ask = ask_for("root", wish=other)

        with pytest.raises(NotAllowed, match="something else"):
            wanted(passkey=answer(device, ask))

        assert not Proposal.objects.filter(state="open").exists()

    def test_that_answered_for_another_proposal_confirms_nothing(self) -> None:
        device = passkeys.register("otto")
        first, second = wanted(), wanted()
        proof = by_passkey(device, first)

        with pytest.raises(NotAllowed, match="something else"):
            said_yes(second, **proof)

        assert not is_reviewer()

    def test_answers_once(self) -> None:
        device = passkeys.register("otto")
        first, second = wanted(), wanted()
        proof = by_passkey(device, first)
        said_yes(first, **proof)

        with pytest.raises(NotAllowed, match="answered already"):
            said_yes(second, **proof)

    def test_of_another_person_confirms_nothing(self) -> None:
        mine, proposal = passkeys.register("otto"), wanted()
        passkeys.register("root")
        ask = ask_to_confirm(caller=who("otto"), proposal=proposal, digest=digest(proposal))
        stranger = Device(credential_id=mine.credential_id)

        with pytest.raises(NotAllowed):
            said_yes(proposal, passkey=answer(stranger, ask))

        assert not is_reviewer()

    def test_of_the_proposer_confirms_nothing(self) -> None:
        passkeys.register("root")
        proposal = wanted()

        with pytest.raises(NotAllowed, match="another person"):
            ask_to_confirm(caller=who("root"), proposal=proposal, digest=digest(proposal))

    def test_that_was_removed_meanwhile_confirms_nothing(self) -> None:
        device, proposal = passkeys.register("otto"), wanted()
        proof = by_passkey(device, proposal)
        row = user_of("otto").person.passkeys.get()
        remove_passkey(caller=who("otto"), passkey=row, password=password_of("otto"))

        with pytest.raises((NotAllowed, Conflict)):
            said_yes(proposal, **proof)

        assert not is_reviewer()

    def test_and_a_password_at_once_are_refused(self) -> None:
        device, proposal = passkeys.register("otto"), wanted()

        with pytest.raises(Invalid, match="not both"):
            said_yes(proposal, password=password_of("otto"), **by_passkey(device, proposal))

    def test_nothing_at_all_is_refused(self) -> None:
        with pytest.raises(Invalid, match="Give your password"):
            said_yes(wanted())


class TestASignIn:
    def test_lets_somebody_without_a_password_propose_and_confirm(self, provider: Provider) -> None:
        provider.be(sub="otto-at-work")
        user = user_of("otto")
        user.set_unusable_password()
        user.save()
        proposal = wanted()
        ask = ask_to_confirm(
            caller=who("otto"), proposal=proposal, digest=digest(proposal), by="oidc"
        )
        answer_again(who("otto"), provider.reply(ask.address))

        said_yes(proposal, sign_in=ask.challenge)

        assert is_reviewer()
        assert told("proposal.confirmed")["method"] == "oidc"
        assert found() == []

    def test_for_other_words_confirms_nothing(self, provider: Provider) -> None:
        provider.be(sub="otto-at-work")
        first, second = wanted(), wanted()
        ask = ask_to_confirm(caller=who("otto"), proposal=first, digest=digest(first), by="oidc")
        answer_again(who("otto"), provider.reply(ask.address))

        with pytest.raises(NotAllowed, match="something else"):
            said_yes(second, sign_in=ask.challenge)

    def test_with_an_account_that_was_taken_away_confirms_nothing(self, provider: Provider) -> None:
        provider.be(sub="otto-at-work")
        proposal = wanted()
        ask = ask_to_confirm(
            caller=who("otto"), proposal=proposal, digest=digest(proposal), by="oidc"
        )
        answer_again(who("otto"), provider.reply(ask.address))
        end_identity(caller=who("root"), identity=user_of("otto").identities.get())

        with pytest.raises((NotAllowed, Conflict)):
            said_yes(proposal, sign_in=ask.challenge)

        assert not is_reviewer()

    def test_is_one_factor_and_grants_no_emergency(self, provider: Provider) -> None:
        brave()
        with pytest.raises(NotAllowed, match="one factor"):
            ask_for("mira", "oidc", kind="emergency", wish=EMERGENCY)


@pytest.mark.usefixtures("ready")
class TestAnEmergency:
    def test_is_proposed_by_a_passkey_without_an_app(self) -> None:
        brave()
        device = passkeys.register("mira")
        ask = ask_for("mira", kind="emergency", wish=EMERGENCY)

        proposal = propose(
            caller=who("mira"),
            kind="emergency",
            wish=EMERGENCY,
            reason=REASON,
            passkey=answer(device, ask),
        )

        assert json.loads(bytes(proposal.document))["method"] == "passkey"

    def test_is_not_proposed_by_a_password_alone(self) -> None:
        brave()
        with pytest.raises(NotAllowed, match="second factor"):
            propose(
                caller=who("mira"),
                kind="emergency",
                wish=EMERGENCY,
                reason=REASON,
                password=password_of("mira"),
            )


class TestTheDatabase:
    @pytest.fixture
    def proved(self, ready_copy: Stage) -> ProposalProof:
        """A confirmation by a passkey."""
        device, proposal = passkeys.register("otto"), wanted()
        said_yes(proposal, **by_passkey(device, proposal))
        return ProposalProof.objects.get()

    @pytest.mark.parametrize("change", ["UPDATE {} SET part = 'propose'", "DELETE FROM {}"])
    def test_changes_and_removes_no_proof(
        self, proved: ProposalProof, ready_copy: Stage, change: str
    ) -> None:
        with (
            pytest.raises(psycopg.DatabaseError, match="never changed or removed"),
            ready_copy.database.connect("owner") as owner,
        ):
            owner.execute(change.format(TABLE).encode())

    def test_takes_no_proof_afterwards(self, ready: Stage) -> None:
        proposal = wanted()
        said_yes(proposal, password=password_of("otto"))
        for part in ("propose", "confirm"):
            with pytest.raises(DatabaseError, match="made now"), transaction.atomic():
                ProposalProof.objects.create(
                    proposal=proposal, part=part, held={"method": "passkey", "passkey": {}}
                )

    def test_a_proof_that_was_changed_is_found(
        self, proved: ProposalProof, ready_copy: Stage
    ) -> None:
        changed = json.dumps(proved.held | {"method": "oidc"})
        by_force(ready_copy.database, TABLE, f"UPDATE {TABLE} SET held = %s", changed)

        assert found() == ["proof of a proposal (confirm): it is not the one that the log names."]

    def test_a_proof_that_is_gone_is_found(self, proved: ProposalProof, ready_copy: Stage) -> None:
        by_force(ready_copy.database, TABLE, f"DELETE FROM {TABLE}")

        assert found() == [
            "proof of a proposal (confirm): the log tells of a proof that is not kept."
        ]

    def test_a_proof_of_something_else_is_found_though_the_log_names_it(
        self, ready_copy: Stage
    ) -> None:
        """As a web process that was taken over could write it."""
        device, first = passkeys.register("otto"), wanted()
        said_yes(first, **by_passkey(device, first))
        held = ProposalProof.objects.get().held
        assert found() == []
        second = propose(
            caller=who("root"),
            kind="administrator",
            wish={"username": "dan"},
            reason=REASON,
            password=password_of("root"),
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("accounts.proposals.services.proved", lambda **_: _Stolen(held))
            said_yes(second, password="x")

        assert found() == [
            "proof of a proposal (confirm): its passkey does not prove it: it signed other words."
        ]


class _Stolen:
    """A proof of another confirmation."""

    method = "passkey"

    def __init__(self, held: dict[str, Any]) -> None:
        self.assertion = held["passkey"]

    def hold(self, act: str, words: Any) -> None:
        """Held to nothing."""

    def said(self) -> dict[str, Any]:
        """As a real one."""
        return {"method": self.method, "passkey": self.assertion}


def test_an_app_of_the_person_bars_the_sign_in(provider: Provider) -> None:
    enrol("otto")
    row = wanted()
    with pytest.raises(NotAllowed, match="authenticator app"):
        ask_to_confirm(
            caller=who("otto"), proposal=(row := wanted()), digest=digest(row), by="oidc"
        )
