"""Whoever signs in at an identity provider signs in there anew before an act, for its words."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from time import sleep
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client, override_settings
from django.utils import timezone

from accounts.models import AuthenticationRequest, Identity
from accounts.oidc.asking import CALLBACK, answer_again, ask_again, take_sign_in
from accounts.oidc.identities import end_identity
from accounts.passkeys.records import logged_proofs
from accounts.proving import Proof
from audit.models import AuditEvent
from common.errors import Conflict, Invalid, NotAllowed
from compliance.verification.passkeys import identities
from compliance.verification.reviews import reviews
from compliance.verification.two_persons import two_persons
from governance.approvals.releases import revoke
from governance.findings.records import annex_of
from governance.models import Review, SignDecision
from governance.policy.documents import Policy
from governance.reviewing.asking import ask_to_revoke, ask_to_waive
from governance.reviewing.signing import counting_signatures, words_to_sign
from governance.selectors import trusted_keys
from governance.services import _sign, submit
from governance.waivers.records import holding_waivers
from tests.cast import user_of, who
from tests.factories import passkeys, verbs, waivers
from tests.factories import provider as factory
from tests.factories.factors import enrol
from tests.factories.provider import Provider, asked, bind
from tests.stage import Stage
from trust.base64_text import decode_base64url
from trust.methods import OIDC
from trust.passkeys import SIGN, SIGN_WORDS, wrong_with_method, wrong_with_proof
from trust.sign_ins import sign_in_nonce
from trust.times import format_moment


@pytest.fixture(scope="module")
def process() -> Iterator[Provider]:
    """One process for this file."""
    with factory.running() as provider:
        yield provider


@pytest.fixture
def provider(process: Provider, ready: Stage) -> Provider:
    """Honest at the beginning of every test; an account of it opens ben's login."""
    process.be()
    bind("ben")
    return process


@pytest.fixture
def review(ready: Stage) -> Review:
    """A review that nobody has signed."""
    return submit(caller=who("ada"), version=ready.version)


def signed(provider: Provider, review: Review, **wishes: Any) -> Any:
    """Asked, signed in anew, signed."""
    ask = asked("ben", review, **wishes)
    answer_again(who("ben"), provider.reply(ask.address))
    return verbs.put("ben", review, password="", sign_in=ask.challenge, **wishes)


def whys() -> list[str]:
    rows = AuditEvent.objects.filter(action="provider_answer.refused").order_by("pk")
    return [row.payload["why"] for row in rows]


def record_of(row: Any) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(bytes(row.record))
    return said


class TestASignature:
    def test_keeps_who_was_asked_when_and_for_what(
        self, provider: Provider, review: Review
    ) -> None:
        said, identity = record_of(signed(provider, review)), Identity.objects.get()
        kept = said["sign_in"]
        assert said["method"] == "oidc"
        assert set(kept) == {"identity", "intent", "nonce", "asked_at", "auth_time", "token"}
        assert kept["identity"] == f"sha256:{identity.digest}"
        assert json.loads(kept["intent"]) == {"act": "sign"} | {w: said[w] for w in SIGN_WORDS}
        question = AuthenticationRequest.objects.get()
        sent = next(one for one in reversed(provider.seen()) if "nonce" in one)
        digest = bytes.fromhex(question.intent_digest)
        assert sent["nonce"] == sign_in_nonce(digest, decode_base64url(kept["nonce"]))
        assert (sent["prompt"], sent["max_age"]) == ("login", "0")
        assert AuditEvent.objects.get(action="review.signed").payload["method"] == "oidc"

    def test_counts_and_is_found_sound(self, provider: Provider, review: Review) -> None:
        row = signed(provider, review)
        policy = Policy.read(review.policy.document)
        assert counting_signatures(review, policy) == [row]
        assert not [*identities(), *two_persons(), *reviews(trusted_keys())]

    def test_counts_after_the_account_was_ended(self, provider: Provider, review: Review) -> None:
        row = signed(provider, review)
        end_identity(caller=who("root"), identity=Identity.objects.get())
        assert counting_signatures(review, Policy.read(review.policy.document)) == [row]

    def test_goes_by_the_page(self, provider: Provider, review: Review) -> None:
        client = Client()
        client.force_login(user_of("ben"))
        page = client.get(f"/reviews/{review.pk}").content.decode()
        assert "Sign in again at Acme ID and sign" in page
        words = {
            "statement_digest": f"sha256:{review.statement_digest}",
            "decision": "approve",
            "reason": "Read it all.",
        }
        reply = client.post(
            f"/api/v1/reviews/{review.pk}/signatures/challenge",
            json.dumps(words | {"by": "oidc"}),
            content_type="application/json",
        )
        ask = reply.json()
        done = client.get(CALLBACK, provider.visit(ask["address"]))
        assert f'data-provider-done="{ask["challenge"]}"' in done.content.decode()
        form = words | {"attested": "on", "last_comment": "0", "sign_in": ask["challenge"]}
        assert client.post(f"/reviews/{review.pk}/sign", form).status_code == 302
        assert record_of(review.signatures.get())["method"] == "oidc"
        shown = client.get(f"/reviews/{review.pk}").content.decode()
        assert "sign-in at the identity provider" in shown


Lie = tuple[dict[str, Any], str]
LIES: dict[str, Lie] = {
    "a sign-in before it was asked for": ({"shift": {"auth_time": -60}}, "auth_time"),
    "no moment of the sign-in": ({"without": ["auth_time"]}, "auth_time"),
    "another account": ({"sub": "carl-at-work"}, "identity"),
    "a nonce of another act": ({"claims": {"nonce": "x" * 43}}, "nonce"),
    "no signature": ({"alg": "none"}, "algorithm"),
}


class TestNothingElseIsTaken:
    @pytest.mark.parametrize("lie", LIES)
    def test_by(self, provider: Provider, review: Review, lie: str) -> None:
        behaviour, why = LIES[lie]
        provider.be(**behaviour)
        ask = asked("ben", review)
        with pytest.raises(NotAllowed) as refusal:
            answer_again(who("ben"), provider.reply(ask.address))
        assert (refusal.value.field, whys()) == ("sign_in", [why])
        with pytest.raises(NotAllowed, match="has not answered"):
            verbs.put("ben", review, password="", sign_in=ask.challenge)
        assert not review.signatures.exists()

    def test_by_an_account_of_another_person(self, provider: Provider, review: Review) -> None:
        bind("cleo", "cleo-at-work")
        provider.be(sub="cleo-at-work")
        ask = asked("ben", review)
        with pytest.raises(NotAllowed, match="not bound to your login"):
            answer_again(who("ben"), provider.reply(ask.address))
        assert whys() == ["identity"]

    @pytest.mark.parametrize("words", [{"decision": "reject"}, {"reason": "For another reason."}])
    def test_for_other_words(
        self, provider: Provider, review: Review, words: dict[str, Any]
    ) -> None:
        ask = asked("ben", review)
        answer_again(who("ben"), provider.reply(ask.address))
        with pytest.raises(NotAllowed, match="something else"):
            verbs.put("ben", review, password="", sign_in=ask.challenge, **words)
        assert whys() == ["intent"]

    def test_twice(self, provider: Provider, review: Review) -> None:
        row = signed(provider, review)
        question = AuthenticationRequest.objects.get()
        caller, words = who("ben"), json.loads(record_of(row)["sign_in"]["intent"])
        del words["act"]
        with pytest.raises(NotAllowed, match="given already"):
            take_sign_in(caller, SIGN, words, question.pk)
        with pytest.raises(DatabaseError, match="answered already"), transaction.atomic():
            AuthenticationRequest.objects.update(used_at=None)

    def test_in_another_session_or_of_another_person(
        self, provider: Provider, review: Review
    ) -> None:
        ask = asked("ben", review)
        reply = provider.reply(ask.address)
        with pytest.raises(NotAllowed, match="no question of yours"):
            answer_again(who("cleo"), reply)
        with pytest.raises(NotAllowed, match="another session"):
            answer_again(replace(who("ben"), seat="session:other"), reply)
        again = asked("ben", review)
        answer_again(who("ben"), provider.reply(again.address))
        with pytest.raises(NotAllowed, match="another session"):
            verbs.put(
                "ben",
                review,
                caller=replace(who("ben"), seat="session:other"),
                password="",
                sign_in=again.challenge,
            )
        assert whys() == ["state", "session", "session"]

    def test_that_came_too_late(self, provider: Provider, review: Review) -> None:
        with override_settings(OIDC_SECONDS=1):
            ask = asked("ben", review)
        answer_again(who("ben"), provider.reply(ask.address))
        sleep(1)
        with pytest.raises(NotAllowed, match="too late"):
            verbs.put("ben", review, password="", sign_in=ask.challenge)

    def test_besides_another_proof(self, provider: Provider, review: Review) -> None:
        ask = asked("ben", review)
        with pytest.raises(Invalid, match="one proof"):
            verbs.put("ben", review, sign_in=ask.challenge)

    def test_of_a_token_or_of_whoever_has_an_app_or_no_account(
        self, provider: Provider, review: Review
    ) -> None:
        with pytest.raises(NotAllowed, match="in a session"):
            ask_again(verbs.with_scopes(who("ben"), "read", "sign"), SIGN, {})
        with pytest.raises(NotAllowed, match="No account"):
            asked("cleo", review)
        ask = asked("ben", review)
        answer_again(who("ben"), provider.reply(ask.address))
        enrol("ben")
        with pytest.raises(NotAllowed, match="authenticator app"):
            verbs.put("ben", review, password="", sign_in=ask.challenge)

    def test_where_the_account_ends_between_the_proof_and_the_act(
        self, provider: Provider, review: Review
    ) -> None:
        ask = asked("ben", review)
        answer_again(who("ben"), provider.reply(ask.address))
        words = words_to_sign(
            who("ben"),
            f"sha256:{review.statement_digest}",
            "approve",
            verbs.REASON,
            annex_of(review.version_id),
        )
        proof = Proof(OIDC, take_sign_in(who("ben"), SIGN, words, ask.challenge))
        end_identity(caller=who("root"), identity=Identity.objects.get())
        shown = (f"sha256:{review.statement_digest}", "")
        approve = SignDecision.APPROVE
        with pytest.raises(Conflict, match="taken from your login"):
            _sign(who("ben"), review, shown, approve, verbs.REASON, proof)
        unheld = Unheld(OIDC, proof.assertion)
        with pytest.raises(DatabaseError, match="none of that person"), transaction.atomic():
            _sign(who("ben"), review, shown, approve, verbs.REASON, unheld)
        with pytest.raises(Conflict, match="has changed"):
            _sign(who("ben"), review, shown, approve, "Another.", proof)

    @pytest.mark.parametrize(
        ("demand", "reason"), [("passkey", "sign with yours"), ("second_factor", "shows none")]
    )
    def test_where_the_policy_demands_more(
        self, provider: Provider, ready: Stage, demand: str, reason: str
    ) -> None:
        strict = waivers.strict_policy(**{demand: True})
        review = submit(caller=who("ada"), version=ready.version)
        passkeys.register("ben")
        with pytest.raises(NotAllowed, match=reason):
            asked("ben", review)
        said: dict[str, Any] = {"method": "oidc"}
        assert list(wrong_with_method(said, strict.document, SIGN, SIGN_WORDS, {}))


class Unheld(Proof):
    """A proof whose holding somebody left out."""

    def hold(self, act: str, words: Mapping[str, Any]) -> None:
        """Not at all."""


class TestOtherActs:
    def test_a_waiver_is_given_so(self, provider: Provider, ready: Stage) -> None:
        policy = waivers.strict_policy()
        shown = waivers.gate_of(ready.version, waivers.ACCURACY).digest
        words: dict[str, Any] = {"reason": waivers.REASON, "expires_on": waivers.in_days(30)}
        ask = ask_to_waive(
            caller=who("ben"), version=ready.version, gate_digest=shown, by=OIDC, **words
        )
        answer_again(who("ben"), provider.reply(ask.address))
        row = waivers.give("ben", ready.version, password="", sign_in=ask.challenge, **words)
        assert record_of(row)["method"] == "oidc"
        assert holding_waivers(ready.version, policy, [waivers.ACCURACY]) == [row]

    def test_a_revocation_is_given_so(self, process: Provider, approved: Stage) -> None:
        process.be()
        bind("mira")
        ask = ask_to_revoke(caller=who("mira"), version=approved.version, reason="Drift.", by=OIDC)
        answer_again(who("mira"), process.reply(ask.address))
        revoke(
            caller=who("mira"),
            version=approved.version,
            reason="Drift.",
            sign_in=ask.challenge,
        )
        told = AuditEvent.objects.get(action="approval.revoked")
        assert told.payload["method"] == "oidc"
        assert not list(reviews(trusted_keys()))


Forge = Callable[[dict[str, Any]], object]
FORGERIES: dict[str, tuple[Forge, str]] = {
    "other words": (lambda said: said.update(reason="Another."), "other words"),
    "another method": (lambda said: said.update(method="password"), "another method"),
    "another account": (
        lambda said: said["sign_in"].update(identity=f"sha256:{'0' * 64}"),
        "does not tell of this account",
    ),
    "another person": (lambda said: said.update(person="x"), "of another person"),
    "an earlier sign-in": (
        lambda said: said["sign_in"].update(auth_time="2020-01-01T00:00:00.000000Z"),
        "before it was asked for",
    ),
    "an earlier signature": (lambda said: said.update(at="2020-01-01T00:00:00.000000Z"), "bound"),
    "a later sign-in": (
        lambda said: said["sign_in"].update(auth_time="2999-01-01T00:00:00.000000Z"),
        "afterwards",
    ),
    "no token": (lambda said: said["sign_in"].pop("token"), "token"),
}


class TestEverybodyWhoLooksAfterwards:
    @pytest.mark.parametrize("forgery", FORGERIES)
    def test_finds(self, provider: Provider, review: Review, forgery: str) -> None:
        forge, words = FORGERIES[forgery]
        row = signed(provider, review)
        known = logged_proofs([row.person_id])
        said = record_of(row)
        assert list(wrong_with_proof(said, SIGN, SIGN_WORDS, known)) == []
        forge(said)
        found = list(wrong_with_proof(said, SIGN, SIGN_WORDS, known))
        assert len(found) == 1
        assert words in found[0]

    def test_finds_a_signature_after_the_end_of_the_account(
        self, provider: Provider, review: Review
    ) -> None:
        said = record_of(signed(provider, review))
        end_identity(caller=who("root"), identity=Identity.objects.get())
        known = logged_proofs([user_of("ben").person_id])
        said["at"] = format_moment(timezone.now() + timedelta(seconds=1))
        (found,) = wrong_with_proof(said, SIGN, SIGN_WORDS, known)
        assert "had been ended before" in found
