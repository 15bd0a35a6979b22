"""Signing without a password, in a browser: by a passkey in an authenticator that it simulates, by
signing in again at an identity provider.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.test import override_settings
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import Passkey, Proposal
from accounts.proposals.services import propose
from governance.models import Review, Revocation, Signature
from governance.policy.documents import Policy
from governance.reviewing.signing import counting_signatures, method_of
from tests.browser.conftest import OpenAs, Site
from tests.browser.test_governance import fill_decision, review
from tests.cast import TEAM, password_of, user_of, who
from tests.factories import provider
from tests.stage import MODEL

__all__ = ["review"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow(seconds=30),
    pytest.mark.usefixtures("untraced"),
]


@contextmanager
def a_device(site: Site, page: Page) -> Iterator[None]:
    """A virtual authenticator whose user is present and verified."""
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "usb",
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    with override_settings(PASSKEY_ORIGINS=[site.url]):
        yield
    device.send("WebAuthn.disable")


def test_a_person_registers_a_passkey_and_signs_with_it(
    site: Site, open_as: OpenAs, review: Review
) -> None:
    page, here = open_as("ben"), reverse("web:passkeys")
    with a_device(site, page):
        page.goto(site.url + here)
        page.get_by_label("Name").fill("The key on my ring")
        page.get_by_label("Your password").fill("wrong")
        page.get_by_role("button", name="Register a passkey").click()
        expect(page.get_by_text("The password is wrong").first).to_be_visible()
        page.get_by_label("Your password").fill(password_of("ben"))
        page.get_by_role("button", name="Register a passkey").click()
        expect(page.get_by_role("status")).to_contain_text("The passkey is registered")
        expect(page.get_by_role("row", name="The key on my ring")).to_be_visible()
        passkey = Passkey.objects.get()
        site.problems.clear()
        for path in (here, reverse("web:passkey", args=[passkey.pk])):
            site.look_at(page, path)

        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto(f"{site.url}{reverse('web:review', args=[review.pk])}")
        fill_decision(page, "  Signed by a device.  ")
        page.get_by_role("button", name="Sign with a passkey").click()
        expect(page.get_by_role("status")).to_contain_text("Signed.")
        assert site.problems == []

    signature = Signature.objects.get(review=review)
    assert method_of(signature.record) == "passkey"
    assert signature.reason == "Signed by a device."
    policy = Policy.read(review.policy.document)
    assert counting_signatures(Review.objects.get(pk=review.pk), policy) == [signature]


def test_a_device_that_does_not_answer_signs_nothing_and_a_revocation_takes_one(
    site: Site, open_as: OpenAs
) -> None:
    page = open_as("mira")
    with a_device(site, page):
        page.goto(site.url + reverse("web:passkeys"))
        page.get_by_label("Name").fill("Telephone")
        page.get_by_label("Your password").fill(password_of("mira"))
        page.get_by_role("button", name="Register a passkey").click()
        expect(page.get_by_role("row", name="Telephone")).to_be_visible()

        page.goto(site.url + reverse("web:version-revoke", args=[MODEL, 1]))
        page.get_by_label("Reason").fill("It drifts.")
        page.evaluate(
            "() => { navigator.credentials.get = () => Promise.reject("
            "new DOMException('no', 'NotAllowedError')); }"
        )
        page.get_by_role("button", name="Sign with a passkey").click()
        expect(page.get_by_text("you cancelled. Nothing was done.")).to_be_visible()
        assert not Revocation.objects.exists()

        page.reload()
        page.get_by_label("Reason").fill("It drifts.")
        page.get_by_role("button", name="Sign with a passkey").click()
        expect(page.get_by_role("status")).to_contain_text("The approval is revoked.")
        assert Revocation.objects.get().assertion is not None


def test_a_person_signs_in_again_in_a_window_of_its_own_and_signs(
    site: Site, open_as: OpenAs, review: Review
) -> None:
    with provider.running(), override_settings(PUBLIC_URL=site.url):
        provider.bind("ben")
        page = open_as("root")
        for name in ("bind-identity", "person-sessions"):
            site.look_at(page, reverse(f"web:{name}", args=[user_of("ben").pk]))
        site.look_at(page, reverse("web:sessions"))
        site.sign_in(page.context, "ben")
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto(f"{site.url}{reverse('web:review', args=[review.pk])}")
        fill_decision(page, "Signed in twice.")
        page.get_by_role("button", name="Sign in again at Acme ID and sign").click()
        expect(page.get_by_role("status")).to_contain_text("Signed.")
        assert site.problems == []

    assert method_of(Signature.objects.get(review=review).record) == "oidc"


def _register(site: Site, page: Page, name: str) -> None:
    page.goto(site.url + reverse("web:passkeys"))
    page.get_by_label("Name").fill("Telephone")
    page.get_by_label("Your password").fill(password_of(name))
    page.get_by_role("button", name="Register a passkey").click()
    expect(page.get_by_role("row", name="Telephone")).to_be_visible()


def test_a_role_is_proposed_and_confirmed_by_two_passkeys(site: Site, open_as: OpenAs) -> None:
    page = open_as("root")
    with a_device(site, page):
        _register(site, page, "root")
        site.look_at(page, reverse("web:policy-publish"))
        site.look_at(page, reverse("web:propose-roles", args=[TEAM]))
        page.get_by_label("Logins").fill("dan")
        page.get_by_label("Reason").fill("There is more to review.")
        page.get_by_role("button", name="Sign with a passkey").click()
        expect(page.get_by_role("status")).to_contain_text("Proposed.")
    page = open_as("otto")
    with a_device(site, page):
        _register(site, page, "otto")
        proposal = Proposal.objects.get(state="open")
        site.look_at(page, reverse("web:proposal", args=[proposal.pk]))
        page.get_by_role("button", name="Sign with a passkey").click()
        expect(page.get_by_role("status")).to_contain_text("Confirmed, and done.")
        assert site.problems == []

    methods = [row.held["method"] for row in Proposal.objects.get(pk=proposal.pk).proofs.all()]
    assert methods == ["passkey", "passkey"]


def test_whoever_signs_in_at_a_provider_revokes_there(site: Site, open_as: OpenAs) -> None:
    with provider.running(), override_settings(PUBLIC_URL=site.url):
        provider.bind("mira")
        page = open_as("mira")
        page.goto(site.url + reverse("web:version-revoke", args=[MODEL, 1]))
        page.get_by_label("Reason").fill("It drifts.")
        page.get_by_role("button", name="Sign in again at Acme ID and sign").click()
        expect(page.get_by_role("status")).to_contain_text("The approval is revoked.")
        assert site.problems == []


def test_whoever_signs_in_at_a_provider_confirms_there(site: Site, open_as: OpenAs) -> None:
    with provider.running(), override_settings(PUBLIC_URL=site.url):
        provider.bind("mira")
        proposal = propose(
            caller=who("root"),
            kind="roles",
            wish={"team": TEAM, "grants": [{"username": "dan", "role": "reviewer"}]},
            reason="There is more to review.",
            password=password_of("root"),
        )
        page = open_as("mira")
        site.look_at(page, reverse("web:proposal", args=[proposal.pk]))
        page.get_by_role("button", name="Sign in again at Acme ID and sign").click()
        expect(page.get_by_role("status")).to_contain_text("Confirmed, and done.")
        assert site.problems == []

    assert Proposal.objects.get(pk=proposal.pk).decided_method == "oidc"
