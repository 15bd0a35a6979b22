"""The pages of a version: what each role sees, which buttons say why not, and what acts refuse."""

import hashlib
import html
import json
from typing import Any

import pytest
from django.test import override_settings
from django.urls import reverse

from audit.actions import Action
from audit.models import AuditEvent
from governance.models import Review
from governance.services import submit
from registry.models import Alias, Status
from registry.selectors import latest_card
from registry.services import add_evidence, quarantine
from tests.cast import password_of, who
from tests.factories import tiny, verbs, waivers
from tests.stage import MODEL, Stage, version_of
from tests.web.conftest import As

EVIDENCE_TABS = (
    "card",
    "files",
    "evaluation",
    "explanations",
    "compression",
    "jobs",
    "history",
    "manifest",
)


def text(response: Any) -> str:
    """The page as its reader sees it."""
    return html.unescape(response.content.decode())


def at(tab: str = "", number: int = 1, *more: object) -> str:
    """An address of the version."""
    return reverse(f"web:version-{tab}" if tab else "web:version", args=[MODEL, number, *more])


def acts(client: Any, number: int = 1) -> dict[str, str]:
    """The buttons of the page, each with what stands in its way."""
    shown = client.get(at(number=number)).context["acts"]
    return {act.url.rpartition("/")[2]: act.decision.reason for act in shown}


class TestWhoSeesWhat:
    @pytest.mark.parametrize("tab", EVIDENCE_TABS)
    def test_members_who_read_evidence_see_every_tab(self, ready: Stage, as_: As, tab: str) -> None:
        assert as_("cora").get(at(tab)).status_code == 200

    @pytest.mark.parametrize("tab", EVIDENCE_TABS)
    def test_consumers_see_no_evidence_and_are_told_so(
        self, ready: Stage, as_: As, tab: str
    ) -> None:
        response = as_("carl").get(at(tab))
        assert response.status_code == 403
        assert "not its evidence" in text(response)

    def test_consumers_see_what_it_is_and_how_to_call_it(self, ready: Stage, as_: As) -> None:
        client = as_("carl")
        assert "Gates" not in text(client.get(at()))
        assert "worst radius" in text(client.get(at("signature")))

    @pytest.mark.parametrize("tab", ["", "signature", *EVIDENCE_TABS])
    def test_strangers_and_administrators_see_nothing(
        self, ready: Stage, as_: As, tab: str
    ) -> None:
        assert as_("dan").get(at(tab)).status_code == 404
        assert as_("root").get(at(tab)).status_code == 404

    def test_a_version_that_is_not_there_is_not_found(self, ready: Stage, as_: As) -> None:
        assert as_("ada").get(at(number=9)).status_code == 404


class TestTheOverview:
    def test_shows_the_gates_as_they_stand_now(self, ready: Stage, as_: As) -> None:
        context = as_("ben").get(at()).context
        assert context["passed"] == len(context["gates"]) > 0
        bare = verbs.another(who("ada"), ready.version.model, strength=0.5)
        context = as_("ben").get(at(number=bare.number)).context
        assert context["passed"] < len(context["gates"])

    def test_shows_the_newest_figures_with_their_intervals(self, ready: Stage, as_: As) -> None:
        accuracy = tiny.reports()["evaluation"]["metrics"]["accuracy"]["value"]
        headline = as_("ben").get(at()).context["headlines"][0]
        assert headline["value"] == accuracy
        assert headline["interval"] is not None

    def test_names_the_contributors_who_may_not_sign(self, ready: Stage, as_: As) -> None:
        shown = text(as_("ben").get(at()))
        assert "uploaded it" in shown
        assert "None of them may sign" in shown

    def test_says_that_an_approval_holds_only_if_it_does(self, approved: Stage, as_: As) -> None:
        assert "Approved: inference may answer" in text(as_("ben").get(at()))
        with override_settings(TRUSTED_KEYS=approved.folder / "other-keys.txt"):
            assert "The approval does not hold now" in text(as_("ben").get(at()))

    def test_says_loudly_that_stored_bytes_are_damaged(self, ready: Stage, as_: As) -> None:
        quarantine(version=ready.version, reason="One byte differs.")
        shown = text(as_("ben").get(at()))
        assert "Quarantined" in shown
        assert "One byte differs." in shown


class TestButtons:
    def test_of_a_draft(self, ready: Stage, as_: As) -> None:
        assert acts(as_("ada"))["submit"] == ""
        assert acts(as_("ben"))["submit"].startswith("Only contributors and managers")
        assert acts(as_("mira"))["promote"] == "An alias points only at an approved version."
        assert acts(as_("mira"))["revoke"] == "There is no approval to revoke."

    def test_of_a_version_in_review(self, ready: Stage, as_: As) -> None:
        submit(caller=who("ada"), version=ready.version)
        assert acts(as_("ada"))["submit"] == "A review is open already."
        assert acts(as_("mira"))["retire"] == "A review is open; withdraw it first."

    def test_of_a_champion(self, approved: Stage, as_: As) -> None:
        assert acts(as_("mira")) == {
            "submit": "It is approved already.",
            "promote": "",
            "split": "",
            "revoke": "",
            "retire": "An alias points at it; move the alias first.",
        }
        assert acts(as_("cora"))["revoke"] == ""
        assert acts(as_("ada"))["promote"].startswith("Only managers")

    @pytest.mark.parametrize(
        ("act", "username"),
        [("submit", "ben"), ("submit", "cora"), ("promote", "ada"), ("promote", "cora"),
         ("revoke", "ada"), ("revoke", "ben"), ("retire", "ada"), ("card-edit", "ben")],
    )  # fmt: skip
    def test_that_are_not_for_a_person_cannot_be_forged(
        self, approved: Stage, as_: As, act: str, username: str
    ) -> None:
        fields = {"reason": "x", "alias": "champion", "password": password_of(username)}
        assert as_(username).post(at(act), fields).status_code == 403
        refused = AuditEvent.objects.filter(action=Action.REFUSED, user_id=who(username).user.pk)
        assert refused.exists()


class TestActs:
    def test_submitting_opens_a_review(self, ready: Stage, as_: As) -> None:
        response = as_("ada").post(at("submit"))
        assert response["Location"] == reverse("web:review", args=[Review.objects.get().pk])

    def test_submitting_shows_beforehand_what_is_missing(self, ready: Stage, as_: As) -> None:
        verbs.another(who("ada"), ready.version.model, strength=0.5)
        shown = text(as_("ada").get(at("submit", 2)))
        assert "required gates have not passed" in shown

    def test_submitting_twice_is_refused_in_the_form(self, ready: Stage, as_: As) -> None:
        as_("ada").post(at("submit"))
        response = as_("ada").post(at("submit"))
        assert response.status_code == 409
        assert response.context["form"].errors
        assert Review.objects.count() == 1

    def test_promoting_moves_the_alias(self, approved: Stage, as_: As) -> None:
        fields = {"alias": "canary", "reason": "A second name."}
        assert as_("mira").post(at("promote"), fields).status_code == 302
        assert Alias.objects.get(name="canary").version == approved.version

    @pytest.mark.parametrize(
        ("fields", "status"),
        [({"alias": "latest", "reason": "x"}, 422), ({"alias": "", "reason": "x"}, 422),
         ({"alias": "canary", "reason": " "}, 422), ({"alias": "champion", "reason": "x"}, 409)],
    )  # fmt: skip
    def test_promoting_wrongly_is_refused_in_the_form(
        self, approved: Stage, as_: As, fields: dict[str, str], status: int
    ) -> None:
        response = as_("mira").post(at("promote"), fields)
        assert response.status_code == status
        assert response.context["form"].errors
        assert Alias.objects.count() == 1

    def test_promoting_without_an_approval_is_refused(self, ready: Stage, as_: As) -> None:
        response = as_("mira").post(at("promote"), {"alias": "champion", "reason": "x"})
        assert response.status_code == 409
        assert not Alias.objects.exists()

    def test_revoking_wants_the_password(self, approved: Stage, as_: As) -> None:
        client, fields = as_("cora"), {"reason": "It errs."}
        wrong = client.post(at("revoke"), fields | {"password": "wrong"})
        assert wrong.status_code == 422
        assert "password" in wrong.context["form"].errors
        assert version_of(MODEL, 1).status == Status.APPROVED
        assert (
            client.post(at("revoke"), fields | {"password": password_of("cora")}).status_code == 302
        )
        assert version_of(MODEL, 1).status == Status.REVOKED

    def test_retiring_takes_a_version_out_of_use(self, ready: Stage, as_: As) -> None:
        as_("mira").post(at("retire"), {"reason": "Old."})
        assert version_of(MODEL, 1).status == Status.RETIRED
        assert "It is out of use." in acts(as_("ada"))["submit"]


class TestTheCard:
    def test_is_shown_as_markdown_without_anything_that_acts(self, ready: Stage, as_: As) -> None:
        evil = "**bold** <script>alert(1)</script> [x](javascript:alert(1)) ![i](http://x/y.png)"
        as_("ada").post(at("card-edit"), tiny.CARD | {"intended_use": evil})
        shown = as_("ben").get(at("card")).content.decode()
        assert "<strong>bold</strong>" in shown
        assert "<script>alert" not in shown
        assert "javascript:" not in shown.replace("[x](javascript:alert(1))", "")
        assert "<img" not in shown

    def test_keeps_its_revisions(self, ready: Stage, as_: As) -> None:
        as_("ada").post(at("card-edit"), tiny.CARD | {"contact": "Somebody else."})
        assert "Somebody else." in text(as_("ben").get(at("card")))
        older = text(as_("ben").get(at("card"), {"revision": "1"}))
        assert "The team credit." in older

    def test_that_says_the_same_is_refused_in_the_form(self, ready: Stage, as_: As) -> None:
        response = as_("ada").post(at("card-edit"), tiny.CARD)
        assert response.status_code == 409
        assert response.context["form"].errors

    def test_that_is_too_long_is_refused_beside_its_field(self, ready: Stage, as_: As) -> None:
        response = as_("ada").post(at("card-edit"), tiny.CARD | {"contact": "x" * 8001})
        assert response.status_code == 422
        assert "contact" in response.context["form"].errors
        card = latest_card(ready.version)
        assert card is not None
        assert card.revision == 1

    def test_says_which_sections_the_policy_wants(self, ready: Stage, as_: As) -> None:
        wanted, optional = "wanted by the policy", "optional"
        shown = text(as_("ada").get(at("card-edit")))
        assert (shown.count(wanted), shown.count(optional)) == (5, 3)
        as_("ada").post(at("card-edit"), tiny.CARD | {"contact": ""})
        assert "wanted by the gate" in text(as_("ada").get(at("card")))

        waivers.strict_policy(evidence=["evaluation"])

        shown = text(as_("ada").get(at("card-edit")))
        assert (shown.count(wanted), shown.count(optional)) == (0, 8)
        assert "wanted by the gate" not in text(as_("ada").get(at("card")))


class TestFiles:
    def test_are_downloaded_whole_and_never_shown(self, ready: Stage, as_: As) -> None:
        response = as_("ben").get(at("artifact", 1, "model", "model.onnx"))
        body = b"".join(response.streaming_content)  # type: ignore[attr-defined]
        assert hashlib.sha256(body).hexdigest() == ready.version.artifacts.get().blob_id
        assert response["Content-Disposition"] == 'attachment; filename="model.onnx"'
        assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert response["Content-Type"] == "application/octet-stream"

    def test_name_the_manifest_whose_digest_is_the_versions(self, ready: Stage, as_: As) -> None:
        response = as_("ben").get(at("manifest"))
        assert hashlib.sha256(response.content).hexdigest() == ready.version.digest
        assert response["Content-Disposition"].startswith("attachment")

    def test_name_the_evidence_by_digest(self, ready: Stage, as_: As) -> None:
        row = ready.version.evidence.filter(kind="evaluation").get()
        response = as_("ben").get(at("evidence", 1, row.digest))
        assert hashlib.sha256(response.content).hexdigest() == row.digest

    def test_that_do_not_exist_are_not_found(self, ready: Stage, as_: As) -> None:
        assert as_("ben").get(at("artifact", 1, "model", "other.onnx")).status_code == 404
        assert as_("ben").get(at("evidence", 1, "0" * 64)).status_code == 404


class TestReports:
    def test_of_the_evaluation_show_its_figures(self, ready: Stage, as_: As) -> None:
        shown = text(as_("ben").get(at("evaluation")))
        for part in ("Confusion matrix", "ROC curve", "Latency", "By class", "95% CI"):
            assert part in shown

    def test_of_the_explanation_explain_the_chosen_row(self, ready: Stage, as_: As) -> None:
        response = as_("ben").get(at("explanations"), {"row": "2"})
        local = tiny.reports()["explanation"]["local"][2]
        assert response.context["ex"]["local"]["row"] == local["row"]
        assert "Contributions to this output" in text(response)

    def test_that_are_older_stay_reachable(self, ready: Stage, as_: As) -> None:
        old = ready.version.evidence.get(kind="evaluation").digest
        verbs.evaluate(who("ada"), ready.version, strength=0.01)
        newest, older = (
            as_("ben").get(at("evaluation"), query).context for query in ({}, {"report": old})
        )
        assert newest["evidence"].digest != older["evidence"].digest == old
        assert (newest["is_newest"], older["is_newest"]) == (True, False)

    def test_that_are_missing_say_what_to_do(self, ready: Stage, as_: As) -> None:
        verbs.another(who("ada"), ready.version.model, strength=0.5)
        assert "Start an evaluation" in text(as_("ben").get(at("evaluation", 2)))
        assert "Start an explanation" in text(as_("ben").get(at("explanations", 2)))

    def test_of_a_compression_tell_the_parents_and_the_childs_side(
        self, ready: Stage, as_: As
    ) -> None:
        parent = ready.version
        child = verbs.another(
            who("ada"), parent.model, strength=0.5, kind="compressed", parent=parent
        )
        add_evidence(version=child, kind="parity", document=PARITY)
        assert PARITY["verdict"] in text(as_("ben").get(at("compression")))
        assert PARITY["verdict"] in text(as_("ben").get(at("compression", 2)))


PARITY: dict[str, Any] = {
    "type": "assay/parity/1",
    "rows": 200,
    "metrics": [
        {"metric": "accuracy", "parent": 0.95, "child": 0.94, "difference": -0.01, "low": -0.02,
         "high": 0.01, "better": "higher"},
    ],
    "agreement_rate": 0.99,
    "max_abs_difference": 0.02,
    "size_bytes": {"parent": 1000, "child": 300, "ratio": 0.3},
    "latency": {"batches": [{"batch": 1, "parent_s": 0.001, "child_s": 0.001, "meaning": "same"}]},
    "verdict": "Smaller, not faster: 30 % of the bytes.",
}  # fmt: skip


def test_the_request_on_the_signatures_page_has_the_form_that_is_answered(
    ready: Stage, as_: As
) -> None:
    example = as_("carl").get(at("signature")).context["example"]
    assert set(json.loads(example)["rows"][0]) == set(tiny.COLUMNS)
