"""A passkey signs one act, once: what a device signed is in the record, and nothing else counts."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.models import Passkey, PasskeyChallenge
from accounts.passkeys.services import remove_passkey
from accounts.proving import Proof
from audit.models import AuditEvent
from common.errors import Conflict, Invalid, NotAllowed
from governance.approvals.releases import revoke
from governance.findings.records import annex_of
from governance.models import Review, ReviewState, SignDecision
from governance.policy.documents import Policy
from governance.reviewing.asking import ask_to_revoke, ask_to_sign
from governance.reviewing.signing import counting_signatures
from governance.services import _sign, sign, submit
from tests.cast import password_of, who
from tests.factories import findings, passkeys, verbs
from tests.factories.factors import enrol
from tests.factories.passkeys import PRESENT, VERIFIED, Device, answer, asked, proof
from tests.stage import Stage, review_again
from trust.base64_text import decode_base64url, encode_base64url
from trust.methods import PASSKEY
from trust.webauthn import challenge_of


def refusals() -> list[str]:
    rows = AuditEvent.objects.filter(action="passkey.refused").order_by("pk")
    return [json.loads(bytes(row.leaf))["payload"]["why"] for row in rows]


def record_of(row: Any) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(bytes(row.record))
    return said


@pytest.fixture
def review(ready: Stage) -> Review:
    """A review that nobody has signed."""
    return submit(caller=who("ada"), version=ready.version)


class TestASignature:
    @pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
    def test_holds_what_the_device_signed(self, review: Review, algorithm: str) -> None:
        device = passkeys.register("ben", device=Device(algorithm))
        row = verbs.put("ben", review, **proof("ben", device, review))

        said = record_of(row)
        assert said["method"] == "passkey"
        assert said["passkey"]["credential"] == device.digest
        intent, nonce = said["passkey"]["intent"].encode(), said["passkey"]["nonce"]
        challenge = challenge_of(intent, decode_base64url(nonce))
        assert passkeys.client_data_of(said)["challenge"] == encode_base64url(challenge)
        assert json.loads(intent) == {"act": "sign"} | {
            word: said[word]
            for word in ("person", "user", "statement_digest", "decision", "meaning", "reason")
        }
        event = AuditEvent.objects.get(action="review.signed")
        assert event.payload["method"] == "passkey"

    def test_is_under_the_open_conditions_too(self, ready: Stage, review: Review) -> None:
        findings.found("cleo", ready.version, effect="condition")
        annex, device = annex_of(ready.version.pk), passkeys.register("ben")
        words: dict[str, Any] = {
            "caller": who("ben"),
            "review": review,
            "statement_digest": f"sha256:{review.statement_digest}",
            "decision": "approve",
            "reason": verbs.REASON,
        }
        with pytest.raises(Conflict, match="conditions"):
            ask_to_sign(**words)
        words["annex_digest"] = f"sha256:{annex.digest}"
        row = sign(**words, passkey=answer(device, ask_to_sign(**words)))

        said = record_of(row)
        assert json.loads(said["passkey"]["intent"])["annex"] == said["annex"] == annex.document
        assert counting_signatures(review, Policy.read(review.policy.document)) == [row]

    def test_counts(self, review: Review) -> None:
        for name in ("ben", "cleo"):
            verbs.put(name, review, **proof(name, passkeys.register(name), review))
        assert review_again(review).state == ReviewState.QUORUM

    def test_needs_neither_password_nor_app(self, review: Review) -> None:
        device = passkeys.register("ben")
        enrol("ben")
        verbs.put("ben", review, **proof("ben", device, review))
        assert review.signatures.count() == 1

    def test_takes_one_proof_and_not_two_or_none(self, review: Review) -> None:
        device = passkeys.register("ben")
        for wishes in ({"password": password_of("ben")}, {"code": "123456"}):
            with pytest.raises(Invalid) as refusal:
                verbs.put("ben", review, **(proof("ben", device, review) | wishes))
            assert refusal.value.field == "passkey"
        with pytest.raises(Invalid) as refusal:
            verbs.put("ben", review, password="")
        assert refusal.value.field == "password"

    def test_of_whoever_has_no_passkey_is_by_password(self, review: Review) -> None:
        with pytest.raises(Conflict, match="no passkey"):
            asked("ben", review)
        verbs.put("ben", review)


Spoil = Callable[[Review, Device], dict[str, Any]]


def _other(**words: str) -> Spoil:
    def spoil(review: Review, device: Device) -> dict[str, Any]:
        return proof("ben", device, review) | words

    return spoil


def _of_cleo(review: Review, device: Device) -> dict[str, Any]:
    other = passkeys.register("cleo")
    return {"password": "", "passkey": answer(other, asked("ben", review))}


def _challenge_of_cleo(review: Review, device: Device) -> dict[str, Any]:
    passkeys.register("cleo")
    return {"password": "", "passkey": answer(device, asked("cleo", review))}


def _device(**said: Any) -> Spoil:
    def spoil(review: Review, device: Device) -> dict[str, Any]:
        for name, value in said.items():
            setattr(device, name, value)
        return proof("ben", device, review)

    return spoil


def _client(**said: Any) -> Spoil:
    def spoil(review: Review, device: Device) -> dict[str, Any]:
        return {"password": "", "passkey": answer(device, asked("ben", review), **said)}

    return spoil


def _other_key(review: Review, device: Device) -> dict[str, Any]:
    device.key = Device().key
    return proof("ben", device, review)


def _too_late(review: Review, device: Device) -> dict[str, Any]:
    given = proof("ben", device, review)
    past = timezone.now() - timedelta(minutes=1)
    PasskeyChallenge.objects.all().delete()
    open_challenge = asked("ben", review)
    row = PasskeyChallenge.objects.get(pk=open_challenge.challenge)
    PasskeyChallenge.objects.all().delete()
    PasskeyChallenge.objects.create(
        user=row.user,
        seat=row.seat,
        act=row.act,
        intent_digest=row.intent_digest,
        nonce=row.nonce,
        expires_at=past,
        id=row.pk,
    )
    return given | {"passkey": answer(device, open_challenge)}


def _counted_back(review: Review, device: Device) -> dict[str, Any]:
    device.count = 7
    Passkey.objects.update(sign_count=8)
    return proof("ben", device, review)


REFUSED: dict[str, tuple[Spoil, str]] = {
    "another decision": (_other(decision="reject"), "intent"),
    "another reason": (_other(reason="Something else."), "intent"),
    "another statement": (_other(statement_digest=f"sha256:{'0' * 64}"), "intent"),
    "another person's passkey": (_of_cleo, "passkey"),
    "another person's challenge": (_challenge_of_cleo, "challenge"),
    "another key": (_other_key, "assertion"),
    "another host": (_device(rp_id="example.org"), "assertion"),
    "another address": (_device(origin="http://localhost:9999"), "assertion"),
    "an address elsewhere": (_device(origin="https://example.org"), "assertion"),
    "nobody present": (_device(flags=VERIFIED), "assertion"),
    "nobody verified": (_device(flags=PRESENT), "assertion"),
    "a registration": (_client(type="webauthn.create"), "assertion"),
    "a made up challenge": (_client(challenge=encode_base64url(b"0" * 32)), "assertion"),
    "inside another page": (_client(crossOrigin=True), "assertion"),
    "too late": (_too_late, "expired"),
    "a counter that went back": (_counted_back, "counter"),
}


class TestNothingElseIsTaken:
    @pytest.mark.parametrize("name", REFUSED)
    def test_as(self, review: Review, name: str) -> None:
        spoil, why = REFUSED[name]
        device = passkeys.register("ben")

        with pytest.raises(NotAllowed) as refusal:
            verbs.put("ben", review, **spoil(review, device))

        assert refusal.value.field == "passkey"
        assert refusals() == [why]
        assert not review.signatures.exists()

    def test_a_second_time(self, ready: Stage, review: Review) -> None:
        device = passkeys.register("ben")
        given = proof("ben", device, review, decision="request_changes")
        verbs.put("ben", review, **given)
        again = submit(caller=who("ada"), version=ready.version)

        with pytest.raises(NotAllowed, match="answered already"):
            verbs.put("ben", again, **given)
        assert refusals() == ["used"]

    def test_after_a_wrong_answer_to_the_same_challenge(self, review: Review) -> None:
        device = passkeys.register("ben")
        ask = asked("ben", review)
        with pytest.raises(NotAllowed):
            verbs.put("ben", review, password="", passkey=answer(Device(), ask))
        with pytest.raises(NotAllowed, match="answered already"):
            verbs.put("ben", review, password="", passkey=answer(device, ask))

    def test_in_another_session(self, review: Review) -> None:
        device = passkeys.register("ben")
        given = proof("ben", device, review)
        with pytest.raises(NotAllowed, match="another session"):
            verbs.put("ben", review, caller=replace(who("ben"), seat="session:2"), **given)
        assert refusals() == ["session"]

    def test_for_a_revocation(self, approved: Stage) -> None:
        """The challenge of one act is none of another."""
        device = passkeys.register("mira")
        ask = ask_to_revoke(caller=who("mira"), version=approved.version, reason="Drift.")
        given = answer(device, ask)
        with pytest.raises(NotAllowed, match="something else"):
            revoke(caller=who("mira"), version=approved.version, reason="It drifts.", passkey=given)

    def test_by_a_passkey_that_was_removed(self, review: Review) -> None:
        device = passkeys.register("ben")
        passkeys.register("ben")
        given = proof("ben", device, review)
        passkey = Passkey.objects.get(credential=device.digest.removeprefix("sha256:"))
        remove_passkey(caller=who("ben"), passkey=passkey, password=password_of("ben"))
        with pytest.raises(NotAllowed, match="none of your passkeys"):
            verbs.put("ben", review, **given)

    def test_where_the_passkey_ends_between_the_proof_and_the_act(self, review: Review) -> None:
        device = passkeys.register("ben")
        proved = _proof_of(review, device)
        passkey = Passkey.objects.get()
        remove_passkey(caller=who("ben"), passkey=passkey, password=password_of("ben"))
        with pytest.raises(Conflict, match="removed a moment ago"):
            signs("ben", review, proved)

    def test_where_the_words_change_between_the_proof_and_the_act(self, review: Review) -> None:
        proved = _proof_of(review, passkeys.register("ben"))
        with pytest.raises(Conflict, match="has changed meanwhile"):
            signs("ben", review, proved, reason="Other words.")


def _proof_of(review: Review, device: Device) -> Proof:
    """A proof out of a signature that is undone."""
    with transaction.atomic():
        row = verbs.put("ben", review, **proof("ben", device, review))
        said = record_of(row)
        transaction.set_rollback(True)
    return Proof(PASSKEY, said["passkey"])


def signs(name: str, review: Review, proved: Proof, reason: str = verbs.REASON) -> None:
    """As a program would write it that has asked already."""
    shown = (f"sha256:{review.statement_digest}", "")
    _sign(who(name), review, shown, SignDecision.APPROVE, reason, proved)


class TestPastTheProgram:
    """What a web process could write that was taken over; the notary and everybody else looks."""

    def test_a_record_without_an_assertion_is_no_passkey(self, review: Review) -> None:
        passkeys.register("ben")
        with pytest.raises(DatabaseError, match="none of that person"), transaction.atomic():
            signs("ben", review, Proof(PASSKEY))

    def test_the_passkey_of_another_person_is_none(self, review: Review) -> None:
        proved = _proof_of(review, passkeys.register("ben"))
        with (
            pytest.raises((DatabaseError, Conflict)),
            transaction.atomic(),
        ):
            signs("cleo", review, proved)

    def test_an_assertion_that_was_changed_does_not_count(self, review: Review) -> None:
        proved = _proof_of(review, passkeys.register("ben"))
        assert proved.assertion is not None
        spoilt = proved.assertion | {"signature": encode_base64url(b"forged")}
        signs("ben", review, Proof(PASSKEY, spoilt))
        assert counting_signatures(review, Policy.read(review.policy.document)) == []


def test_signing_is_still_refused_for_its_own_reasons(review: Review) -> None:
    passkeys.register("ada")
    with pytest.raises(NotAllowed, match="signature of"):
        asked("ada", review)
    with pytest.raises(Invalid):
        sign(
            caller=who("ben"),
            review=review,
            statement_digest=f"sha256:{review.statement_digest}",
            decision="maybe",
            reason="r",
        )
