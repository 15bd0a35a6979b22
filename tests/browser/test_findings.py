"""Findings in a browser: raised, answered, accepted as a condition; what changed since a look."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from governance.findings.services import answer_finding
from governance.models import Review
from governance.reviewing.looks import note_look
from governance.services import submit, withdraw
from registry.models import ModelVersion
from registry.services import edit_card
from tests.browser.conftest import OpenAs, Site
from tests.cast import password_of, who
from tests.factories import tiny, validations, verbs
from tests.factories.findings import TEXT, amend, found, in_days, person_of
from tests.stage import MODEL

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow(seconds=30),
    pytest.mark.usefixtures("untraced"),
]


@pytest.fixture
def version(site: Site) -> ModelVersion:
    """A second version with all evidence."""
    version = verbs.another(who("ada"), site.stage.version.model, strength=0.5)
    return verbs.make_ready(who("ada"), version, strength=0.5)


@pytest.fixture
def review(version: ModelVersion) -> Review:
    """Submitted again, with another card than the one that Ben has seen."""
    first = submit(caller=who("ada"), version=version)
    note_look(caller=who("ben"), review=first)
    withdraw(caller=who("ada"), review=first)
    card = tiny.CARD | {"caveats": "Winter is not in the rows."}
    edit_card(caller=who("ada"), version=version, content=card)
    return submit(caller=who("ada"), version=version)


def test_the_pages_keep_what_every_page_promises(
    site: Site, open_as: OpenAs, review: Review
) -> None:
    page, version = open_as("ben"), review.version
    finding = found("ben", version, anchor="metric:accuracy")
    answer_finding(caller=who("ada"), finding=finding, text="Measured in winter: no loss.")
    found("cleo", version, effect="condition", text="Watch it in winter.", anchor="section:card")

    site.look_at(page, reverse("web:review", args=[review.pk]))
    site.look_at(page, reverse("web:finding-new", args=[MODEL, version.number]))
    amend("ben", finding, owner=person_of("mira"), due_on=in_days(40))
    site.look_at(page, reverse("web:finding", args=[finding.pk]))
    site.look_at(page, reverse("web:findings"))
    site.look_at(page, reverse("web:home"))
    report = validations.finished("cleo", review)
    site.look_at(page, reverse("web:validation", args=[report.pk]))
    site.look_at(page, reverse("web:validation-write", args=[review.pk]))


def test_an_answer_brings_a_file_and_a_reviewer_gives_more_time(
    site: Site, open_as: OpenAs, review: Review
) -> None:
    finding = found("ben", review.version)
    address = f"{site.url}{reverse('web:finding', args=[finding.pk])}"
    page = open_as("ada")
    page.goto(address)
    page.locator("#answer").get_by_label("What you say").fill("Measured in winter.")
    rows = {"name": "winter.csv", "mimeType": "text/csv", "buffer": b"1,2\n"}
    page.get_by_label("Files").set_input_files(rows)  # type: ignore[arg-type]
    expect(page.get_by_text("Uploaded: winter.csv")).to_be_visible()
    page.get_by_role("button", name="Answer").click()
    expect(page.locator(".tl").get_by_role("link", name="winter.csv")).to_be_visible()
    expect(page.locator("#amend")).to_contain_text("Only reviewers")

    page = open_as("ben")
    page.goto(address)
    amend_card = page.locator("#amend")
    amend_card.get_by_label("Who answers").select_option(label="Mira")
    amend_card.get_by_label("Due on").fill(in_days(40).isoformat())
    amend_card.get_by_label("Why").fill("Ada is away.")
    amend_card.get_by_role("button", name="Change owner or day").click()
    expect(page.locator(".tl")).to_contain_text("gave it from Ada to Mira")
    expect(page.locator(".strip")).to_contain_text(in_days(40).isoformat())
    site.look_around(page, "an amended finding")


def test_a_finding_is_raised_at_its_gate_and_a_condition_signed(
    site: Site, open_as: OpenAs, review: Review
) -> None:
    page = open_as("ben")
    address = f"{site.url}{reverse('web:review', args=[review.pk])}"
    page.goto(address)
    expect(page.locator("#since")).to_contain_text("Winter is not in the rows.")
    page.locator("#findings").get_by_role("link", name="Raise a finding").click()
    page.get_by_label("Condition that follows").check()
    page.get_by_role("textbox", name="Finding").fill(TEXT)
    page.get_by_label("Who answers").select_option(label="Ada")
    page.get_by_label("Due on").fill(in_days(30).isoformat())
    rows = {"name": "Winter rows (2).csv", "mimeType": "text/csv", "buffer": b"1,2\n"}
    page.get_by_label("Files").set_input_files(rows)  # type: ignore[arg-type]
    expect(page.get_by_text("Uploaded: Winter rows (2).csv")).to_be_visible()
    page.get_by_role("button", name="Raise the finding").click()
    expect(page.locator("h1")).to_contain_text("F-1")
    expect(page.get_by_role("link", name="Winter-rows-2-.csv")).to_be_visible()

    page.goto(address)
    expect(page.locator("#decide")).to_contain_text("you accept these open conditions")
    page.get_by_label("Approve", exact=False).first.check()
    page.get_by_label("Reason").fill("It is watched.")
    page.get_by_label("I read the evaluation").check()
    page.get_by_role("button", name="Sign approval").click()
    page.get_by_label("Password of ben").fill(password_of("ben"))
    page.locator("#sign").get_by_role("button", name="Sign approval").click()

    expect(page.locator("#signatures")).to_contain_text("Accepted conditions: F-1")
