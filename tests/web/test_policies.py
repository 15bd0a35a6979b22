"""Policies: what is in force, in words, against the one before, and publishing on the page."""

import html
from typing import Any

import pytest
import yaml
from django.urls import reverse

from accounts.models import Proposal
from governance.models import PolicyVersion
from governance.policy.documents import DEFAULTS
from tests.cast import password_of, the_team, who
from tests.factories.policies import publish_policy
from tests.stage import Stage
from tests.web.conftest import As


def document(**changes: Any) -> str:
    """The medium policy as YAML, with changes."""
    return yaml.safe_dump(DEFAULTS["medium"].as_dict() | changes)


def medium() -> PolicyVersion:
    """The policy in force for medium risk."""
    return PolicyVersion.objects.get(tier="medium", team=None)


def post(as_: As, username: str, **wishes: str) -> Any:
    """Send the form that proposes."""
    given = {"name": "medium", "tier": "medium", "team": "", "document": document()} | wishes
    given = {"reason": "It is time.", "password": password_of(username)} | given
    return as_(username).post(reverse("web:policy-publish"), given)


def agreed(username: str, second: str, **wishes: Any) -> PolicyVersion:
    """A revision that somebody proposed on the page and somebody else confirmed."""
    given: dict[str, Any] = {"name": "medium", "team": None}
    return publish_policy(
        caller=who(username),
        tier="medium",
        document=DEFAULTS["medium"].as_dict() | wishes.pop("changes", {}),
        confirmer=who(second),
        **(given | wishes),
    )


class TestTheList:
    def test_marks_what_is_in_force(self, ready: Stage, as_: As) -> None:
        agreed("root", "otto", changes={"validity_days": 90})
        entries = as_("ben").get(reverse("web:policies")).context["entries"]
        marks = {(e["policy"].name, e["policy"].revision): e["in_force"] for e in entries}
        assert marks[("medium", 2)]
        assert not marks[("medium", 1)]
        assert marks[("low", 1)]

    def test_hides_the_policies_of_other_teams(self, ready: Stage, as_: As) -> None:
        agreed("mira", "cora", name="own", team=the_team())
        names = {
            e["policy"].name for e in as_("dan").get(reverse("web:policies")).context["entries"]
        }
        assert names == {"low", "medium", "high"}

    def test_offers_publishing_only_to_whoever_may(self, ready: Stage, as_: As) -> None:
        shown = {
            n: as_(n).get(reverse("web:policies")).content.decode() for n in ("root", "mira", "ben")
        }
        assert "Propose a revision" in shown["root"]
        assert "Propose a revision" in shown["mira"]
        assert "Propose a revision" not in shown["ben"]
        assert "Only managers of the team may publish its policies." in shown["ben"]


class TestThePage:
    def test_says_in_words_what_it_demands(self, ready: Stage, as_: As) -> None:
        address = reverse("web:policy", args=[medium().pk])
        shown = html.unescape(as_("ben").get(address).content.decode())
        for words in (
            "2 different persons sign, none of whom had a hand in the version",
            "Accuracy is at least 0.8, where the task has it.",
            "This evidence is there: Evaluation report, Explanation report, Golden rows",
            "An approval holds for 365 days.",
        ):
            assert words in shown

    def test_says_every_wish_in_words(self, ready: Stage, as_: As) -> None:
        wishes: dict[str, Any] = {"emergency_hours": 24, "validation_report": True}
        wishes |= {"explanation_shift": 0.5, "stale_grace_s": 7200}
        newest = agreed("root", "otto", changes=wishes)
        reply = as_("ben").get(reverse("web:policy", args=[newest.pk]))
        shown = html.unescape(reply.content.decode())
        for words in (
            "two managers may let it answer without an approval, 24 h at most.",
            "A validation report about the version is finished.",
            "Explanations shift from the champion's, or the parent's, by at most 0.5.",
            "An approval that has gone stale holds for another 2 h 0 min.",
        ):
            assert words in shown

    def test_shows_the_document_as_yaml(self, ready: Stage, as_: As) -> None:
        text = as_("ben").get(reverse("web:policy", args=[medium().pk])).context["yaml"]
        assert yaml.safe_load(text) == medium().document

    def test_shows_the_lines_that_changed(self, ready: Stage, as_: As) -> None:
        newest = agreed("root", "otto", changes={"validity_days": 90})
        lines = as_("ben").get(reverse("web:policy", args=[newest.pk])).context["lines"]
        changed = [(line.mark, line.text) for line in lines if line.mark != " "]
        assert changed == [("-", "validity_days: 365"), ("+", "validity_days: 90")]

    def test_of_another_team_is_hidden(self, ready: Stage, as_: As) -> None:
        row = publish_policy(
            caller=who("mira"),
            name="own",
            tier="medium",
            team=the_team(),
            document=DEFAULTS["low"].as_dict(),
        )
        assert as_("dan").get(reverse("web:policy", args=[row.pk])).status_code == 404
        assert as_("ben").get(reverse("web:policy", args=[row.pk])).status_code == 200


class TestPublishing:
    def test_puts_nothing_into_force_before_another_person_confirms_it(
        self, ready: Stage, as_: As
    ) -> None:
        response = post(as_, "root", document=document(validity_days=400))
        page = response["Location"]
        assert not PolicyVersion.objects.filter(name="medium", revision=2).exists()

        shown = as_("otto").get(page)
        change = shown.context["shown"].policy["changes"][0]
        assert (change["name"], change["word"]) == ("validity_days", "asks less")
        lines = shown.context["shown"].policy["lines"]
        changed = [(line.mark, line.text) for line in lines if line.mark != " "]
        assert changed == [("-", "validity_days: 365"), ("+", "validity_days: 400")]
        given = {"digest": f"sha256:{shown.context['proposal'].digest}"}
        given |= {"password": password_of("otto")}
        assert as_("otto").post(f"{page}/confirm", given)["Location"] == page

        newest = PolicyVersion.objects.get(name="medium", revision=2)
        assert newest.document["validity_days"] == 400
        shown = as_("ben").get(reverse("web:policy", args=[newest.pk]))
        assert "proposed by Root, confirmed by Otto" in shown.content.decode()

    def test_begins_with_the_document_that_it_follows(self, ready: Stage, as_: As) -> None:
        address = reverse("web:policy-publish")
        form = as_("root").get(address, {"from": str(medium().pk)}).context["form"]
        assert yaml.safe_load(form["document"].value()) == medium().document
        assert as_("root").get(address, {"from": "no number"}).status_code == 200

    def test_lets_managers_publish_for_their_team_only(self, ready: Stage, as_: As) -> None:
        own = post(as_, "mira", name="own", team=the_team().slug)
        assert own.status_code == 302
        everybody = post(as_, "mira", name="own")
        assert everybody.status_code == 422
        assert Proposal.objects.filter(kind="policy").count() == 1

    def test_is_closed_to_others_with_the_reason(self, ready: Stage, as_: As) -> None:
        response = as_("ben").get(reverse("web:policy-publish"))
        assert response.status_code == 403
        assert "Only managers of the team may publish" in response.content.decode()

    @pytest.mark.parametrize(
        ("wishes", "words"),
        [
            ({"document": "signers: [unclosed"}, "This is no YAML. Line"),
            ({"document": "- a list"}, "The document is a mapping"),
            ({"document": document(validity_days=0)}, "validity_days: This must be a whole"),
            ({"document": document(surprise=1)}, "surprise: A policy has no such field."),
            ({"document": "!!python/object:os.system {}"}, "This is no YAML."),
            ({"document": ""}, "This field is required."),
            ({"name": "no name!"}, "Enter a valid"),
            ({"tier": "deadly"}, "Select a valid choice"),
        ],
    )
    def test_names_what_is_wrong_and_keeps_the_text(
        self, ready: Stage, as_: As, wishes: dict[str, str], words: str
    ) -> None:
        response = post(as_, "root", **wishes)
        assert response.status_code == 422
        assert words in html.unescape(response.content.decode())
        assert response.context["form"]["document"].value() == wishes.get("document", document())

    def test_refuses_what_changes_nothing(self, ready: Stage, as_: As) -> None:
        response = post(as_, "root")
        assert response.status_code == 409
        assert "says this already" in response.content.decode()
