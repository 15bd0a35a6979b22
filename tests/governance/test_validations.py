"""Validation reports: who writes them, that they stay as they are, and what hangs on one."""

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from audit.actions import Action
from audit.models import AuditEvent
from common.errors import Conflict, Invalid, NotAllowed, Outdated
from compliance.verification.contents import contents
from compliance.verification.validations import validations
from governance.evidence.gates import run_gates
from governance.evidence.subjects import look_at
from governance.models import Review, ReviewState
from governance.policy.documents import DEFAULTS, Policy
from governance.selectors import statement_of
from governance.services import submit, withdraw
from governance.validating import selectors
from governance.validating.models import ValidationReport
from governance.validating.services import finish_report
from registry.models import Evidence, ModelVersion
from registry.services import add_evidence, edit_card
from tests.cast import who
from tests.factories import tiny, verbs
from tests.factories.damage import by_force
from tests.factories.policies import publish_policy
from tests.factories.validations import SECTIONS, drafted, finished
from tests.stage import Stage, review_again
from trust.digests import digest_of


@pytest.fixture
def review(ready: Stage) -> Review:
    """An open review."""
    return submit(caller=who("ada"), version=ready.version)


def demanded() -> None:
    """A policy that wants a report, for whatever is submitted from now on."""
    document = DEFAULTS["medium"].as_dict() | {"validation_report": True}
    publish_policy(caller=who("root"), name="medium", tier="medium", team=None, document=document)


def gate_of(version: ModelVersion) -> Any:
    policy = Policy.read(DEFAULTS["medium"].as_dict() | {"validation_report": True})
    return next(g for g in run_gates(look_at(version, policy)) if g.gate == "validation_report")


class TestWriting:
    @pytest.mark.parametrize("name", ["ada", "carl", "root", "dan"])
    def test_is_for_reviewers_who_had_no_hand_in_the_version(
        self, review: Review, name: str
    ) -> None:
        with pytest.raises(NotAllowed):
            drafted(name, review)
        edit_card(
            caller=who("mira"), version=review.version, content=tiny.CARD | {"caveats": "Winter."}
        )
        with pytest.raises(NotAllowed, match="contributor to this version"):
            drafted("mira", review)
        assert not ValidationReport.objects.exists()

    def test_a_draft_is_its_writers_alone_and_no_save_is_lost(self, review: Review) -> None:
        first = drafted("ben", review, sections={"data": "Few."}, rating="")

        assert selectors.draft_of(who("cora"), review) is None
        for shown in (None, 7):
            with pytest.raises(Outdated):
                drafted("ben", review, revision=shown)
        second = drafted("ben", review, revision=first.revision)
        assert (second.pk, second.revision) == (first.pk, 2)
        assert AuditEvent.objects.filter(action=Action.VALIDATION_SAVED.value).count() == 2

    @pytest.mark.parametrize(
        ("wishes", "field"),
        [
            ({"sections": {"poetry": "x"}}, "sections.poetry"),
            ({"sections": {"data": "x" * 10_001}}, "sections.data"),
            ({"sections": {"data": "\x00"}}, "sections.data"),
            ({"rating": "splendid"}, "rating"),
        ],
    )
    def test_refuses_what_the_template_does_not_have(
        self, review: Review, wishes: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(Invalid) as refused:
            drafted("ben", review, **wishes)

        assert refused.value.field == field

    def test_is_finished_whole_or_not_at_all(self, review: Review) -> None:
        with pytest.raises(Conflict, match="no draft"):
            finish_report(caller=who("ben"), review=review, revision=None)
        draft = drafted("ben", review, rating="")
        with pytest.raises(Invalid, match="rating"):
            finish_report(caller=who("ben"), review=review, revision=draft.revision)
        draft = drafted("ben", review, revision=1, sections=SECTIONS | {"data": " "})
        with pytest.raises(Invalid, match="Still empty: Data"):
            finish_report(caller=who("ben"), review=review, revision=draft.revision)
        assert not Evidence.objects.filter(kind="validation").exists()


class TestAFinishedReport:
    def test_is_evidence_that_the_next_statement_names(self, review: Review) -> None:
        first = finished("ben", review)

        said = selectors.said_in(first)
        assert first.evidence is not None
        assert first.evidence.digest == digest_of(bytes(first.evidence.body))[7:]
        assert said["rating"] == {"name": "fit", "title": "Fit for its purpose"}
        assert [part["text"] for part in said["sections"]] == list(SECTIONS.values())
        with pytest.raises(Conflict, match="this has changed: evidence"):
            verbs.put("cleo", review)
        withdraw(caller=who("ada"), review=review)
        again = submit(caller=who("ada"), version=review.version)
        named = {"kind": "validation", "digest": f"sha256:{first.evidence.digest}"}
        assert named in statement_of(again)["evidence"]
        finished("cora", again, rating="not_fit")
        assert [row.number for row in selectors.finished_of(again)] == [2, 1]
        assert [*contents()] == []

    def test_is_never_changed_and_no_contributor_slips_one_in(self, review: Review) -> None:
        report = finished("ben", review)
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            ValidationReport.objects.filter(pk=report.pk).update(rating="not_fit")
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            ValidationReport.objects.filter(pk=report.pk).delete()
        ada = who("ada").user
        with pytest.raises(DatabaseError, match="contributor cannot"), transaction.atomic():
            ValidationReport.objects.create(
                version=review.version, review=review, person=ada.person, user=ada, at=report.at
            )

    def test_is_the_gate_that_a_policy_may_demand(self, review: Review) -> None:
        assert (gate_of(review.version).state, gate_of(review.version).required) == (
            "not measured",
            True,
        )
        report = finished("ben", review, rating="not_fit")

        gate = gate_of(review.version)

        assert report.evidence is not None
        assert (gate.state, gate.evidence) == ("passed", f"sha256:{report.evidence.digest}")
        assert gate.measured == "Not fit for its purpose"


class TestTheNotary:
    def test_approves_on_a_report_where_the_policy_demands_one(self, ready_copy: Stage) -> None:
        demanded()
        first = submit(caller=who("ada"), version=ready_copy.version)
        with pytest.raises(Conflict, match="validation_report"):
            verbs.put("ben", first)
        finished("ben", first)
        withdraw(caller=who("ada"), review=first)

        review = verbs.signed(ready_copy.version)
        ready_copy.notary_round()

        assert review_again(review).state == ReviewState.APPROVED
        assert [*contents(), *validations()] == []
        table, told = "audit_auditevent", "action = 'validation.finished'"
        by_force(ready_copy.database, table, f"UPDATE {table} SET person_id = NULL WHERE {told}")
        assert ["another person" in found.why for found in validations()] == [True]

    def test_believes_none_by_who_had_a_hand_in_the_version_since(self, ready_copy: Stage) -> None:
        version = ready_copy.version
        first = submit(caller=who("ada"), version=version)
        finished("mira", first)
        withdraw(caller=who("ada"), review=first)
        edit_card(caller=who("mira"), version=version, content=tiny.CARD | {"caveats": "Winter."})

        review = verbs.signed(version)
        ready_copy.notary_round()

        assert "contributor to the version wrote it" in review_again(review).notary_note

    def test_believes_none_without_its_event(self, ready_copy: Stage) -> None:
        version = ready_copy.version
        add_evidence(version=version, kind="validation", document={"type": "assay/validation/1"})
        review = verbs.signed(version)
        ready_copy.notary_round()

        assert review_again(review).state == ReviewState.OPEN
