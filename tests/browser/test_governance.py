"""Reviews, jobs, policies, access, log and API in a browser: looks, keyboard, live parts."""

import re
import time
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from accounts.factors import totp
from audit.models import AuditEvent, Checkpoint
from compliance.models import Export
from compliance.services import request_export
from evaluation.models import EvaluationRun
from governance.models import PolicyVersion, Review, Signature
from governance.reviewing.commenting import comment
from governance.services import submit
from tests.browser.conftest import OpenAs, Site
from tests.cast import TEAM, password_of, the_team, user_of, who
from tests.factories import verbs
from tests.factories.factors import code_of
from tests.factories.plans import STRENGTH, unmeasured
from tests.past.test_packs import made
from tests.stage import MODEL
from worker.jobs import enqueue
from worker.models import Job, JobLogLine, JobPoint, Status

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow(seconds=90),
    pytest.mark.usefixtures("untraced"),
]


@pytest.fixture
def review(site: Site) -> Review:
    """A second version with all its evidence, submitted and commented."""
    ada = who("ada")
    version = verbs.another(ada, site.stage.version.model, strength=0.5)
    verbs.make_ready(ada, version, strength=0.5)
    opened = submit(caller=ada, version=version)
    comment(caller=who("ben"), review=opened, body="Is it real?", anchor="metric:accuracy")
    return opened


@pytest.fixture
def job(site: Site) -> Job:
    """A training that is under way."""
    queued = enqueue(
        kind="training.run",
        subject_type="model",
        subject_id=site.stage.version.model_id,
        params={"run": str(uuid.uuid4())},
        requested_by_id=user_of("ada").pk,
        team_id=the_team().pk,
    )
    Job.objects.filter(pk=queued.pk).update(
        status=Status.RUNNING,
        lease_until=timezone.now() + timedelta(minutes=5),
        started_at=timezone.now(),
        attempts=1,
        progress={"stage": "epoch", "done": 2, "total": 9, "message": ""},
    )
    for step in (1, 2):
        JobPoint.objects.create(job=queued, step=step, values={"train_loss": 1.0 / step})
    JobLogLine.objects.create(job=queued, number=1, level="info", text="It begins.")
    queued.refresh_from_db()
    return queued


def test_the_pages_keep_what_every_page_promises(
    site: Site, open_as: OpenAs, review: Review, job: Job
) -> None:
    page = open_as("mira")
    policy = PolicyVersion.objects.get(tier="medium")
    event = AuditEvent.objects.get(action="version.approved")
    request_export(caller=who("mira"), scope={"kind": "all"})
    for path in (
        reverse("web:reviews"),
        reverse("web:review", args=[review.pk]),
        reverse("web:review", args=[site.stage.approval.review_id]),
        reverse("web:jobs"),
        reverse("web:policies"),
        reverse("web:policy", args=[policy.pk]),
        reverse("web:policy-publish"),
        reverse("web:access"),
        reverse("web:second-factor"),
        reverse("web:tokens"),
        reverse("web:teams"),
        reverse("web:team", args=[TEAM]),
        reverse("web:audit"),
        reverse("web:audit-event", args=[event.uuid]),
        *(f"{reverse('web:audit-export')}?kind={kind}" for kind in ("version", "period")),
    ):
        site.look_at(page, path)


def test_the_pages_of_administrators_do_too(site: Site, open_as: OpenAs) -> None:
    page = open_as("root")
    for path in (reverse("web:people"), reverse("web:team", args=[TEAM])):
        site.look_at(page, path)
    page.goto(f"{site.url}{reverse('web:api-docs')}")
    expect(page.locator("#swagger")).to_contain_text("reviews")
    site.look_at(page, reverse("web:api-docs"))


def fill_decision(page: Page, reason: str) -> None:
    """Choose, give a reason, attest, and go to the signature."""
    page.get_by_role("radio", name=re.compile("^Approve")).check()
    page.get_by_label("Reason").fill(reason)
    page.get_by_label("I read the evaluation").check()
    page.get_by_role("button", name="Sign approval").click()


def test_a_decision_is_signed_in_a_dialog_that_says_what_is_signed(
    site: Site, open_as: OpenAs, review: Review
) -> None:
    page = open_as("ben")
    page.goto(f"{site.url}{reverse('web:review', args=[review.pk])}")
    assert page.locator("input[name=decision]:checked").count() == 0
    expect(page.get_by_role("button", name="Sign decision")).to_be_disabled()

    fill_decision(page, "Better where it matters.")
    dialog = page.get_by_role("dialog", name="Sign your decision")
    expect(dialog).to_contain_text("Approve tumours v2")
    expect(dialog).to_contain_text("I have read the evidence and approve this version")
    expect(dialog).to_contain_text("Better where it matters.")
    page.get_by_label("Password of ben").fill("wrong")
    dialog.get_by_role("button", name="Sign approval").click()

    expect(dialog).to_contain_text("The password is wrong; nothing was done.")
    expect(dialog).to_contain_text("Better where it matters.")
    assert not Signature.objects.filter(review=review).exists()
    page.get_by_label("Password of ben").fill(password_of("ben"))
    dialog.get_by_role("button", name="Sign approval").click()

    expect(page.get_by_role("status")).to_contain_text("Signed.")
    assert Signature.objects.get(review=review).reason == "Better where it matters."


def _wait_for_the_middle_of_a_step() -> None:
    """So that the step before is still the step before when the form arrives."""
    left = totp.STEP_S - time.time() % totp.STEP_S
    if left < totp.STEP_S / 2:
        time.sleep(left)


def test_a_person_sets_up_an_app_signs_in_and_signs_with_its_codes(
    site: Site, open_as: OpenAs, browser: Browser, review: Review
) -> None:
    page, here = open_as("ben"), reverse("web:second-factor")
    page.goto(site.url + here)
    secret = page.get_by_label("secret", exact=True).inner_text()
    _wait_for_the_middle_of_a_step()
    page.get_by_label("Code of your authenticator app").fill(
        totp.code_at(secret, totp.step_now() - 1)
    )
    page.get_by_label("Your password").fill(password_of("ben"))
    page.get_by_role("button", name="Set up the app").click()
    expect(page.get_by_label("recovery codes", exact=True)).to_contain_text("-")
    site.look_at(page, here)

    page.goto(f"{site.url}{reverse('web:review', args=[review.pk])}")
    fill_decision(page, "It holds.")
    dialog = page.get_by_role("dialog", name="Sign your decision")
    page.get_by_label("Password of ben").fill(password_of("ben"))
    page.get_by_label("Code of your authenticator app").fill("000000")
    dialog.get_by_role("button", name="Sign approval").click()
    expect(dialog).to_contain_text("The code is wrong or was used before; nothing was done.")
    page.get_by_label("Password of ben").fill(password_of("ben"))
    page.get_by_label("Code of your authenticator app").fill(code_of("ben"))
    dialog.get_by_role("button", name="Sign approval").click()
    expect(page.get_by_role("status")).to_contain_text("Signed.")

    other = browser.new_context().new_page()
    other.goto(site.url)
    other.get_by_label("Username").fill("ben")
    other.get_by_label("Password").fill(password_of("ben"))
    other.get_by_role("button", name="Sign in").click()
    other.get_by_label("Code").fill(code_of("ben"))
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("button", name="Account menu")).to_be_visible()


def test_escape_leaves_the_dialog_and_signs_nothing(
    site: Site, open_as: OpenAs, review: Review
) -> None:
    page = open_as("ben")
    page.goto(f"{site.url}{reverse('web:review', args=[review.pk])}")
    fill_decision(page, "Perhaps.")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Sign your decision")).to_be_hidden()
    assert not Signature.objects.filter(review=review).exists()


def test_signing_needs_no_scripts(site: Site, browser: Browser, review: Review) -> None:
    context = browser.new_context(java_script_enabled=False)
    site.sign_in(context, "ben")
    page = context.new_page()
    page.goto(f"{site.url}{reverse('web:review', args=[review.pk])}")
    page.get_by_role("radio", name=re.compile("^Approve")).check()
    page.get_by_label("Reason").fill("Without scripts.")
    page.get_by_label("I read the evaluation").check()
    page.get_by_role("button", name="Sign decision").click()
    page.get_by_label("Password of ben").fill(password_of("ben"))
    page.locator("#sign").get_by_role("button", name="Sign", exact=True).click()
    assert Signature.objects.get(review=review).reason == "Without scripts."
    context.close()


def test_the_form_of_an_export_shows_what_its_scope_needs_without_scripts(
    site: Site, browser: Browser
) -> None:
    context = browser.new_context(java_script_enabled=False)
    site.sign_in(context, "mira")
    page = context.new_page()
    page.goto(site.url + reverse("web:audit-export"))
    fields = {"Model": "model version", "Version number": "version", "From": "period"}
    for label, kind in (
        ("Everything", "all"),
        ("A period", "period"),
        ("One model", "model"),
        ("One version", "version"),
    ):
        page.get_by_role("radio", name=label).check()
        for field, kinds in fields.items():
            shown = page.get_by_label(field, exact=True).is_visible()
            assert shown == (kind in kinds.split()), (label, field)
    page.get_by_label("Model", exact=True).fill("tumours")
    page.get_by_label("Version number", exact=True).fill("1")
    page.get_by_role("button", name="Make the export").click()
    assert Export.objects.get().scope == {"kind": "version", "model": "tumours", "number": 1}
    context.close()


def test_a_job_is_followed_live(site: Site, open_as: OpenAs, job: Job) -> None:
    page = open_as("ada")
    site.look_at(page, reverse("web:job", args=[job.pk]))
    expect(page.locator("#log")).to_contain_text("It begins.")

    Job.objects.filter(pk=job.pk).update(progress={"stage": "export", "done": 9, "total": 9})
    JobLogLine.objects.create(job=job, number=2, level="info", text="It goes on.")
    expect(page.locator("#live")).to_contain_text("export")
    expect(page.locator("#log")).to_contain_text("It goes on.")

    Job.objects.filter(pk=job.pk).update(
        status=Status.FAILED, lease_until=None, finished_at=timezone.now(), failure="It broke."
    )
    expect(page.get_by_text("It broke.")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_enabled()
    assert site.problems == []


def test_criteria_are_sealed_before_the_run(site: Site, open_as: OpenAs) -> None:
    version, page = unmeasured(), open_as("ada")
    address = reverse("web:version-evaluation", args=[MODEL, version.number])
    page.goto(f"{site.url}{address}")
    page.get_by_role("link", name="Seal a plan").click()
    site.look_at(page, page.url.removeprefix(site.url))
    page.get_by_label("Limit of Accuracy", exact=True).fill("0.9")
    page.get_by_label("What of Accuracy must meet it").select_option("interval")
    page.get_by_role("button", name="Seal the plan").click()
    expect(page.get_by_text("Accuracy: lower end of the interval at least 0.9")).to_be_visible()
    page.get_by_role("button", name="Measure under this plan").click()
    expect(page).to_have_url(re.compile("/jobs/"))
    # The page of a job loads itself anew when the job ends, in the midst of whatever comes next.
    page.goto("about:blank")

    verbs.complete(EvaluationRun.objects.get(version=version), strength=STRENGTH)
    review = submit(caller=who("ada"), version=version)
    for shown in (address, reverse("web:review", args=[review.pk])):
        site.look_at(page, shown)
        expect(page.locator("#plan")).to_contain_text("before the run, by Ada")


def test_a_pack_is_readable_on_every_screen(
    site: Site, open_as: OpenAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = Checkpoint(size=1, root=bytes(range(32)), note="a note", signed_at=timezone.now())
    monkeypatch.setattr("compliance.packs.shelf.newest_checkpoint", lambda: head)
    pack = made("model-card")
    page = open_as("cora")
    site.look_at(page, reverse("web:pack", args=[pack.pk]))
    expect(page.get_by_text(f"root {bytes(range(32)).hex()}")).to_be_visible()
