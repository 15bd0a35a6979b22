"""What takes two persons, in a browser: proposed by one, read and confirmed by another."""

from django.urls import reverse

from accounts.models import Proposal
from accounts.proposals.services import propose
from governance.emergencies.services import end_emergency
from governance.models import PolicyVersion
from governance.policy.documents import DEFAULTS
from tests.browser.conftest import OpenAs, Site
from tests.cast import TEAM, password_of, user_of, who
from tests.factories.emergencies import allow, confirmed, proposed, stop
from tests.factories.halves import NEW
from tests.stage import MODEL


def _wanted(kind: str, **wish: object) -> Proposal:
    return propose(
        caller=who("root"),
        kind=kind,
        wish=wish,
        reason="Yearly reviews come in the same quarter then.",
        password=password_of("root"),
    )


def test_a_policy_is_read_and_confirmed_by_a_second_person(site: Site, open_as: OpenAs) -> None:
    lax = DEFAULTS["medium"].as_dict() | {"validity_days": 400, "outage_grace_s": 0}
    policy = _wanted("policy", name="medium", tier="medium", team=None, document=lax)
    roles = _wanted("roles", team=TEAM, grants=[{"username": "dan", "role": "reviewer"}])
    page = open_as("otto")
    for path in (
        reverse("web:home"),
        reverse("web:proposals"),
        reverse("web:proposal", args=[roles.pk]),
        reverse("web:propose-roles", args=[TEAM]),
        reverse("web:make-administrator", args=[user_of("ben").pk]),
        reverse("web:proposal", args=[policy.pk]),
    ):
        site.look_at(page, path)

    page.get_by_label("Your password").fill(password_of("otto"))
    page.get_by_role("button", name="Confirm and do it").click()
    page.get_by_text("Confirmed, and done.").wait_for()

    assert PolicyVersion.objects.get(proposal=policy).document["validity_days"] == 400
    assert site.problems == []


def test_an_emergency_is_proposed_warned_of_and_reviewed(site: Site, open_as: OpenAs) -> None:
    allow()
    stop(site.stage)
    proposal = proposed()
    page = open_as("mira")
    site.look_at(page, reverse("web:emergency-new", args=[MODEL, 1]))
    grant = confirmed(proposal)
    site.stage.notary_round()
    site.look_at(page, reverse("web:version", args=[MODEL, 1]))
    page = open_as("cora")
    site.look_at(page, reverse("web:proposal", args=[proposal.pk]))
    end_emergency(caller=who("cora"), grant=grant, reason="Enough.")
    site.look_at(page, reverse("web:home"))
    site.look_at(page, reverse("web:proposal", args=[proposal.pk]))


def test_a_forgotten_password_is_given_back_in_two_halves(site: Site, open_as: OpenAs) -> None:
    ben = user_of("ben")
    page = open_as("root")
    for name in ("web:new-password", "web:open-again"):
        site.look_at(page, reverse(name, args=[ben.pk]))
    page.goto(site.url + reverse("web:new-password", args=[ben.pk]))
    page.get_by_label("Reason").fill("He asked at the desk.")
    page.get_by_label("Your password").fill(password_of("root"))
    page.get_by_role("button", name="Propose").click()
    page.get_by_text("Nothing is done until").wait_for()
    path = page.url.removeprefix(site.url)
    page = open_as("otto")
    page.goto(site.url + path)
    page.get_by_label("Your password").fill(password_of("otto"))
    page.get_by_role("button", name="Confirm and do it").click()
    page.get_by_text("Confirmed, and done.").wait_for()
    halves = []
    for name in ("otto", "root"):
        site.look_at(open_as(name), path)
        page.get_by_label("Your password").fill(password_of(name))
        page.get_by_role("button", name="Show my half").click()
        page.get_by_text("Copy your half now").wait_for()
        site.look_around(page, path)
        halves.append(page.locator("pre").inner_text().strip())

    page.context.clear_cookies()
    site.look_at(page, reverse("account_login"))
    page.get_by_role("link", name="Set a password by two halves").click()
    site.look_at(page, reverse("come_in"))
    for label, text in {
        "Login": "ben",
        "One half": halves[0],
        "The other half": halves[1],
        "New password again": NEW,
    }.items():
        page.get_by_label(label).fill(text)
    page.locator("input[name=password]").fill(NEW)
    page.get_by_role("button", name="Set the password").click()
    page.get_by_text("Your password is set").wait_for()
    assert user_of("ben").check_password(NEW)
    assert site.problems == []
