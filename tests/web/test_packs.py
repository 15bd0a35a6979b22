"""Packs on pages."""

import html
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from accounts.services import create_team
from compliance.models import Pack
from compliance.packing import request_pack
from tests.cast import give, who
from tests.factories import verbs
from tests.past.test_packs import made
from tests.stage import MODEL, Stage
from tests.web.conftest import As
from worker.models import Job


def text(response: Any) -> str:
    """The page as its reader sees it."""
    return html.unescape(response.content.decode())


def test_a_pack_is_asked_for_followed_read_and_downloaded(approved: Stage, as_: As) -> None:
    cora = as_("cora")
    assert "No pack was asked for yet." in text(cora.get(reverse("web:packs")))
    given = {"template": "eu-ai-act", "model": MODEL, "number": "1"}
    reply = cora.post(reverse("web:packs"), given)
    pack = Pack.objects.get()
    assert reply.headers["Location"] == reverse("web:pack", args=[pack.pk])
    waiting = text(cora.get(reply.headers["Location"]))
    assert "The pack is being made." in waiting
    assert "Waits for a free worker" in waiting
    assert reverse("web:job", args=[pack.job_id]) in waiting
    assert "every 2s" in waiting
    verbs.at_work(pack.job_id)
    page = text(cora.get(reply.headers["Location"]))
    assert page.index("Gaps: ") < page.index("Signatures under") < page.index("<h2>General")
    assert "NOT compared with the text of its source" in page
    for form in ("html", "pdf", "json", "csv"):
        file: Any = cora.get(reverse("web:pack-file", args=[pack.pk, form]))
        assert file.headers["Content-Disposition"].startswith("attachment; filename=")
        assert int(file.headers["Content-Length"]) == len(b"".join(file.streaming_content))
    assert "schemas/pack-2" in page
    assert f"{MODEL} v1" in text(cora.get(reverse("web:packs")))


def test_a_pack_that_is_being_made_says_how_far_it_is_and_can_be_stopped(
    approved: Stage, as_: As
) -> None:
    pack = request_pack(caller=who("cora"), template="model-card", model=MODEL, number=1)
    cancel, address = (
        reverse(f"web:{name}", args=[key])
        for name, key in (("job-cancel", pack.job_id), ("pack", pack.pk))
    )
    now = timezone.now()
    Job.objects.filter(pk=pack.job_id).update(
        status="running",
        progress={"stage": "writing PDF", "done": 3, "total": 4},
        started_at=now,
        attempts=1,
        lease_until=now,
    )
    shown = as_("cora").get(address)
    assert "writing PDF" in text(shown)
    assert f'action="{cancel}"' in text(shown)
    assert "75" in text(shown)
    assert as_("cora").post(cancel).status_code == 302
    assert "Is being stopped" in text(as_("cora").get(address))
    Job.objects.filter(pk=pack.job_id).update(
        status="cancelled", lease_until=None, finished_at=timezone.now()
    )
    ended = text(as_("cora").get(address))
    assert "This pack was not made." in ended
    assert "every 2s" not in ended
    assert cancel not in ended


def test_a_pack_of_several_teams_shows_its_job_only_to_whoever_asked(
    approved: Stage, as_: As
) -> None:
    fraud = create_team(caller=who("root"), slug="fraud", name="Fraud")
    give([("cora", Role.COMPLIANCE), ("mira", Role.COMPLIANCE)], fraud)
    pack = request_pack(caller=who("cora"), template="register")
    job = reverse("web:job", args=[pack.job_id])
    for name, shows in (("cora", True), ("mira", False)):
        page = text(as_(name).get(reverse("web:pack", args=[pack.pk])))
        assert "Waits for a free worker" in page
        assert (f'href="{job}"' in page) is shows


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"template": "none", "model": MODEL}, "template"),
        ({"template": "model-card"}, "model"),
        ({"template": "model-card", "model": MODEL, "number": "0"}, "number"),
        ({"template": "model-card", "model": "none"}, "__all__"),
        ({"template": "model-card", "model": MODEL, "number": "9"}, "__all__"),
    ],
)
def test_a_wrong_wish_is_named(approved: Stage, as_: As, given: dict[str, str], field: str) -> None:
    response = as_("cora").post(reverse("web:packs"), given)
    assert response.status_code in (404, 422)
    assert list(response.context["form"].errors) == [field]
    assert not Pack.objects.exists()


def test_packs_are_for_whoever_exports_the_records(approved: Stage, as_: As) -> None:
    pack = made("model-card")
    for username in ("ada", "ben", "carl", "dan", "root"):
        for page in (reverse("web:packs"), reverse("web:pack", args=[pack.pk])):
            assert as_(username).get(page).status_code == 403, username

    assert as_("mira").get(reverse("web:pack", args=[pack.pk])).status_code == 200


@pytest.mark.parametrize(
    ("about", "given", "title"),
    [
        ("model", {"template": "sr-26-2-model", "model": MODEL}, MODEL),
        (
            "period",
            {"template": "eu-ai-act-logs", "since": "2026-01-01", "until": "2999-01-01"},
            "models of credit, 2026-01-01T00:00:00Z to 2999-01-01T00:00:00Z",
        ),
        ("register", {"template": "register"}, "models of credit"),
    ],
)
def test_the_form_asks_for_what_belongs_to_the_kind(
    approved: Stage, as_: As, about: str, given: dict[str, str], title: str
) -> None:
    cora, address = as_("cora"), f"{reverse('web:packs')}?about={about}"
    shown = cora.get(address).context["form"]
    assert set(given) <= set(shown.fields)
    assert "number" not in shown.fields
    reply = cora.post(address, given)
    verbs.at_work(Pack.objects.get().job_id)
    page = text(cora.get(reply.headers["Location"]))
    assert f'<p class="by">{title}' in page
    assert page.index("Gaps: ") < page.index("Signatures")
    assert title in text(cora.get(reverse("web:packs")))
