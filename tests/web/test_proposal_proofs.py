"""Pages of proposals take a passkey, or a sign-in at the provider, instead of a password."""

import json
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Membership, Proposal
from accounts.proposals.services import propose
from governance.policy.documents import DEFAULTS
from governance.services import submit
from tests.cast import TEAM, password_of, user_of, who
from tests.factories import passkeys
from tests.stage import Stage
from tests.web.conftest import As

REASON = "There is more to review."
WISH: dict[str, Any] = {"team": TEAM, "grants": [{"username": "dan", "role": "reviewer"}]}


def wanted_by_root() -> Proposal:
    return propose(
        caller=who("root"), kind="roles", wish=WISH, reason=REASON, password=password_of("root")
    )


def digest(proposal: Proposal) -> str:
    return f"sha256:{proposal.digest}"


def is_reviewer() -> bool:
    dan = user_of("dan").person_id
    return Membership.objects.filter(person=dan, role="reviewer").exists()


@pytest.mark.usefixtures("ready")
class TestThePages:
    def test_offer_a_passkey_to_whoever_has_one(self, as_: As) -> None:
        proposal = wanted_by_root()
        page = reverse("web:proposal", args=[proposal.pk])
        assert "Sign with a passkey" not in as_("otto").get(page).content.decode()
        device = passkeys.register("otto")
        client = as_("otto")
        assert "Sign with a passkey" in client.get(page).content.decode()

        asked = client.post(
            reverse("api:proposal-confirmation-challenge", args=[proposal.pk]),
            {"digest": digest(proposal)},
            content_type="application/json",
        )
        assert asked.status_code == 201
        credential = device.signed(asked.json()["public_key"]["challenge"])
        given = json.dumps({"challenge": asked.json()["challenge"], "credential": credential})
        confirmed = client.post(
            reverse("web:proposal-confirm", args=[proposal.pk]),
            {"digest": digest(proposal), "passkey": given},
        )

        assert confirmed.status_code == 302
        assert is_reviewer()

    def test_make_a_challenge_for_a_form_as_it_is_filled_in(self, as_: As) -> None:
        device, client = passkeys.register("root"), as_("root")
        page = reverse("web:propose-roles", args=[TEAM])
        filled = {"usernames": "dan", "role": "reviewer", "reason": REASON}

        asked = client.post(f"{page}?ask", filled)
        assert asked.status_code == 201
        credential = device.signed(asked.json()["public_key"]["challenge"])
        given = json.dumps({"challenge": asked.json()["challenge"], "credential": credential})
        sent = client.post(page, filled | {"passkey": given})

        assert sent.status_code == 302
        assert Proposal.objects.get(state="open").proofs.get().held["method"] == "passkey"

    @pytest.mark.parametrize(
        ("change", "field"), [({"usernames": ""}, "usernames"), ({"by": "letter"}, "by")]
    )
    def test_say_as_a_problem_why_there_is_none(
        self, as_: As, change: dict[str, str], field: str
    ) -> None:
        passkeys.register("root")
        filled = {"usernames": "dan", "role": "reviewer", "reason": REASON} | change

        page = reverse("web:propose-roles", args=[TEAM])
        reply = as_("root").post(f"{page}?ask", filled, headers={"accept": "application/json"})

        assert reply.status_code == 422
        assert reply.json()["field"] == field

    def test_propose_a_policy_by_a_passkey(self, as_: As) -> None:
        device, client = passkeys.register("mira"), as_("mira")
        page = reverse("web:policy-publish")
        document = json.dumps(DEFAULTS["low"].as_dict() | {"validity_days": 33})
        filled = {
            "name": "two",
            "tier": "low",
            "team": TEAM,
            "document": document,
            "reason": REASON,
        }

        asked = client.post(f"{page}?ask", filled, headers={"accept": "application/json"})
        assert asked.status_code == 201, asked.json()
        credential = device.signed(asked.json()["public_key"]["challenge"])
        given = json.dumps({"challenge": asked.json()["challenge"], "credential": credential})

        assert client.post(page, filled | {"passkey": given}).status_code == 302
        assert Proposal.objects.get(state="open").kind == "policy"


@pytest.mark.usefixtures("ready")
class TestWhoeverHasNoPassword:
    def test_is_asked_for_none_where_a_passkey_will_do(self, as_: As) -> None:
        passkeys.register("otto")
        page = reverse("web:proposal", args=[wanted_by_root().pk])
        user = user_of("otto")
        assert 'name="password"' in as_("otto").get(page).content.decode()
        user.set_unusable_password()
        user.save()

        shown = as_("otto").get(page).content.decode()

        assert 'name="password"' not in shown
        assert "Confirm and do it" not in shown
        assert "Sign with a passkey" in shown


def test_a_signature_asks_for_no_password_of_whoever_has_none(ready: Stage, as_: As) -> None:
    review = submit(caller=who("ada"), version=ready.version)
    passkeys.register("ben")
    page = reverse("web:review", args=[review.pk])
    user = user_of("ben")
    assert 'id="sign-password"' in as_("ben").get(page).content.decode()
    user.set_unusable_password()
    user.save()

    assert 'id="sign-password"' not in as_("ben").get(page).content.decode()
