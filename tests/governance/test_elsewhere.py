"""Models that are not served here: approved by the same rules, for use elsewhere, never served."""

from hashlib import sha256
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.models import Proposal
from common.errors import Conflict, Invalid
from compliance.verification.check import check_records
from governance.approvals.answering import answers_of
from governance.approvals.moves import outlook
from governance.approvals.releases import promote, revoke
from governance.approvals.staleness import find_stale
from governance.emergencies.kind import EMERGENCY
from governance.models import Approval, EmergencyGrant, ReviewState
from governance.selectors import approval_keys, standing, statement_of, trusted_keys
from governance.services import dry_run, submit
from inference.loading import LoadRefused, load
from inference.selectors import candidates
from inference.table import Candidate
from registry.models import Alias, ModelVersion
from registry.services import edit_card
from tests.cast import password_of, who
from tests.factories import tiny, verbs
from tests.factories.damage import approved_statement, by_force
from tests.factories.elsewhere import (
    DECLARED,
    a_sheet,
    approved_elsewhere,
    declared,
    entered,
    policy_for_sheets,
    validated,
)
from tests.stage import Stage, review_again
from trust.approval import read_approval
from trust.elsewhere import NEVER_SERVES, NOT_RUN_HERE
from trust.issuing import sign_approval
from trust.scope import Scope


def gates(version: ModelVersion) -> dict[str, Any]:
    return {gate.gate: gate for gate in dry_run(version)}


def wrong() -> list[str]:
    """What fsck finds."""
    keys = approval_keys(trusted_keys())
    return [finding.why for finding in check_records(keys, blobs=True)]


class TestAVersion:
    def test_is_a_declaration_with_files_or_none(self, ready: Stage) -> None:
        bare, full = declared(a_sheet()), declared(a_sheet("score"), "manual.pdf", "score.sas")

        assert bare.lineage == {"source": "declared", **DECLARED, "note": "As delivered."}
        assert (bare.servable, bare.artifacts.count(), full.artifacts.count()) == (False, 0, 2)

    def test_is_declared_only_of_what_is_inventory_only(self, ready: Stage) -> None:
        with pytest.raises(Conflict, match="inventory only"):
            declared(ready.version.model)
        model = a_sheet()
        with pytest.raises(Invalid, match="1 to 16 files"):
            declared(model, declared=None)
        with pytest.raises(Invalid) as refused:
            declared(model, declared=DECLARED | {"release": " "})
        assert refused.value.field == "declared.release"

    def test_that_is_opaque_cannot_be_approved_while_its_model_is_served_here(
        self, ready: Stage
    ) -> None:
        policy_for_sheets()
        model = a_sheet()
        version = validated(declared(model))
        entered(model, hosting="served")
        with pytest.raises(Conflict, match="inventory only"):
            submit(caller=who("ada"), version=version)


class TestGates:
    def test_that_need_a_run_are_not_measured_and_block(self, ready: Stage) -> None:
        policy_for_sheets(
            evidence=["evaluation", "golden"],
            metrics=[{"metric": "accuracy", "limit": 0.5}],
            slices=[{"metric": "accuracy", "limit": 0.5, "least_rows": 5}],
            no_regression=[{"metric": "accuracy", "margin": 0.1}],
            mcnemar=0.05,
            explanation_shift=0.2,
            latency_ms=5,
            sandbox="full",
            size_bytes=1000,
        )
        found = gates(declared(a_sheet()))
        needing = {
            "evaluation",
            "golden",
            "metric:accuracy",
            "slice:accuracy",
            "no_regression:accuracy",
            "mcnemar",
            "explanation_shift",
            "latency",
            "sandbox",
            "size",
            "evidence_age",
            "validation_report",
        }
        assert {name for name, gate in found.items() if gate.blocks} == needing
        assert {found[name].state for name in needing} == {"not measured"}

    def test_that_can_be_had_decide(self, ready: Stage) -> None:
        policy_for_sheets()
        version = validated(declared(a_sheet()))
        found = gates(version)
        assert not [name for name, gate in found.items() if gate.blocks]
        assert found["lineage"].state == found["evidence_age"].state == "passed"
        assert (found["admission"].state, found["admission"].required) == ("not measured", False)

    def test_an_upload_without_a_declaration_has_no_lineage(self, ready: Stage) -> None:
        policy_for_sheets()
        assert gates(declared(a_sheet(), "score.sas", declared=None))["lineage"].blocks


class TestAnApproval:
    def test_is_by_a_second_person_and_says_that_it_never_serves(self, ready_copy: Stage) -> None:
        approval = approved_elsewhere(ready_copy, "score.sas")
        signed = read_approval(bytes(approval.envelope), trusted_keys())

        assert signed.elsewhere
        assert (signed.scope["aliases"], signed.runtime) == ([], {})
        assert statement_of(approval.review)["use"] == "elsewhere"
        now, version = timezone.now(), approval.version
        assert standing(version, approval, keys=trusted_keys(), now=now, serving=False).ok
        assert standing(version, approval, keys=trusted_keys(), now=now).reason == NEVER_SERVES
        assert wrong() == []

    def test_without_any_file_holds_too_and_ends_by_a_revocation(self, ready_copy: Stage) -> None:
        approval = approved_elsewhere(ready_copy)
        version, keys = approval.version, trusted_keys()
        assert standing(version, approval, keys=keys, now=timezone.now(), serving=False).ok
        revoke(
            caller=who("mira"), version=version, reason="Withdrawn.", password=password_of("mira")
        )
        approval = Approval.objects.select_related("revocation").get(pk=approval.pk)
        verdict = standing(version, approval, keys=keys, now=timezone.now(), serving=False)
        assert verdict.reason == "The approval was revoked."

    def test_is_stale_with_a_newer_card(self, ready_copy: Stage) -> None:
        approval = approved_elsewhere(ready_copy)
        card = tiny.CARD | {"caveats": "Not in winter."}
        edit_card(caller=who("ada"), version=approval.version, content=card)
        assert find_stale() == 1
        assert Approval.objects.get(pk=approval.pk).staleness

    def test_is_for_no_alias_and_names_none(self, ready_copy: Stage) -> None:
        policy_for_sheets()
        version = validated(declared(a_sheet()))
        with pytest.raises(Invalid) as refused:
            submit(caller=who("ada"), version=version, scope={"aliases": ["champion"]})
        assert refused.value.field == "scope.aliases"

    def test_is_not_signed_where_the_model_is_served_here_by_then(self, ready_copy: Stage) -> None:
        policy_for_sheets()
        model = a_sheet()
        review = verbs.signed(validated(declared(model)), ("cleo",))
        entered(model, hosting="served")
        assert ready_copy.notary_round() == 0
        assert "inventory only" in review_again(review).notary_note
        assert review_again(review).state != ReviewState.APPROVED


class TestNothingServes:
    """Whatever is asked of it, and whatever the register says later."""

    @pytest.fixture
    def approval(self, ready_copy: Stage) -> Approval:
        """In force, of a version with a file that the register calls served here by now."""
        approval = approved_elsewhere(ready_copy, "score.sas")
        entered(approval.version.model, hosting="served")
        return approval

    def test_by_an_alias(self, ready_copy: Stage, approval: Approval) -> None:
        version = approval.version
        with pytest.raises(Conflict, match="never serves here"):
            promote(caller=who("mira"), version=version, alias="champion", reason="Try.")
        seen = outlook(caller=who("mira"), version=version, alias="champion")
        assert not seen.possible
        with pytest.raises(DatabaseError, match="can be served"), transaction.atomic():
            Alias.objects.create(model=version.model, name="champion", version=version)

    def test_in_an_emergency(self, ready_copy: Stage, approval: Approval) -> None:
        policy_for_sheets(emergency_hours=4)
        wish = {"model": approval.version.model.name, "version": 1, "alias": "champion", "hours": 1}
        with pytest.raises(Conflict, match="cannot be served"):
            EMERGENCY.draft(who("mira"), wish)
        proposal = Proposal.objects.latest("opened_at")
        with pytest.raises(DatabaseError, match="can be served"), transaction.atomic():
            EmergencyGrant.objects.create(
                proposal=proposal,
                version=approval.version,
                policy=approval.review.policy,
                alias="champion",
                at=timezone.now(),
            )

    def test_by_the_gate_even_past_the_program(self, ready_copy: Stage, approval: Approval) -> None:
        version = approval.version
        assert approval.pk not in {found.approval for found in candidates(timezone.now())}
        by_force(ready_copy.database, "registry_modelversion", _SERVABLE, version.pk)
        by_force(ready_copy.database, "registry_alias", _ALIAS, version.model_id, version.pk)
        (found,) = (c for c in candidates(timezone.now()) if c.approval == approval.pk)
        with pytest.raises(LoadRefused) as refused:
            _load(found)
        assert refused.value.reason == NEVER_SERVES
        (answer,) = answers_of([version.model], now=timezone.now())[version.model_id]
        assert not answer.served

    def test_by_an_approval_for_serving_of_a_version_that_is_not_run_here(
        self, ready_copy: Stage, approval: Approval
    ) -> None:
        envelope = _for_serving(ready_copy, approval)
        by_force(ready_copy.database, "governance_approval", _ENVELOPE, *envelope, approval.pk)
        by_force(ready_copy.database, "registry_modelversion", _SERVABLE, approval.version_id)
        (found,) = (c for c in candidates(timezone.now()) if c.approval == approval.pk)
        with pytest.raises(LoadRefused) as refused:
            _load(found)
        assert refused.value.reason == NOT_RUN_HERE
        assert any("cannot be served" in why for why in wrong())

    def test_by_a_scope_that_is_for_no_alias(self) -> None:
        for alias in ("champion", None):
            assert "for no alias" in Scope(aliases=frozenset()).why_not_under(alias)


_SERVABLE = "UPDATE registry_modelversion SET servable = true WHERE id = %s"
_ALIAS = (
    "INSERT INTO registry_alias (model_id, name, version_id, moved_at) "
    "VALUES (%s, 'champion', %s, now())"
)


_ENVELOPE = "UPDATE governance_approval SET envelope = %s, envelope_digest = %s WHERE id = %s"


def _for_serving(stage: Stage, approval: Approval) -> tuple[bytes, str]:
    """The same approval without the word that it is for use elsewhere, under the notary's key."""
    statement = approved_statement(bytes(approval.envelope))
    statement["predicate"] |= {"scope": {"aliases": ["*"]}}
    del statement["predicate"]["use"]
    envelope = sign_approval(statement, stage.approval_key)
    return envelope, sha256(envelope).hexdigest()


def _load(found: Candidate) -> Any:
    return load(found, keys=trusted_keys(), now=timezone.now(), threads=1)
