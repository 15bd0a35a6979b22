"""Form and YAML of a policy are the same thing, and a draft can be tried before it is published."""

import html
from typing import Any

import pytest
import yaml
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.models import PolicyVersion
from governance.policy.documents import DEFAULTS, Policy
from governance.policy.fields import KINDS_OF_EVIDENCE, WAIVABLE
from tests.stage import MODEL, Stage
from tests.web.conftest import As
from web.forms.policy_fields import PolicyFieldsForm

DRAFT = "/policies/draft"
NOBODY = "00000000-0000-0000-0000-000000000000"
FULL: dict[str, Any] = DEFAULTS["high"].as_dict() | {
    "metrics": [
        {"metric": "accuracy", "limit": 0.9, "bound": "interval"},
        {"metric": "accuracy", "limit": 0.95, "bound": "value"},
        {"metric": "ece", "limit": 0.1, "bound": "value"},
    ],
    "slices": [
        {
            "metric": "recall_macro",
            "limit": 0.8,
            "bound": "value",
            "least_rows": 40,
            "columns": ["age", "sex"],
        }
    ],
    "latency_ms": 2.5,
    "size_bytes": 1000,
    "licences": ["Apache-2.0", "MIT"],
    "lineage": True,
    "waivable": ["card", "metric:*", "slice:accuracy"],
    "second_factor": True,
    "sealed_plan": True,
    "elsewhere": {
        "evidence": ["card"],
        "licences": ["Proprietary"],
        "lineage": True,
        "validation_report": True,
        "evidence_days": 365,
        "size_bytes": 5000,
    },
}


HEADS = {"name": "ours", "tier": "low", "team": ""}
TEXTS = st.lists(st.from_regex(r"[A-Za-z][A-Za-z0-9.-]{0,20}", fullmatch=True), unique=True)
PART: dict[str, st.SearchStrategy[Any]] = {
    "evidence": st.just(["card"]),
    "licences": TEXTS.filter(len),
    "lineage": st.just(True),
    "validation_report": st.just(True),
    "evidence_days": st.integers(1, 1825),
    "size_bytes": st.integers(1, 10**15),
}
OTHERS: dict[str, st.SearchStrategy[Any]] = {
    "metrics": st.just([{"metric": "accuracy", "limit": 0.5, "bound": "value"}]),
    "evidence": st.lists(st.sampled_from(KINDS_OF_EVIDENCE), unique=True),
    "licences": TEXTS,
    "lineage": st.booleans(),
    "latency_ms": st.integers(1, 1000),
    "evidence_days": st.integers(1, 1825),
    "validation_report": st.booleans(),
    "waivable": st.lists(st.sampled_from(WAIVABLE), unique=True),
    "passkey": st.booleans(),
}


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Policies with and without a part for what is used elsewhere."""
    found = DEFAULTS["low"].as_dict() | draw(st.fixed_dictionaries({}, optional=OTHERS))
    part = draw(st.none() | st.fixed_dictionaries({}, optional=PART).filter(len))
    return found | ({} if part is None else {"elsewhere": part})


def as_yaml(document: dict[str, Any], **heads: str) -> dict[str, str]:
    """What the YAML view sends."""
    text = yaml.safe_dump(document, sort_keys=False)
    return {"name": "ours", "tier": "high", "team": "", "document": text} | heads


def sent(form: Any) -> dict[str, Any]:
    """What a browser sends of a form as it was filled in."""
    found: dict[str, Any] = {}
    for bound in form:
        value = bound.value()
        if value is not None and value is not False and value not in ("", []):
            found[bound.html_name] = value
    return found


def test_the_form_says_what_the_yaml_says_and_back(ready: Stage, as_: As) -> None:
    root = as_("root")
    fields = root.post(DRAFT, as_yaml(Policy.read(FULL).as_dict())).context["form"]

    back = root.post(DRAFT, sent(fields)).context["form"]

    assert yaml.safe_load(back["document"].value()) == Policy.read(FULL).as_dict()
    assert (back["name"].value(), back["tier"].value()) == ("ours", "high")


@settings(max_examples=150, deadline=None)
@given(document=documents())
def test_form_and_yaml_say_the_same_of_every_policy(document: dict[str, Any]) -> None:
    """Whatever is asked of what is served here and of what is used elsewhere."""
    policy = Policy.read(document)
    shown = PolicyFieldsForm(initial=HEADS, document=policy.as_dict(), teams=[], for_everybody=True)
    back = PolicyFieldsForm(sent(shown), teams=[], for_everybody=True)

    assert back.is_valid(), back.errors
    assert back.cleaned_data["document"] == policy.as_dict()
    assert Policy.read(yaml.safe_load(as_yaml(policy.as_dict())["document"])) == policy
    assert back.cleaned_data["document"].get("elsewhere") == document.get("elsewhere")


@pytest.mark.parametrize("tier", ["low", "medium", "high"])
def test_the_form_begins_with_the_policy_that_it_follows(ready: Stage, as_: As, tier: str) -> None:
    row = PolicyVersion.objects.get(tier=tier, team=None)
    root = as_("root")

    form = root.get(DRAFT, {"from": str(row.pk)}).context["form"]
    back = root.post(DRAFT, sent(form)).context["form"]

    assert yaml.safe_load(back["document"].value()) == row.document


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("validity_days", "0"),
        ("signers.count", "11"),
        ("mcnemar", "0.9"),
        ("metrics[1].limit", ""),
        ("metrics[1].limit", "much"),
        ("slices[0].least_rows", "0"),
        ("no_regression[0].margin", "-1"),
        ("size_bytes", "1.5"),
        ("waivable", ["admission"]),
        ("elsewhere.evidence", ["evaluation"]),
        ("elsewhere.evidence_days", "0"),
        ("elsewhere.size_bytes", "much"),
    ],
)
def test_a_fault_stands_beside_the_same_field_in_both(
    ready: Stage, as_: As, name: str, value: Any
) -> None:
    root = as_("root")
    fields = root.post(DRAFT, as_yaml(Policy.read(FULL).as_dict())).context["form"]

    response = root.post(DRAFT, sent(fields) | {name: value})

    assert response.status_code == 422
    assert list(response.context["form"].errors) == [name]


def test_a_row_that_was_left_out_does_not_move_the_fault(ready: Stage, as_: As) -> None:
    root = as_("root")
    fields = root.post(DRAFT, as_yaml(Policy.read(FULL).as_dict())).context["form"]
    given = sent(fields) | {"metrics[2].limit": ""}
    for column in ("metric", "limit", "bound"):
        del given[f"metrics[0].{column}"]

    response = root.post(DRAFT, given)

    assert list(response.context["form"].errors) == ["metrics[2].limit"]


def test_the_form_groups_what_is_asked_by_whom_it_is_asked_of(ready: Stage, as_: As) -> None:
    root = as_("root")
    form = root.post(DRAFT, as_yaml(Policy.read(FULL).as_dict())).context["form"]

    served, elsewhere, both = form.groups()

    assert {s.bound.html_name for s in elsewhere.sections} == {
        f"elsewhere.{name}" for name in FULL["elsewhere"]
    }
    assert "Limits on metrics" in [section.title for section in served.sections]
    assert "Persons who sign" in [section.title for section in both.sections]
    shown = html.unescape(root.get(DRAFT).content.decode())
    assert "Left empty, all of the above is asked of them too" in shown


def test_a_part_that_asks_nothing_is_refused_and_not_taken_for_nothing_asked(
    ready: Stage, as_: As
) -> None:
    response = as_("root").post(DRAFT, as_yaml(FULL | {"elsewhere": {"lineage": False}}))

    assert response.status_code == 422
    assert "elsewhere: This asks nothing" in html.unescape(response.content.decode())


def test_yaml_that_is_no_policy_stays_yaml_with_the_field_named(ready: Stage, as_: As) -> None:
    response = as_("root").post(DRAFT, as_yaml(FULL | {"validity_days": 0}))

    assert response.status_code == 422
    assert "validity_days: This must be a whole number" in html.unescape(response.content.decode())


def test_only_whoever_may_publish_drafts(ready: Stage, as_: As) -> None:
    assert as_("ben").get(DRAFT).status_code == 403
    assert as_("ben").post(DRAFT, as_yaml(FULL)).status_code == 403


class TestTrying:
    def ask(self, as_: As, name: str = "ben", **wishes: str) -> Any:
        strict = DEFAULTS["medium"].as_dict() | {"lineage": True}
        given = as_yaml(strict, tier="medium") | {"which": "live"} | wishes
        return as_(name).post("/policies/trial", given)

    def test_says_what_stops_each_version(self, approved: Stage, as_: As) -> None:
        response = self.ask(as_)

        shown = html.unescape(response.content.decode())
        assert "stopped by 1 gate" in shown
        assert "It was uploaded: nothing is recorded of how it was made." in shown

    def test_may_be_of_one_version(self, approved: Stage, as_: As) -> None:
        response = self.ask(
            as_, model=MODEL, version="1", document=yaml.safe_dump(DEFAULTS["medium"].as_dict())
        )

        assert "lets it pass" in response.content.decode()

    def test_says_that_there_is_nothing(self, ready: Stage, as_: As) -> None:
        assert "No such version is approved now." in self.ask(as_).content.decode()

    def test_names_what_is_wrong(self, approved: Stage, as_: As) -> None:
        assert self.ask(as_, document="validity_days: 0").status_code == 422
        assert self.ask(as_, model="no-such").status_code == 404
        assert self.ask(as_, "carl", model=MODEL, version="1").status_code in (403, 422)

    def test_begins_with_a_published_policy(self, ready: Stage, as_: As) -> None:
        row = PolicyVersion.objects.get(tier="low", team=None)
        form = as_("ben").get("/policies/trial", {"policy": str(row.pk)}).context["form"]

        assert yaml.safe_load(form["document"].value()) == row.document
        assert as_("ben").get("/policies/trial", {"policy": "none"}).status_code == 200

    def test_leads_back_to_the_draft_that_was_tried(self, approved: Stage, as_: As) -> None:
        root = as_("root")
        draft = as_yaml(Policy.read(FULL).as_dict())
        tried = root.post("/policies/trial", draft | {"which": "live"}).context["form"]
        # Asking of other versions changes nothing of the draft.
        again = root.post("/policies/trial", sent(tried) | {"of_tier": "low", "of_team": "credit"})
        given = sent(again.context["form"])

        fields = root.post(DRAFT, given).context["form"]
        proposal = root.post(DRAFT, given | {"propose": "1"})

        assert (fields["name"].value(), fields["tier"].value()) == ("ours", "high")
        form = proposal.context["form"]
        assert yaml.safe_load(form["document"].value()) == Policy.read(FULL).as_dict()
        assert (form["name"].value(), form["tier"].value(), form["team"].value()) == (
            ("ours", "high", "")
        )
        assert 'name="password"' in proposal.content.decode()

    def test_leads_from_the_form_to_the_trial_and_back(self, approved: Stage, as_: As) -> None:
        root = as_("root")
        fields = root.post(DRAFT, as_yaml(Policy.read(FULL).as_dict())).context["form"]

        tried = root.post(DRAFT, sent(fields) | {"trial": "1"})

        back = root.post(DRAFT, sent(tried.context["form"])).context["form"]
        assert back["name"].value() == "ours"

    def test_leads_back_to_a_published_policy_whoever_only_reads(
        self, approved: Stage, as_: As
    ) -> None:
        row = PolicyVersion.objects.get(tier="medium", team=None)
        page = reverse("web:policy", args=[row.pk])
        first = as_("ben").get("/policies/trial", {"policy": str(row.pk)})
        answered = as_("ben").post("/policies/trial", sent(first.context["form"]))

        for response in (first, answered):
            assert f'href="{page}"' in response.content.decode()
            assert "Propose this policy" not in response.content.decode()
        assert "Propose this policy" in self.ask(as_, "root").content.decode()


def test_two_revisions_are_compared_field_by_field(ready: Stage, as_: As) -> None:
    low, high = (PolicyVersion.objects.get(tier=tier, team=None) for tier in ("low", "high"))

    response = as_("ben").get(reverse("web:policy-compare", args=[high.pk, low.pk]))

    shown = html.unescape(response.content.decode())
    assert "Level of the McNemar test" in shown
    assert "asks more" in shown
    assert as_("ben").get(reverse("web:policy-compare", args=[high.pk, NOBODY])).status_code == 404
