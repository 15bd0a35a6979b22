"""The pages of a model that is not served here: declared, submitted, approved for elsewhere."""

import html
import json
from typing import Any
from uuid import UUID

from django.urls import reverse

from governance.models import PolicyVersion, Review
from governance.policy.documents import DEFAULTS
from registry.models import ModelVersion, VersionRequest
from tests.cast import who
from tests.factories import verbs
from tests.factories.elsewhere import (
    DECLARED,
    SHEET,
    a_sheet,
    approved_elsewhere,
    declared,
    policy_for_sheets,
    validated,
)
from tests.factories.policies import publish_policy
from tests.stage import MODEL, Stage
from tests.web.conftest import As

JSON = "application/json"


def text(response: Any) -> str:
    """What a page says."""
    return html.unescape(response.content.decode())


def job() -> UUID:
    """That of the newest version that was asked for."""
    return VersionRequest.objects.latest("created_at").job_id


class TestDeclaring:
    def test_makes_a_version_with_files_or_none(self, ready: Stage, as_: As) -> None:
        client, address = as_("ada"), reverse("web:version-declare", args=[a_sheet().name])
        assert address in text(client.get(reverse("web:model", args=[SHEET])))
        manual = verbs.send(who("ada"), "manual.pdf", b"%PDF-")
        for files in ([], [manual]):
            said = {**DECLARED, "note": "", "sidecar": files}
            assert client.post(address, said)["Location"] == reverse("web:job", args=[job()])
            verbs.at_work(job())
            assert "Acme, Score, 3.1" in text(client.get(reverse("web:job", args=[job()])))
        made = ModelVersion.objects.filter(model__name=SHEET).order_by("number")
        assert [version.artifacts.count() for version in made] == [0, 1]
        shown = text(client.get(reverse("web:version", args=[SHEET, 1])))
        assert "It is run elsewhere" in shown
        assert "Acme" in shown

    def test_leads_back_to_the_form_with_what_was_said(self, ready: Stage, as_: As) -> None:
        client, address = as_("ada"), reverse("web:version-declare", args=[a_sheet().name])
        response = client.post(address, {**DECLARED, "release": " ", "note": ""})
        assert (response.status_code, *response.context["form"].errors) == (422, "release")
        client.post(address, {**DECLARED, "note": ""})
        again = client.get(f"{address}?job={job()}")
        assert 'value="Acme"' in text(again)

    def test_is_refused_of_a_model_that_is_served_here(self, ready: Stage, as_: As) -> None:
        assert as_("ada").get(reverse("web:version-declare", args=[MODEL])).status_code == 409

    def test_goes_over_rest_too(self, ready: Stage, as_: As) -> None:
        a_sheet()
        address = reverse("api:versions", args=[SHEET])
        asked = as_("ada").post(address, {"artifacts": [], "declared": DECLARED}, JSON)
        assert (asked.status_code, asked.json()["declared"]) == (202, DECLARED)
        verbs.at_work(UUID(asked.json()["job_id"]))
        found = as_("ben").get(reverse("api:version", args=[SHEET, 1])).json()
        assert (found["servable"], found["artifacts"]) == (False, [])
        refused = as_("ada").post(address, {"artifacts": []}, JSON)
        assert (refused.status_code, refused.json()["field"]) == (422, "artifacts")


class TestAnApproval:
    def test_is_asked_for_without_an_alias_and_said_on_every_page(
        self, ready: Stage, as_: As
    ) -> None:
        policy_for_sheets()
        validated(declared(a_sheet()))
        address = reverse("web:version-submit", args=[SHEET, 1])
        page = as_("ada").get(address)
        assert "aliases" not in page.context["form"].fields
        done = as_("ada").post(address, {"purpose": "Limits of branches."})
        review = Review.objects.latest("opened_at")
        assert done["Location"] == reverse("web:review", args=[review.pk])
        shown = text(as_("cleo").get(done["Location"]))
        assert "It never serves here." in shown
        assert "Limits of branches." in shown

    def test_holds_on_the_page_and_no_button_lets_it_answer(
        self, ready_copy: Stage, as_: As
    ) -> None:
        approved_elsewhere(ready_copy)
        shown = text(as_("mira").get(reverse("web:version", args=[SHEET, 1])))
        assert "Approved for use elsewhere" in shown
        assert "use elsewhere; it never serves here" in shown
        assert "It is used elsewhere: it never answers here." in shown
        assert "does not hold" not in shown
        promote = reverse("web:version-promote", args=[SHEET, 1])
        refused = as_("mira").post(promote, {"alias": "champion", "reason": "Try."})
        assert refused.status_code == 409
        assert "never serves here" in text(refused)


class TestOnePolicyForBoth:
    def document(self) -> dict[str, Any]:
        part = {"evidence": ["card"], "lineage": True, "validation_report": True}
        return DEFAULTS["low"].as_dict() | {"elsewhere": part | {"evidence_days": 365}}

    def publish(self) -> PolicyVersion:
        return publish_policy(
            caller=who("root"), name="low", tier="low", team=None, document=self.document()
        )

    def test_says_on_its_page_what_is_asked_of_whom(self, ready: Stage, as_: As) -> None:
        shown = text(as_("ben").get(reverse("web:policy", args=[self.publish().pk])))
        assert "Of models that are used elsewhere" in shown
        assert "The validation report is at most 365 days old when it is approved." in shown
        assert "Used elsewhere: Limits on metrics, accuracy (value)" in shown
        assert "asks less" in shown

    def test_without_a_part_says_that_all_of_it_is_asked(self, ready: Stage, as_: As) -> None:
        row = PolicyVersion.objects.get(tier="low", team=None)
        shown = text(as_("ben").get(reverse("web:policy", args=[row.pk])))
        assert "All of this is asked of them too, and what needs a run here stops them." in shown

    def test_is_compared_over_rest_with_the_part_named(self, ready: Stage, as_: As) -> None:
        before = PolicyVersion.objects.get(tier="low", team=None)
        after = self.publish()
        address = reverse("api:policy-changes", args=[after.pk, before.pk])
        found = {row["field"]: row["effect"] for row in as_("ben").get(address).json()}
        assert found["elsewhere.metrics"] == "relaxed"
        assert found["elsewhere.validation_report"] == "tightened"

    def test_is_tried_over_rest_by_the_kind_of_each_version(self, ready: Stage, as_: As) -> None:
        declared(a_sheet())
        body = {"policy": str(self.publish().pk), "model": SHEET, "version": 1}
        (found,) = as_("ben").post(reverse("api:policy-trials"), body, JSON).json()["results"]
        assert (found["elsewhere"], found["passes"]) == (True, False)
        asked = {gate["gate"] for gate in found["gates"]}
        assert asked == {"admission", "card", "lineage", "validation_report", "evidence_age"}
        given = {"document": json.dumps(self.document()), "which": "live", "of_tier": "low"}
        tried = as_("ben").post(
            reverse("web:policy-trial"), given | {"model": SHEET, "version": "1"}
        )
        assert "used elsewhere" in text(tried)

    def test_is_refused_over_rest_with_the_field_named(self, ready: Stage, as_: As) -> None:
        document = DEFAULTS["low"].as_dict() | {"elsewhere": {"metrics": []}}
        answer = as_("ben").post(
            reverse("api:policy-trials"), {"document": document, "tier": "low"}, JSON
        )
        assert (answer.status_code, answer.json()["field"]) == (422, "document.elsewhere.metrics")
