"""Signing in at an identity provider: a real one on loopback, honest or not."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client, override_settings
from django.utils import timezone

from accounts.models import AuthenticationRequest, Identity, User
from accounts.oidc.asking import (
    CALLBACK,
    answer_sign_in,
    ask_at_sign_in,
    forget_old_questions,
)
from accounts.oidc.fetching import ProviderUnavailable, is_allowed
from accounts.oidc.id_tokens import Refused
from accounts.oidc.identities import end_identity
from accounts.oidc.provider import _Known, the_provider
from accounts.proposals.services import propose
from accounts.reauthentication import reauthenticate
from accounts.services import create_user, deactivate_user
from audit.models import AuditEvent
from common.errors import Conflict, NotAllowed, NotFound
from tests.cast import password_of, user_of, who
from tests.factories import provider as factory
from tests.factories.factors import enrol
from tests.factories.provider import SUBJECT, Provider, bind, sign_in

pytestmark = pytest.mark.usefixtures("ready")


@pytest.fixture(scope="module")
def process() -> Iterator[Provider]:
    """One process for this file."""
    with factory.running() as provider:
        yield provider


@pytest.fixture
def provider(process: Provider) -> Provider:
    """Honest at the beginning of every test."""
    process.be()
    return process


def is_signed_in(client: Client) -> bool:
    return client.get("/access").status_code == 200


class TestSigningIn:
    @pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
    def test_opens_the_login_that_the_account_is_bound_to(
        self, provider: Provider, algorithm: str
    ) -> None:
        bind("ben")
        provider.be(alg=algorithm)
        client = Client()
        assert "Sign in with Acme ID" in client.get("/accounts/login/").content.decode()
        assert sign_in(client, provider)["Location"] == "/"
        assert client.get("/api/v1/me").json()["username"] == "ben"

    def test_asks_with_pkce_state_and_nonce_and_redeems_with_the_verifier(
        self, provider: Provider
    ) -> None:
        bind("ben")
        sign_in(Client(), provider)
        asked, redeemed = provider.seen()[-2:]
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
        assert redeemed["code_verifier"] not in asked.values()
        assert asked["scope"] == "openid"

    def test_goes_on_where_the_person_wanted_to(self, provider: Provider) -> None:
        bind("ben")
        for wanted, reached in (("/models", "/models"), ("https://evil.example/", "/")):
            client = Client()
            there = client.get("/accounts/provider/", {"next": wanted})
            back = client.get(CALLBACK, provider.visit(there["Location"]))
            assert back["Location"] == reached

    def test_never_goes_by_the_e_mail_address(self, provider: Provider) -> None:
        client = Client()
        refusal = sign_in(client, provider)  # its token says carl@example.org
        assert refusal.status_code == 403
        assert SUBJECT in refusal.content.decode()
        assert not is_signed_in(client)
        assert AuditEvent.objects.filter(action="sign_in.failed").exists()

    def test_asks_for_the_second_factor_of_whoever_has_one(self, provider: Provider) -> None:
        bind("ben")
        enrol("ben")
        client = Client()
        assert sign_in(client, provider)["Location"] == "/accounts/2fa/authenticate/"
        assert not is_signed_in(client)

    def test_opens_no_closed_login(self, provider: Provider) -> None:
        bind("ben")
        deactivate_user(caller=who("root"), user=user_of("ben"))
        assert sign_in(Client(), provider).status_code == 403

    def test_opens_nothing_for_an_account_that_was_ended(self, provider: Provider) -> None:
        bind("ben")
        end_identity(caller=who("root"), identity=Identity.objects.get())
        assert sign_in(Client(), provider).status_code == 403
        bind("cleo")  # it may be another's from then on
        assert sign_in(Client(), provider)["Location"] == "/"

    @override_settings(OIDC_ISSUER="")
    def test_is_offered_only_where_a_provider_is_set_up(self) -> None:
        page = Client().get("/accounts/login/").content.decode()
        assert "/accounts/provider/" not in page
        assert Client().get("/accounts/provider/").status_code == 404
        assert Client().get(CALLBACK).status_code == 404


LIES: dict[str, tuple[dict[str, Any], str]] = {
    "a wrong nonce": ({"claims": {"nonce": "x" * 43}}, "nonce"),
    "no nonce": ({"without": ["nonce"]}, "nonce"),
    "a wrong key under a known name": ({"key": "other"}, "signature"),
    "a key that is not published": ({"key": "new"}, "key"),
    "a key of 1024 bits": ({"key": "weak"}, "key"),
    "no signature": ({"alg": "none"}, "algorithm"),
    "a signature by a shared secret": ({"alg": "HS256"}, "algorithm"),
    "another audience": ({"claims": {"aud": "another"}}, "audience"),
    "several audiences and no party": ({"claims": {"aud": [factory.CLIENT, "b"]}}, "party"),
    "another authorized party": ({"claims": {"azp": "another"}}, "party"),
    "another issuer": ({"claims": {"iss": "https://evil.example"}}, "issuer"),
    "an end in the past": ({"shift": {"exp": -400}}, "expired"),
    "no end": ({"without": ["exp"]}, "expired"),
    "a beginning before the question": ({"shift": {"iat": -60}}, "issued"),
    "a beginning in the future": ({"shift": {"iat": 600}}, "issued"),
    "a sign-in in the future": ({"shift": {"auth_time": 600}}, "auth_time"),
    "no subject": ({"without": ["sub"]}, "subject"),
    "an answer of another issuer": ({"back": {"iss": "https://evil.example"}}, "issuer"),
    "an answer without issuer": ({"back": {"iss": ""}}, "issuer"),
    "an error": ({"back": {"error": "access_denied"}}, "error"),
}


class TestAnAnswer:
    @pytest.mark.parametrize("lie", LIES)
    def test_is_refused_with(self, provider: Provider, lie: str) -> None:
        behaviour, why = LIES[lie]
        provider.be(**behaviour)
        question = ask_at_sign_in("browser")
        with pytest.raises(Refused) as refusal:
            answer_sign_in("browser", provider.reply(question.address))
        assert refusal.value.why == why

    def test_is_refused_in_the_page(self, provider: Provider) -> None:
        bind("ben")
        provider.be(claims={"nonce": "x" * 43})
        client = Client()
        refusal = sign_in(client, provider)
        assert refusal.status_code == 403
        assert "cannot be trusted" in refusal.content.decode()
        assert not is_signed_in(client)

    def test_is_taken_once(self, provider: Provider) -> None:
        question = ask_at_sign_in("browser")
        reply = provider.reply(question.address)
        assert answer_sign_in("browser", reply).subject == SUBJECT
        with pytest.raises(Refused) as refusal:
            answer_sign_in("browser", reply)
        assert refusal.value.why == "used"

    def test_with_a_code_that_was_redeemed_is_refused(self, provider: Provider) -> None:
        first = provider.reply(ask_at_sign_in("browser").address)
        answer_sign_in("browser", first)
        second = provider.reply(ask_at_sign_in("browser").address)
        with pytest.raises(ProviderUnavailable):
            answer_sign_in("browser", type(second)(second.state, first.code, second.issuer, ""))

    def test_with_the_code_of_another_question_is_refused(self, provider: Provider) -> None:
        mine = provider.reply(ask_at_sign_in("browser").address)
        stolen = provider.reply(ask_at_sign_in("another").address)
        with pytest.raises(ProviderUnavailable):  # PKCE
            answer_sign_in("browser", type(mine)(mine.state, stolen.code, mine.issuer, ""))

    def test_of_another_browser_is_refused(self, provider: Provider) -> None:
        reply = provider.reply(ask_at_sign_in("browser").address)
        with pytest.raises(Refused) as refusal:
            answer_sign_in("another", reply)
        assert refusal.value.why == "session"
        assert Client().get(CALLBACK, {"state": reply.state, "code": "x"}).status_code == 403

    def test_without_question_is_refused(self, provider: Provider) -> None:
        client = Client()
        client.get("/accounts/provider/")
        reply = client.get(CALLBACK, {"state": "x", "code": "x", "iss": provider.issuer})
        assert reply.status_code == 403

    def test_comes_in_time_and_is_forgotten(self, provider: Provider) -> None:
        with override_settings(OIDC_SECONDS=-1):
            late = provider.reply(ask_at_sign_in("browser").address)
        with pytest.raises(Refused) as refusal:
            answer_sign_in("browser", late)
        assert refusal.value.why == "late"
        forget_old_questions()
        assert AuthenticationRequest.objects.count() == 1
        with override_settings(OIDC_SECONDS=-90_000):
            ask_at_sign_in("browser")
        forget_old_questions()
        assert AuthenticationRequest.objects.count() == 1


class TestTheProvider:
    def test_is_followed_nowhere_else(self, provider: Provider) -> None:
        provider.be(redirect="http://127.0.0.1:1/token")
        with pytest.raises(ProviderUnavailable, match="302"):
            answer_sign_in("b", provider.reply(ask_at_sign_in("b").address))

    def test_says_little(self, provider: Provider) -> None:
        provider.be(padding=300_000)
        with pytest.raises(ProviderUnavailable, match="too long"):
            answer_sign_in("b", provider.reply(ask_at_sign_in("b").address))

    @pytest.mark.parametrize(
        ("document", "said"),
        [
            ({"issuer": "https://evil.example"}, "another issuer"),
            ({"token_endpoint": "http://evil.example/token"}, "not https"),
            ({"jwks_uri": 7}, "not valid"),
        ],
    )
    def test_is_refused_whose_document_says(
        self, provider: Provider, document: dict[str, Any], said: str
    ) -> None:
        provider.be(discovery=document)
        with pytest.raises(ProviderUnavailable, match=said):
            _Known().provider()

    def test_is_asked_for_its_document_once(self, provider: Provider) -> None:
        known = the_provider()
        provider.be(discovery={"issuer": "https://evil.example"})
        assert the_provider() is known

    def test_that_does_not_answer_is_said_to_be_away(self) -> None:
        with override_settings(OIDC_ISSUER="http://127.0.0.1:9", OIDC_CLIENT_ID="x"):
            assert Client().get("/accounts/provider/").status_code == 503
            again = Client().get("/accounts/provider/")
        assert again.status_code == 503
        assert "a moment ago" in again.content.decode()

    @pytest.mark.parametrize(
        ("address", "allowed"),
        [
            ("https://id.example.org/x", True),
            ("http://127.0.0.1:80/", True),
            ("http://localhost/", True),
            ("http://id.example.org/", False),
            ("http://localhost.evil.example/", False),
            ("https://user@id.example.org/", False),
            ("file:///etc/passwd", False),
            ("https://id.example.org:x/", False),
        ],
    )
    def test_is_spoken_to_privately(self, address: str, allowed: bool) -> None:
        assert is_allowed(address) == allowed


class TestBinding:
    def test_is_done_by_two_administrators_and_told(self, provider: Provider) -> None:
        proposal = bind("ben")
        row = Identity.objects.get()
        told = AuditEvent.objects.get(action="identity.bound")
        assert told.payload == {
            "identity": f"sha256:{row.digest}",
            "user": str(user_of("ben").pk),
            "proposal": f"sha256:{proposal.digest}",
        }
        shown = Client()
        shown.force_login(user_of("root"))
        users = shown.get("/api/v1/users").json()["results"]
        ben = next(user for user in users if user["username"] == "ben")
        assert [one["subject"] for one in ben["identities"]] == [SUBJECT]

    def test_is_not_done_by_one(self, provider: Provider) -> None:
        ben = user_of("ben")
        with pytest.raises(DatabaseError, match="Two persons"), transaction.atomic():
            Identity.objects.create(
                user=ben,
                person=ben.person,
                issuer=provider.issuer,
                subject=SUBJECT,
                digest="0" * 64,
                bound_at=timezone.now(),
                proposal=bind("cleo", "another"),
            )

    def test_never_changes_and_ends_once(self, provider: Provider) -> None:
        bind("ben")
        row = Identity.objects.get()
        for change in ({"subject": "x"}, {"user": user_of("cleo")}):
            with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                Identity.objects.filter(pk=row.pk).update(**change)
        end_identity(caller=who("root"), identity=row)
        with pytest.raises(DatabaseError, match="was ended"), transaction.atomic():
            Identity.objects.filter(pk=row.pk).update(ended_at=None)
        with pytest.raises(NotFound):
            end_identity(caller=who("root"), identity=row)

    def test_is_wanted_by_administrators_for_open_logins_and_free_accounts(
        self, provider: Provider
    ) -> None:
        bind("ben")

        def wanted(by: str, name: str, subject: str) -> None:
            wish = {"username": name, "subject": subject}
            propose(
                caller=who(by),
                kind="identity",
                wish=wish,
                reason="His own.",
                password=password_of(by),
            )

        with pytest.raises(NotAllowed):
            wanted("mira", "cleo", "x")
        with pytest.raises(Conflict, match="opens a login already"):
            wanted("root", "cleo", SUBJECT)
        deactivate_user(caller=who("root"), user=user_of("dan"))
        with pytest.raises(Conflict, match="closed"):
            wanted("root", "dan", "x")
        with pytest.raises(NotAllowed):
            end_identity(caller=who("mira"), identity=Identity.objects.get())

    def test_makes_a_first_password_unnecessary(self, provider: Provider) -> None:
        words = {"username": "new", "name": "New", "email": ""}
        user = create_user(caller=who("root"), **words)
        bind("new")
        assert not User.objects.get(pk=user.pk).has_usable_password()
        assert sign_in(Client(), provider)["Location"] == "/"
        with pytest.raises(NotAllowed, match="has no password"):
            reauthenticate(caller=who("new"), password="x")

    def test_is_proposed_and_ended_on_the_page(self, provider: Provider) -> None:
        ben, client = user_of("ben"), Client()
        client.force_login(user_of("root"))
        page = f"/access/people/{ben.pk}/accounts"
        assert page in client.get("/access/people").content.decode()
        form = {"subject": SUBJECT, "reason": "His own.", "password": password_of("root")}
        assert client.post(page, form)["Location"].startswith("/proposals/")
        bind("ben", "second")
        shown = client.get(page).content.decode()
        row = Identity.objects.get()
        assert f"{page}/{row.pk}/end" in shown
        assert client.post(f"{page}/{row.pk}/end")["Location"] == page
        assert Identity.objects.get().ended_at is not None
