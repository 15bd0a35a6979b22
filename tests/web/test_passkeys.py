"""The pages of one's own passkeys, and the answers of passkeys in forms that sign."""

import html
import json
from typing import Any

from django.test import Client, override_settings
from django.urls import reverse

from accounts.models import Passkey
from governance.models import Review, Revocation, Signature, Waiver
from governance.services import submit
from tests.cast import password_of, user_of, who
from tests.factories import passkeys, waivers
from tests.factories.factors import enrol
from tests.factories.passkeys import Device
from tests.stage import Stage
from tests.web.conftest import As

PAGE = "/access/passkeys"


def text(response: Any) -> str:
    """The page as its reader sees it."""
    return html.unescape(response.content.decode())


def asked(client: Client, path: str, **body: Any) -> dict[str, Any]:
    """What js/passkeys.js gets for a form."""
    reply = client.post(path, json.dumps(body), content_type="application/json")
    assert reply.status_code == 201, reply.content
    said: dict[str, Any] = reply.json()
    return said


def answered(device: Device, ask: dict[str, Any]) -> str:
    """What js/passkeys.js puts into the form."""
    credential = device.signed(ask["public_key"]["challenge"])
    return json.dumps({"challenge": ask["challenge"], "credential": credential})


def registration(client: Client, device: Device, **wishes: str) -> Any:
    """The form of the page, filled in."""
    offer = asked(client, "/api/v1/me/passkeys/offer")
    form = {
        "challenge": offer["challenge"],
        "credential": json.dumps(device.made(offer["public_key"])),
        "name": "Key ring",
        "password": password_of("ben"),
    }
    return client.post(PAGE, form | wishes)


class TestMyPasskeys:
    def test_are_registered_listed_renamed_and_removed(self, ready: Stage, as_: As) -> None:
        client = as_("ben")
        assert "You have no passkey." in text(client.get(PAGE))
        assert registration(client, Device("EdDSA"))["Location"] == PAGE
        passkey = Passkey.objects.get()
        assert "Key ring" in text(client.get(PAGE))
        line = f"{passkey.person_id} sha256:{passkey.credential}"
        assert line in text(client.get(f"{PAGE}/{passkey.pk}"))

        client.post(f"{PAGE}/{passkey.pk}/rename", {"name": "In the safe"})
        assert "In the safe" in text(client.get(PAGE))
        refused = client.post(f"{PAGE}/{passkey.pk}/remove", {"password": "wrong"})
        assert refused.status_code == 422
        assert 'id="remove-password_error"' in refused.content.decode()
        client.post(f"{PAGE}/{passkey.pk}/remove", {"password": password_of("ben")})
        assert "You have no passkey." in text(client.get(PAGE))

    def test_say_what_is_wrong_and_ask_the_device_again(self, ready: Stage, as_: As) -> None:
        client = as_("ben")
        for field, wishes in (
            ("password", {"password": "wrong"}),
            ("name", {"name": ""}),
            ("credential", {"credential": "{}"}),
            ("credential", {"credential": "no JSON"}),
            (None, {"credential": ""}),
        ):
            reply = registration(client, Device("EdDSA"), **wishes)
            assert reply.status_code == 422, wishes
            form = reply.context["form"]
            assert set(form.errors) == {field or "__all__"}
            assert "attestationObject" not in text(reply)
        assert not Passkey.objects.exists()

    def test_want_the_code_of_whoever_has_an_app(self, ready: Stage, as_: As) -> None:
        enrol("ben")
        client = as_("ben")
        assert 'name="code"' in text(client.get(PAGE))
        assert set(registration(client, Device("EdDSA")).context["form"].errors) == {"code"}

    def test_say_where_they_work_if_not_here(self, ready: Stage, as_: As) -> None:
        client = as_("ben")
        there: Any = {"SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8300"}
        assert "Open http://localhost:8300 instead." in text(client.get(PAGE, **there))
        with override_settings(PUBLIC_URL="http://10.0.0.7:8300"):
            assert "An administrator sets ASSAY_URL." in text(client.get(PAGE, **there))
        here: Any = {"SERVER_NAME": "localhost", "SERVER_PORT": "8300"}
        assert "do not work" not in text(client.get(PAGE, **here)).split("data-cancelled")[0]


class TestSigning:
    def sign(self, client: Client, review: Review, **more: str) -> Any:
        form = {
            "statement_digest": f"sha256:{review.statement_digest}",
            "last_comment": "0",
            "decision": "approve",
            "reason": "It holds.",
            "attested": "on",
        }
        return client.post(reverse("web:review-sign", args=[review.pk]), form | more)

    def ask(self, client: Client, review: Review, **more: str) -> dict[str, Any]:
        words = {
            "statement_digest": f"sha256:{review.statement_digest}",
            "decision": "approve",
            "reason": "It holds.",
        }
        return asked(client, f"/api/v1/reviews/{review.pk}/signatures/challenge", **words | more)

    def test_offers_the_passkey_to_whoever_has_one(self, ready: Stage, as_: As) -> None:
        review = submit(caller=who("ada"), version=ready.version)
        device = passkeys.register("ben")
        assert "data-passkey-sign" not in text(self.sign(as_("cleo"), review))
        client = as_("ben")
        assert "data-passkey-sign" in text(self.sign(client, review))

        refused = self.sign(client, review, passkey=answered(Device(), self.ask(client, review)))
        assert refused.status_code == 422
        assert "This is none of your passkeys." in text(refused)
        broken = self.sign(client, review, passkey="{}")
        assert "This is no answer of a passkey" in text(broken)
        assert not Signature.objects.exists()

        self.sign(client, review, passkey=answered(device, self.ask(client, review)))
        assert Signature.objects.get().person_id == user_of("ben").person_id
        page = text(client.get(reverse("web:review", args=[review.pk])))
        assert "passkey" in page

    def test_asks_for_nothing_else_where_the_policy_demands_one(
        self, ready: Stage, as_: As
    ) -> None:
        waivers.strict_policy(0.5, passkey=True)
        review = submit(caller=who("ada"), version=ready.version)
        passkeys.register("ben")
        page = text(self.sign(as_("ben"), review))
        assert "data-passkey-sign" in page
        assert 'name="password"' not in page
        without = text(as_("cleo").get(reverse("web:review", args=[review.pk])))
        assert "The policy demands a passkey: register one first." in without

    def test_is_for_the_session_that_asked(self, ready: Stage, as_: As) -> None:
        review = submit(caller=who("ada"), version=ready.version)
        device = passkeys.register("ben")
        given = answered(device, self.ask(as_("ben"), review))
        assert "another session" in text(self.sign(as_("ben"), review, passkey=given))
        assert not Signature.objects.exists()


class TestOtherForms:
    def test_revoke_by_passkey(self, approved: Stage, as_: As) -> None:
        device, client = passkeys.register("mira"), as_("mira")
        path = reverse("web:version-revoke", args=["tumours", 1])
        assert "data-passkey-sign" in text(client.get(path))
        api = "/api/v1/models/tumours/versions/1/revocation/challenge"
        given = answered(device, asked(client, api, reason="It drifts."))
        nothing = client.post(path, {"reason": "It drifts."})
        assert set(nothing.context["form"].errors) == {"password"}
        other = client.post(path, {"reason": "Other.", "passkey": given})
        assert set(other.context["form"].errors) == {"passkey"}
        assert not Revocation.objects.exists()
        given = answered(device, asked(client, api, reason="It drifts."))
        assert client.post(path, {"reason": "It drifts.", "passkey": given}).status_code == 302
        assert Revocation.objects.get().assertion is not None

    def test_waive_by_passkey(self, ready: Stage, as_: As) -> None:
        waivers.strict_policy(passkey=True)
        device, client = passkeys.register("ben"), as_("ben")
        path = reverse("web:version-waive", args=["tumours", 1])
        page = text(client.get(path))
        assert 'data-fields="gate_digest:finding,reason,expires_on"' in page
        assert 'name="password"' not in page
        words = {
            "gate_digest": waivers.gate_of(ready.version).digest,
            "reason": waivers.REASON,
            "expires_on": waivers.in_days(9).isoformat(),
        }
        api = "/api/v1/models/tumours/versions/1/waivers/challenge"
        given = answered(device, asked(client, api, **words))
        form = {"finding": words.pop("gate_digest"), **words, "passkey": given}
        assert client.post(path, form).status_code == 302
        assert Waiver.objects.get().reason == waivers.REASON


def test_a_challenge_is_for_whoever_has_a_passkey(ready: Stage, as_: As) -> None:
    waivers.strict_policy()
    words = {
        "gate_digest": waivers.gate_of(ready.version).digest,
        "reason": "r",
        "expires_on": waivers.in_days(3).isoformat(),
    }
    path, client = "/api/v1/models/tumours/versions/1/waivers/challenge", as_("ben")
    reply = client.post(path, json.dumps(words), content_type="application/json")
    assert reply.status_code == 409
    assert reply.json()["detail"] == "You have no passkey; register one first."
    passkeys.register("ben")
    assert asked(client, path, **words)["public_key"]["rpId"] == "localhost"
