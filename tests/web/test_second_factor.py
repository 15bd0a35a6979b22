"""The page of one's own second factor, its reset by an administrator, and codes on other pages."""

import html
import re
from typing import Any

from django.test import Client
from django.urls import reverse

from accounts.factors import totp
from accounts.factors.codes import has_factor
from accounts.models import Proposal, SecondFactor
from audit.models import AuditEvent
from governance.models import Signature
from governance.services import submit
from tests.cast import password_of, user_of, who
from tests.factories import waivers
from tests.factories.emergencies import allow, stop
from tests.factories.factors import code_of, enrol, proof_of
from tests.stage import Stage
from tests.web.conftest import As

PAGE, PEOPLE = "/access/second-factor", "/access/people"


def text(response: Any) -> str:
    """The page as its reader sees it."""
    return html.unescape(response.content.decode())


def filled(client: Client, **wishes: str) -> Any:
    """The form of the page, with the code that an app shows for its secret, sent."""
    offer = client.get(PAGE).context["offer"]
    form = {
        "offer": offer.sealed,
        "code": totp.code_at(offer.secret, totp.step_now()),
        "password": password_of("ben"),
    }
    return client.post(PAGE, form | wishes)


class TestMyApp:
    def test_is_set_up_by_the_code_of_the_secret_that_is_shown(self, ready: Stage, as_: As) -> None:
        client = as_("ben")
        page = client.get(PAGE)
        assert page.context["offer"].secret in text(page)
        assert 'src="data:image/svg+xml;base64,' in page.content.decode()
        assert page["Cache-Control"] == "no-store"

        reply = filled(client)

        assert reply.status_code == 201
        codes = reply.context["codes"].split()
        assert len(codes) == 10
        assert codes[0] in text(reply)
        again = text(client.get(PAGE))
        assert codes[0] not in again
        assert "10 recovery codes are left" in again
        assert SecondFactor.objects.get().pk == user_of("ben").person_id

    def test_is_not_set_up_by_a_wrong_code_and_the_secret_stays(
        self, ready: Stage, as_: As
    ) -> None:
        client = as_("ben")
        for field, wishes in (("code", {"code": "000000"}), ("password", {"password": "wrong"})):
            reply = filled(client, **wishes)
            assert reply.status_code == 422
            assert set(reply.context["form"].errors) == {field}
            assert reply.context["offer"].secret in text(reply)
        assert not SecondFactor.objects.exists()

    def test_is_offered_anew_where_the_offer_is_no_more(self, ready: Stage, as_: As) -> None:
        reply = filled(as_("ben"), offer="made up")
        assert reply["Location"] == PAGE

    def test_gives_new_recovery_codes_for_password_and_code(self, ready: Stage, as_: As) -> None:
        former, client = enrol("ben"), as_("ben")
        form = {"password": password_of("ben"), "code": former[0]}
        reply = client.post(f"{PAGE}/recovery-codes", form)
        assert reply.status_code == 201
        assert former[1] not in text(reply)
        refused = client.post(f"{PAGE}/recovery-codes", form)
        assert refused.status_code == 422
        assert 'id="renew-code_error"' in refused.content.decode()

    def test_is_removed_with_password_and_code(self, ready: Stage, as_: As) -> None:
        enrol("ben")
        client, form = as_("ben"), {"password": password_of("ben"), "code": "000000"}
        refused = client.post(f"{PAGE}/remove", form)
        assert refused.status_code == 422
        assert 'id="remove-code_error"' in refused.content.decode()
        assert client.post(f"{PAGE}/remove", form | {"code": code_of("ben")})["Location"] == PAGE
        assert not has_factor(user_of("ben").person_id)


class TestPeople:
    def test_shows_who_has_one_and_lets_it_be_reset(self, ready: Stage, as_: As) -> None:
        enrol("ben")
        enrol("root")
        client, ben = as_("root"), user_of("ben")
        shown = text(client.get(PEOPLE))
        assert re.findall(r"/people/([^/]+)/reset-second-factor", shown) == [str(ben.pk)]

        wish = {"reason": "It was stolen.", **proof_of("root")}
        page = client.post(f"{PEOPLE}/{ben.pk}/reset-second-factor", wish)["Location"]
        assert has_factor(ben.person_id)
        digest = f"sha256:{Proposal.objects.get(kind='second_factor_reset').digest}"
        given = {"digest": digest, "password": password_of("otto")}
        assert as_("otto").post(f"{page}/confirm", given).status_code == 302

        assert not has_factor(ben.person_id)
        assert AuditEvent.objects.filter(action="factor.reset").count() == 1
        own = client.post(
            f"{PEOPLE}/{user_of('root').pk}/reset-second-factor",
            {"reason": "Mine.", **proof_of("root")},
        )
        assert own.status_code == 409


class TestSigning:
    def sign(self, client: Client, stage: Stage, **proof: str) -> Any:
        review = stage.version.reviews.first() or submit(caller=who("ada"), version=stage.version)
        form = {
            "statement_digest": f"sha256:{review.statement_digest}",
            "last_comment": "0",
            "decision": "approve",
            "reason": "It holds.",
            "attested": "on",
        }
        return client.post(reverse("web:review-sign", args=[review.pk]), form | proof)

    def test_asks_for_the_code_of_whoever_has_an_app(self, ready: Stage, as_: As) -> None:
        assert 'name="code"' not in text(self.sign(as_("cleo"), ready))
        enrol("ben")
        client, password = as_("ben"), password_of("ben")
        assert 'name="code"' in text(self.sign(client, ready))

        for code in ("", "000000"):
            refused = self.sign(client, ready, password=password, code=code)
            assert refused.status_code == 422
            assert 'id="sign-code-err"' in text(refused)
        assert not Signature.objects.exists()

        self.sign(client, ready, password=password, code=code_of("ben"))
        review = Signature.objects.get().review
        page = text(client.get(reverse("web:review", args=[review.pk])))
        assert "password and code of the authenticator app" in page

    def test_so_does_a_revocation(self, approved: Stage, as_: As) -> None:
        enrol("mira")
        client = as_("mira")
        path = reverse("web:version-revoke", args=["tumours", 1])
        form = {"reason": "It drifts.", "password": password_of("mira")}
        refused = client.post(path, form)
        assert set(refused.context["form"].errors) == {"code"}
        assert client.post(path, form | {"code": code_of("mira")}).status_code == 302


class TestWhoeverHasNone:
    """Is told where to set one up, on the pages and by the API."""

    def test_finds_the_ways_on_the_review_that_asks_for_one(self, ready: Stage, as_: As) -> None:
        waivers.strict_policy(0.5, second_factor=True)
        review = submit(caller=who("ada"), version=ready.version)
        page = text(as_("ben").get(reverse("web:review", args=[review.pk])))
        assert f'href="{PAGE}"' in page
        assert f'href="{reverse("web:passkeys")}"' in page

        form = {"decision": "approve", "reason": "It holds.", "attested": "on", "password": "x"}
        shown = {"statement_digest": f"sha256:{review.statement_digest}", "last_comment": "0"}
        refused = as_("ben").post(reverse("web:review-sign", args=[review.pk]), form | shown)
        assert refused.status_code == 403
        assert f'href="{PAGE}"' in text(refused)
        assert f'href="{reverse("web:passkeys")}"' in text(refused)

    def test_is_sent_to_passkeys_alone_where_nothing_else_will_do(
        self, ready: Stage, as_: As
    ) -> None:
        waivers.strict_policy(0.99, passkey=True)
        refused = as_("ben").get(reverse("web:version-waive", args=["tumours", 1]))
        assert refused.status_code == 403
        assert f'href="{reverse("web:passkeys")}"' in text(refused)
        assert f'href="{PAGE}"' not in text(refused)

    def test_is_no_matter_of_somebody_without_the_right(self, ready: Stage, as_: As) -> None:
        waivers.strict_policy(0.99, passkey=True)
        refused = as_("carl").get(reverse("web:version-waive", args=["tumours", 1]))
        assert refused.status_code in (403, 404)
        assert reverse("web:passkeys") not in text(refused).partition("<main")[2]

    def test_meets_the_same_where_an_emergency_is_proposed(self, approved: Stage, as_: As) -> None:
        allow(apps=())
        stop(approved)
        form = {"alias": "champion", "hours": "4", "reason": "Loans wait.", "password": "x"}
        refused = as_("mira").post(reverse("web:emergency-new", args=["tumours", 1]), form)
        assert refused.status_code == 403
        assert f'href="{PAGE}"' in text(refused)

    def test_reads_in_the_problem_document_what_to_do(self, ready: Stage, as_: As) -> None:
        waivers.strict_policy(0.5, second_factor=True)
        review = submit(caller=who("ada"), version=ready.version)
        body = {
            "statement_digest": f"sha256:{review.statement_digest}",
            "decision": "approve",
            "reason": "It holds.",
            "password": password_of("ben"),
        }
        path = reverse("api:sign", args=[review.pk])
        reply = as_("ben").post(path, body, content_type="application/json")
        assert reply.status_code == 403
        problem = reply.json()
        assert problem["type"] == "urn:assay:problem:factor-missing"
        for name in ("second-factor-offer", "second-factor", "passkey-offer", "passkeys"):
            assert reverse(f"api:{name}").removeprefix("/api/v1/") in problem["remedy"]
