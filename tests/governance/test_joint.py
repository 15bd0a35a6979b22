"""One policy for models that are served here and for those that are used elsewhere.

Which of its gates are asked is told by the version's manifest, whoever submits it.
"""

from typing import Any

import pytest

from common.errors import Conflict
from compliance.verification.check import check_records
from governance.evidence.differences import differences
from governance.models import Approval, Review
from governance.policy.changes import TIGHTER, changes_between, relaxes
from governance.policy.documents import DEFAULTS, Policy
from governance.policy.elsewhere import is_asked_elsewhere, is_asked_of_evidence
from governance.policy.fields import FIELDS
from governance.policy.publishing import Revision
from governance.policy.trials import try_policy
from governance.selectors import approval_keys, statement_of, trusted_keys, wanted_of_card
from governance.services import dry_run, submit, withdraw
from registry.models import ModelVersion
from registry.services import edit_card
from tests.cast import who
from tests.factories import tiny, verbs
from tests.factories.damage import by_force
from tests.factories.elsewhere import a_sheet, declared, validated
from tests.factories.policies import publish_policy
from tests.stage import Stage, review_again
from trust.elsewhere import ASKED_OF_EVIDENCE

PART: dict[str, Any] = {
    "evidence": ["card"],
    "licences": ["MIT"],
    "lineage": True,
    "validation_report": True,
    "evidence_days": 90,
}
OF_SHEETS = {"admission", "card", "licence", "lineage", "validation_report", "evidence_age"}
OF_SERVED = {
    "admission",
    "evaluation",
    "explanation",
    "golden",
    "card",
    "metric:accuracy",
    "metric:f1_macro",
}
# What holds for both is said once.
FOR_BOTH = {
    "signers.count",
    "signers.roles",
    "validity_days",
    "outage_grace_s",
    "waivable",
    "second_factor",
    "passkey",
    "emergency_hours",
    "stale_grace_s",
    "scope_aliases",
    "scope_environments",
    "scope_traffic_share",
    "scope_required",
}


def joint(tier: str = "low", **changes: Any) -> dict[str, Any]:
    return DEFAULTS[tier].as_dict() | {"elsewhere": PART} | changes


def in_force(tier: str = "low", **changes: Any) -> None:
    publish_policy(
        caller=who("root"), name="joint", tier=tier, team=None, document=joint(tier, **changes)
    )


def asked(version: ModelVersion) -> dict[str, Any]:
    return {gate.gate: gate for gate in dry_run(version)}


def wrong() -> list[str]:
    keys = approval_keys(trusted_keys())
    return [finding.why for finding in check_records(keys, blobs=True)]


def served_here(name: str = "scorer") -> ModelVersion:
    """A measured version of the low tier."""
    ada = who("ada")
    return verbs.make_ready(ada, verbs.uploaded(ada, verbs.new_model(ada, name, "low")))


class TestOnePolicy:
    def test_approves_both_by_the_gates_of_each(self, ready_copy: Stage) -> None:
        in_force()
        served, sheet = served_here(), validated(declared(a_sheet()))
        for version in (served, sheet):
            verbs.signed(version, ("cleo",))
        assert ready_copy.notary_round() == 2

        found = {row.version_id: row for row in Approval.objects.all()}
        policies = {found[version.pk].review.policy_id for version in (served, sheet)}
        assert len(policies) == 1
        assert set(_frozen(found[served.pk].review)) == OF_SERVED
        assert set(_frozen(found[sheet.pk].review)) == OF_SHEETS
        assert statement_of(found[sheet.pk].review)["use"] == "elsewhere"
        assert "use" not in statement_of(found[served.pk].review)
        assert wrong() == []

    def test_asks_nothing_of_one_that_only_the_other_needs(self, ready: Stage) -> None:
        in_force()
        served, sheet = served_here(), declared(a_sheet())
        assert {name for name, gate in asked(served).items() if gate.blocks} == set()
        stops = {"card", "validation_report", "evidence_age"}
        assert {name for name, gate in asked(sheet).items() if gate.blocks} == stops

    def test_has_one_count_of_signers_for_both(self, ready_copy: Stage) -> None:
        in_force("low", signers={"count": 2, "roles": ["reviewer"]})
        review = verbs.signed(validated(declared(a_sheet())), ("cleo",))
        assert statement_of(review)["signers_required"] == 2
        assert ready_copy.notary_round() == 0

    def test_offers_no_share_of_traffic_where_nothing_answers(self, ready: Stage) -> None:
        in_force("low", scope_traffic_share=10, scope_required=["traffic_share", "purpose"])
        sheet = declared(a_sheet())
        review = submit(caller=who("ada"), version=sheet, scope={"purpose": "Limits."})
        assert statement_of(review)["scope"] == {"aliases": [], "purpose": "Limits."}

    def test_names_the_fields_of_the_card_by_the_kind_of_the_version(self, ready: Stage) -> None:
        in_force("low", elsewhere={"lineage": True})
        assert wanted_of_card(served_here())
        assert wanted_of_card(declared(a_sheet())) == ()


class TestAPolicyWithoutAPart:
    def test_goes_on_stopping_what_is_used_elsewhere(self, ready: Stage) -> None:
        sheet = declared(a_sheet())
        edit_card(caller=who("ada"), version=sheet, content=tiny.CARD)
        stops = {name for name, gate in asked(sheet).items() if gate.blocks}
        assert stops >= {"evaluation", "explanation", "golden", "metric:accuracy"}
        review = submit(caller=who("ada"), version=sheet)
        with pytest.raises(Conflict, match="have not passed"):
            verbs.put("cleo", review)

    def test_has_the_digest_that_it_had(self) -> None:
        digests = {
            "low": "d34fb74822fb47ced22f5b2599b5c1b5ef1a412e0ad4927ebf697f52dc7ef364",
            "medium": "e0b6ee0c1b950cc5edc7acbea0aa47ae08261ca44a45ddde9e38825a0fdff915",
            "high": "b1e754be54370d3d541e6cf9b612f8e1f5a8bbc9c5b0f2d257f1554add331d7e",
        }
        for tier, policy in DEFAULTS.items():
            assert Revision(tier, tier, None, policy.as_dict()).digest == digests[tier]


class TestWhatIsAskedIsToldByTheRecords:
    def test_and_not_by_whoever_submits(self, ready: Stage) -> None:
        """A scope without an alias is that of a version that is used elsewhere."""
        in_force()
        review = submit(caller=who("ada"), version=served_here(), scope={"aliases": []})
        assert set(_frozen(review)) == OF_SERVED
        assert statement_of(review)["scope"]["aliases"] == ["*"]

    def test_nor_by_a_column_past_the_program(self, ready_copy: Stage) -> None:
        in_force()
        served = served_here()
        by_force(ready_copy.database, "registry_modelversion", _NOT_SERVABLE, served.pk)
        served = ModelVersion.objects.select_related("model__team").get(pk=served.pk)
        (trial,) = try_policy(Policy.read(joint()), [served])
        assert {gate.gate for gate in trial.gates} == OF_SERVED
        with pytest.raises(Conflict, match="for no alias"):
            dry_run(served)

    def test_the_notary_asks_the_same_gates_again(self, ready_copy: Stage) -> None:
        in_force()
        sheet = validated(declared(a_sheet()))
        review = verbs.signed(sheet, ("cleo",))
        model = sheet.model
        by_force(ready_copy.database, "registry_registeredmodel", _LICENCE, model.pk)
        assert ready_copy.notary_round() == 0
        assert "gates" in review_again(review).notary_note

    def test_fsck_finds_an_approval_whose_gates_are_those_of_the_other(
        self, ready_copy: Stage
    ) -> None:
        """The policy that the records hold does not ask what the approval says was asked."""
        in_force()
        verbs.signed(validated(declared(a_sheet())), ("cleo",))
        assert ready_copy.notary_round() == 1
        policy = Approval.objects.get().review.policy
        body = Revision("joint", "low", None, joint(elsewhere={"size_bytes": 5})).body
        by_force(ready_copy.database, "governance_policyversion", _BODY, body, policy.pk)
        assert any("'size'" in why for why in wrong())


class TestATrial:
    def test_asks_each_version_what_is_asked_of_its_kind(self, ready: Stage) -> None:
        versions = [served_here(), declared(a_sheet())]
        trials = try_policy(Policy.read(joint()), versions)
        assert [{gate.gate for gate in one.gates} for one in trials] == [OF_SERVED, OF_SHEETS]
        assert [trial.elsewhere for trial in trials] == [False, True]


class TestAReviewer:
    def test_sees_no_change_of_what_is_asked_of_others(self, ready: Stage) -> None:
        in_force()
        served = served_here()
        before = submit(caller=who("ada"), version=served)
        withdraw(caller=who("ada"), review=before)
        in_force(elsewhere=PART | {"evidence_days": 30}, lineage=True)
        after = submit(caller=who("ada"), version=served)
        changed = {d.name for d in differences(before, after) if d.part == "policy"}
        assert changed == {"revision", "lineage"}


def changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, str]:
    found = changes_between(before, after)
    return {f"{c.field.name} {c.row}".strip(): c.effect for c in found}


class TestAChange:
    def test_of_the_part_is_named_by_its_field(self) -> None:
        after = joint(elsewhere=PART | {"evidence_days": 30, "lineage": False})
        assert changed(joint(), after) == {
            "elsewhere.evidence_days": "tightened",
            "elsewhere.lineage": "relaxed",
        }
        assert relaxes(joint(), after)
        assert not relaxes(joint(), joint(elsewhere=PART | {"evidence_days": 30}))

    def test_that_brings_a_part_shows_what_is_asked_no_longer(self) -> None:
        found = changed(DEFAULTS["low"].as_dict(), joint())
        assert found["elsewhere.metrics accuracy (value)"] == "relaxed"
        assert found["elsewhere.evidence"] == "relaxed"
        assert found["elsewhere.lineage"] == "tightened"
        assert all(name.startswith("elsewhere.") for name in found)
        assert relaxes(DEFAULTS["low"].as_dict(), joint())

    def test_that_takes_the_part_away_asks_all_that_is_asked_of_the_others(self) -> None:
        lean = joint(elsewhere={"evidence": ["card"]})
        found = changed(lean, DEFAULTS["low"].as_dict())
        assert set(found.values()) == {TIGHTER}
        assert not relaxes(lean, DEFAULTS["low"].as_dict())
        assert relaxes(joint(), DEFAULTS["low"].as_dict()), "the report is asked no longer"

    @pytest.mark.parametrize(
        "change",
        [
            {"metrics": []},
            {"evidence": ["evaluation"]},
            {"validity_days": 1000},
            {"elsewhere": PART | {"licences": ["MIT", "BSL-1.1"]}},
            {"elsewhere": PART | {"validation_report": False}},
            {"elsewhere": {"size_bytes": 10**6}},
        ],
        ids=str,
    )
    def test_that_loosens_either_side_relaxes(self, change: dict[str, Any]) -> None:
        assert relaxes(joint(), joint(**change))

    def test_without_a_part_before_and_after_is_said_once(self) -> None:
        before, after = DEFAULTS["low"].as_dict(), DEFAULTS["low"].as_dict() | {"lineage": True}
        assert changed(before, after) == {"lineage": "tightened"}


def test_every_field_is_asked_of_one_kind_or_said_for_both() -> None:
    """A new field of a policy has to say which: what is asked of evidence, or a term of both."""
    names = {field.name for field in FIELDS}
    assert {field.name for field in FIELDS if is_asked_of_evidence(field)} == ASKED_OF_EVIDENCE
    others = {f.name for f in FIELDS if not (is_asked_elsewhere(f) or is_asked_of_evidence(f))}
    assert others == FOR_BOTH
    assert {name.partition(".")[2] for name in names if name.startswith("elsewhere.")} == {
        "evidence",
        "licences",
        "lineage",
        "validation_report",
        "evidence_days",
        "size_bytes",
    }


def _frozen(review: Review) -> list[str]:
    return [gate["gate"] for gate in statement_of(review)["gates"]]


_NOT_SERVABLE = "UPDATE registry_modelversion SET servable = false WHERE id = %s"
_LICENCE = "UPDATE registry_registeredmodel SET licence = 'GPL-3.0-only' WHERE id = %s"
_BODY = "UPDATE governance_policyversion SET body = %s WHERE id = %s"
