"""Nobody ends in a dead end: what the pages offer next, and in which language."""

import pytest
from django.conf import settings
from django.template.base import TextNode
from django.template.defaulttags import CommentNode, LoadNode
from django.template.loader import get_template
from django.template.loader_tags import BlockNode, ExtendsNode
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from accounts.roles import Role
from accounts.services import create_first_admin
from evaluation.metrics.catalogue import BY_NAME
from evaluation.models import EvaluationRun
from governance.policies import HANDS
from governance.services import submit
from tests.cast import who
from tests.stage import Stage
from tests.web.conftest import As
from web import vocabulary

_RENDERED = (BlockNode, CommentNode, LoadNode, TextNode)
SAME_EVERYWHERE = {"F1", "ROC AUC", "R²"}


def shown(client: Client, name: str, *args: object) -> str:
    """The text of a page that must be there."""
    reply = client.get(reverse(name, args=args))
    assert reply.status_code == 200
    return reply.content.decode()


def test_every_page_leads_to_reviews_and_datasets(ready: Stage, as_: As) -> None:
    page = shown(as_("ben"), "web:home")
    for name in ("web:reviews", "web:datasets"):
        assert f'class="item" href="{reverse(name)}"' in page


@pytest.mark.django_db
def test_the_first_administrator_is_told_to_enter_people(client: Client) -> None:
    client.force_login(
        create_first_admin(username="root", name="Root", password="a-long-first-password")
    )
    page = shown(client, "web:home")
    assert "Begin with people and a team" in page
    assert "You belong to no team yet" not in page


def test_an_administrator_of_teams_is_not_told_to_begin(ready: Stage, as_: As) -> None:
    page = shown(as_("root"), "web:home")
    assert "Begin with people and a team" not in page
    assert "You belong to no team yet" not in page


def test_the_page_of_a_team_says_what_its_roles_may(ready: Stage, as_: As) -> None:
    page = shown(as_("mira"), "web:team", ready.version.model.team.slug)
    assert "What each role may do in the team" in page
    for role in Role:
        assert f"<dt>{role.label}</dt>" in page


def test_a_review_leads_to_its_version(ready: Stage, as_: As) -> None:
    review = submit(caller=who("ada"), version=ready.version)
    address = reverse("web:version", args=[ready.version.model.name, 1])
    assert f'<li><a href="{address}">' in shown(as_("ben"), "web:review", review.pk)


def test_no_page_loses_what_stands_outside_its_blocks() -> None:
    """A page that extends another renders its blocks alone: the rest would be lost in silence."""
    for path in sorted((settings.BASE_DIR / "templates").rglob("*.html")):
        name = str(path.relative_to(settings.BASE_DIR / "templates"))
        first = get_template(name).template.nodelist[0]  # type: ignore[attr-defined]
        if isinstance(first, ExtendsNode):
            lost = [n for n in first.nodelist if not isinstance(n, _RENDERED)]
            assert not lost, (name, lost)


def test_a_finished_evaluation_leads_to_its_report(ready: Stage, as_: As) -> None:
    run = EvaluationRun.objects.filter(version=ready.version, report__isnull=False).get()
    page = shown(as_("ada"), "web:job", run.job_id)
    address = reverse("web:version-evaluation", args=[ready.version.model.name, 1])
    assert f'<a class="btn primary" href="{address}">Open the report</a>' in page


def test_exports_stand_beside_what_checks_them(ready: Stage, as_: As) -> None:
    page = shown(as_("cora"), "web:audit-export")
    for words in ("/api/v1/audit/keys", "/api/v1/audit/checkpoint", "python verify.py bundle.zip"):
        assert words in page


def test_an_explanation_says_which_output_it_explains(ready: Stage, as_: As) -> None:
    name = ready.version.model.name
    assert "Explained is the probability of" in shown(
        as_("ben"), "web:version-explanations", name, 1
    )


def test_a_team_name_with_spaces_is_refused_in_plain_words(ready: Stage, as_: As) -> None:
    reply = as_("root").post(reverse("web:teams"), {"slug": "two words", "name": "Two"})
    assert reply.status_code == 422
    assert "Write letters, digits, hyphens and underscores only." in reply.content.decode()


def test_metrics_and_hands_are_said_in_chinese() -> None:
    titles = {metric.title for metric in BY_NAME.values()}
    assert titles == set(vocabulary.METRICS)
    assert set(HANDS.values()) == set(vocabulary.HANDS)
    with override("zh-hans"):
        for word in (titles | set(HANDS.values())) - SAME_EVERYWHERE:
            assert vocabulary.spoken(word) != word
