"""Deleting the rows of a snapshot: what keeps them, who does it, and what is said then."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.proposals.services import propose
from accounts.services import create_team
from audit.findings import Finding
from audit.models import AuditEvent
from common.errors import Conflict, Invalid, NotAllowed, NotFound
from compliance.past.datasets import decisions_on
from compliance.retention.dependents import dependents_of
from compliance.retention.selectors import Thing
from compliance.retention.services import place_hold
from compliance.verification.check import checks_of_records, stored_bytes
from evaluation.models import EvaluationRun
from evaluation.services import request_explanation, request_run
from governance.approvals.releases import retire
from governance.selectors import trusted_keys
from governance.services import submit
from registry import blobs
from registry.models import DatasetSnapshot, ModelVersion, Tombstone
from registry.snapshots import read_rows
from tests.cast import password_of, who
from tests.factories import tiny, verbs
from tests.factories.plans import seal, unmeasured
from tests.retention.deleting import confirmed, rows_proposed, rule, take
from tests.stage import Stage
from training.services import request_run as request_training

Committing = Callable[..., Any]


def _gone(dataset: DatasetSnapshot, committing: Committing) -> DatasetSnapshot:
    """Deleted, and committed."""
    proposal = rows_proposed(dataset)
    take(dataset)
    with committing(execute=True):
        confirmed(proposal)
    return DatasetSnapshot.objects.get(pk=dataset.pk)


def _found() -> set[str]:
    findings: list[Finding] = [
        one for check in (*checks_of_records(trusted_keys()), stored_bytes) for one in check()
    ]
    return {f"{one.thing}: {one.why}" for one in findings}


def _unused(name: str = "clients", split: str = "train") -> DatasetSnapshot:
    """Rows that nothing has used, of other bytes than those of the stage."""
    data = tiny.table("train") + b"\n".join(tiny.table("train").splitlines()[1:3]) + b"\n"
    return verbs.register_dataset(
        who("ada"), upload=verbs.send(who("ada"), "c.csv", data), name=name, split=split
    )


class TestADeletion:
    def test_takes_the_bytes_and_leaves_facts_reports_tombstone_and_event(
        self, ready: Stage, django_capture_on_commit_callbacks: Committing
    ) -> None:
        rule("datasets")
        dataset, before = verbs.dataset(), _found()
        facts = {name: getattr(dataset, name) for name in ("rows", "schema", "blob_id")}
        reports = list(ready.version.evidence.values_list("digest", flat=True))
        assert blobs.path_of(dataset.blob_id).is_file()

        dataset = _gone(dataset, django_capture_on_commit_callbacks)

        assert not blobs.path_of(dataset.blob_id).exists()
        assert {name: getattr(dataset, name) for name in facts} == facts
        assert list(ready.version.evidence.values_list("digest", flat=True)) == reports
        event = AuditEvent.objects.get(action="bytes.deleted")
        size = dataset.blob.size
        file = {"digest": f"sha256:{dataset.blob_id}", "size": size, "what": "snapshot"}
        assert event.payload["files"] == [file]
        assert event.person_id == who("cora").person_id
        assert event.payload["proposer"] == str(who("mira").person_id)
        assert f"version:{ready.version.pk}" in event.related
        assert Tombstone.objects.get().dataset == dataset
        assert _found() == before

    def test_an_approval_that_stands_on_the_rows_stays_valid(
        self, approved: Stage, django_capture_on_commit_callbacks: Committing
    ) -> None:
        rule("datasets")
        dataset, before = verbs.dataset(), _found()
        found = dependents_of(dataset)
        assert [row.version for row in found.approvals] == [approved.version]
        _gone(dataset, django_capture_on_commit_callbacks)
        version = ModelVersion.objects.get(pk=approved.version.pk)
        assert version.status == "approved"
        assert _found() == before

    def test_is_of_the_bytes_under_each_name_that_the_team_gave_them(
        self, ready: Stage, django_capture_on_commit_callbacks: Committing
    ) -> None:
        rule("datasets")
        first = verbs.dataset()
        other = verbs.new_dataset(who("ada"), name="copy")
        assert other.blob_id == first.blob_id
        _gone(first, django_capture_on_commit_callbacks)
        event = AuditEvent.objects.get(action="bytes.deleted")
        assert set(event.payload["snapshots"]) == {str(first.pk), str(other.pk)}
        with pytest.raises(Conflict, match="deleted already"):
            rows_proposed(other)

    def test_is_not_undone_by_the_same_bytes(
        self, ready: Stage, django_capture_on_commit_callbacks: Committing
    ) -> None:
        rule("datasets")
        dataset = _gone(verbs.dataset(), django_capture_on_commit_callbacks)
        with pytest.raises(blobs.Deleted, match="deleted on"):
            verbs.new_dataset(who("ada"), name="again")
        assert not blobs.path_of(dataset.blob_id).exists()
        dataset.pk, dataset.name, dataset._state.adding = None, "again", True
        with pytest.raises(DatabaseError, match="were deleted"), transaction.atomic():
            dataset.save()

    def test_every_use_afterwards_is_refused_with_the_reason(
        self, ready: Stage, django_capture_on_commit_callbacks: Committing
    ) -> None:
        rule("datasets")
        ada, dataset = who("ada"), verbs.dataset()
        version = unmeasured()
        plan = seal(version)
        verbs.complete(request_run(caller=ada, version=version, plan=plan))
        dataset = _gone(dataset, django_capture_on_commit_callbacks)
        uses: list[Callable[[], object]] = [
            lambda: request_run(caller=ada, version=version, dataset=dataset, seed=2),
            lambda: request_run(caller=ada, version=version, plan=plan),
            lambda: request_explanation(caller=ada, version=version, dataset=dataset),
            lambda: seal(version, dataset=dataset, seed=9),
            lambda: read_rows(dataset),
        ]
        for use in uses:
            with pytest.raises(blobs.Deleted, match="deleted on"):
                use()
        kinds = {used.kind for used in decisions_on(who("cora"), dataset.blob_id)}
        assert {"registered", "evaluation", "explanation", "plan"} <= kinds

    def test_what_is_gone_cannot_be_held(
        self, ready: Stage, django_capture_on_commit_callbacks: Committing
    ) -> None:
        rule("datasets")
        _gone(verbs.dataset(), django_capture_on_commit_callbacks)
        with pytest.raises(blobs.Deleted):
            _held(kind="dataset", dataset=verbs.dataset())

    def test_training_on_them_is_refused_as_well(
        self, ready: Stage, django_capture_on_commit_callbacks: Committing
    ) -> None:
        rule("datasets", tier="low")
        dataset = _gone(_unused(), django_capture_on_commit_callbacks)
        with pytest.raises(blobs.Deleted):
            request_training(
                caller=who("ada"),
                model=ready.version.model,
                recipe="mlp",
                params={},
                dataset=dataset,
            )


def _held(**on: Any) -> None:
    place_hold(caller=who("cora"), thing=Thing(**on), reference="Case 5", reason="Asked for.")


def _one() -> ModelVersion:
    return ModelVersion.objects.select_related("model__team").get(number=1)


def _hold_version() -> None:
    _held(kind="version", model=_one().model, version=_one())


def _other_team() -> None:
    team = create_team(caller=who("root"), slug="fraud", name="Fraud")
    dataset = verbs.dataset()
    dataset.pk, dataset._state.adding, dataset.team = uuid4(), True, team
    dataset.save(force_insert=True)


REASONS: dict[str, tuple[Callable[[], object], str, str]] = {
    "held": (lambda: _held(kind="dataset", dataset=verbs.dataset()), "Case 5", "held"),
    "a version is held": (_hold_version, "Case 5", "held"),
    "a model is held": (lambda: _held(kind="model", model=_one().model), "Case 5", "held"),
    "a review is open": (lambda: submit(caller=who("ada"), version=_one()), "v1", "review"),
    "a plan is open": (lambda: seal(unmeasured()), "v2", "plan"),
    "a job is open": (
        lambda: request_run(caller=who("ada"), version=_one(), dataset=verbs.dataset()),
        "job that reads",
        "job",
    ),
    "for ever": (lambda: rule("datasets", days=None), "for ever", "rule"),
    "not old enough": (lambda: rule("datasets", days=9), "kept until", "rule"),
    "another team's": (_other_team, "another team", "shared"),
}


@pytest.mark.parametrize("why", REASONS)
def test_nothing_is_proposed_or_done_while_something_keeps_them(ready: Stage, why: str) -> None:
    rule("datasets")
    dataset = verbs.dataset()
    waiting = rows_proposed(dataset)
    happens, said, _word = REASONS[why]
    happens()
    with pytest.raises(Conflict, match=said):
        rows_proposed(dataset)
    with pytest.raises(Conflict):
        confirmed(waiting)
    assert not Tombstone.objects.exists()
    assert blobs.path_of(dataset.blob_id).is_file()


@pytest.mark.parametrize("why", REASONS)
def test_the_database_refuses_what_the_service_would_refuse(
    ready: Stage, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    rule("datasets")
    waiting = rows_proposed(verbs.dataset())
    REASONS[why][0]()
    module = "compliance.retention.dataset_deletion"
    monkeypatch.setattr(f"{module}._free", dependents_of)
    monkeypatch.setattr(f"{module}.DatasetDeletion.before", lambda self, details: _before(waiting))
    word = REASONS[why][2]
    with pytest.raises(DatabaseError, match=rf"kept \({word}\)"), transaction.atomic():
        confirmed(waiting)


def _before(waiting: Any) -> Any:
    return json.loads(bytes(waiting.document))["before"]


def test_the_longest_rule_of_the_tiers_that_used_the_rows_holds(ready: Stage) -> None:
    rule("datasets", tier="low")
    with pytest.raises(Conflict, match="for ever"):
        rows_proposed(verbs.dataset())
    rows_proposed(_unused())


def test_retiring_the_version_ends_its_open_plan(ready: Stage) -> None:
    rule("datasets")
    version = unmeasured()
    seal(version)
    with pytest.raises(Conflict, match="plan"):
        rows_proposed(verbs.dataset())
    retire(caller=who("mira"), version=version, reason="Nobody wants it.")
    rows_proposed(verbs.dataset())


def test_what_is_confirmed_is_what_was_shown(ready: Stage) -> None:
    """Another name for the same bytes since the proposal, and it is proposed anew."""
    rule("datasets")
    waiting = rows_proposed(verbs.dataset())
    verbs.new_dataset(who("ada"), name="copy")
    with pytest.raises(Conflict, match="has changed since"):
        confirmed(waiting)


@pytest.mark.parametrize(("proposer", "confirmer"), [("cora", "mira"), ("ada", "cora")])
def test_a_manager_proposes_it_and_compliance_confirms(
    ready: Stage, proposer: str, confirmer: str
) -> None:
    rule("datasets")
    with pytest.raises(NotAllowed, match="managers"):
        rows_proposed(verbs.dataset(), proposer)
    waiting = rows_proposed(verbs.dataset())
    with pytest.raises(NotAllowed):
        confirmed(waiting, "mira")
    with pytest.raises(NotAllowed, match="compliance"):
        confirmed(waiting, "ben")


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        ({"dataset": "none"}, Invalid),
        ({"dataset": 3}, Invalid),
        ({}, Invalid),
        ({"dataset": "00000000-0000-4000-8000-000000000000"}, NotFound),
        ({"dataset": "00000000-0000-4000-8000-000000000000", "more": 1}, Invalid),
    ],
)
def test_a_wrong_wish_is_refused(
    ready: Stage, wish: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        propose(
            caller=who("mira"),
            kind="dataset_deletion",
            wish=wish,
            reason="So.",
            password=password_of("mira"),
        )


class TestTheDatabase:
    def test_refuses_a_tombstone_that_nobody_confirmed(self, ready: Stage) -> None:
        rule("datasets")
        dataset = verbs.dataset()
        row = Tombstone(
            blob_id=dataset.blob_id,
            dataset=dataset,
            what="snapshot",
            proposal=rows_proposed(dataset),
            at=timezone.now(),
        )
        with pytest.raises(DatabaseError, match="Two persons delete"), transaction.atomic():
            row.save(force_insert=True)

    def test_refuses_one_of_other_rows_than_the_two_persons_said(self, ready: Stage) -> None:
        rule("datasets")
        rule("datasets", tier="low")
        other = _unused()
        proposal = confirmed(rows_proposed(verbs.dataset()))
        row = Tombstone(
            blob_id=other.blob_id,
            dataset=other,
            what="snapshot",
            proposal=proposal,
            at=timezone.now(),
        )
        with pytest.raises(DatabaseError, match="Two persons delete"), transaction.atomic():
            row.save(force_insert=True)

    def test_refuses_rows_that_are_gone_to_whatever_program_uses_them(
        self, ready: Stage, django_capture_on_commit_callbacks: Committing
    ) -> None:
        rule("datasets")
        run = EvaluationRun.objects.first()
        assert run is not None
        _gone(verbs.dataset(), django_capture_on_commit_callbacks)
        with pytest.raises(DatabaseError, match="rows of this snapshot"), transaction.atomic():
            EvaluationRun.objects.create(
                version=run.version,
                dataset=run.dataset,
                seed=1,
                resamples=100,
                requested_by=run.requested_by,
            )

    def test_a_tombstone_without_an_event_is_found_with_its_bytes(self, ready_copy: Stage) -> None:
        rule("datasets")
        dataset, before = verbs.dataset(), _found()
        row = Tombstone(
            blob_id=dataset.blob_id,
            dataset=dataset,
            what="snapshot",
            proposal=rows_proposed(dataset),
            at=timezone.now(),
        )
        ready_copy.database.use("owner")
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE registry_tombstone DISABLE TRIGGER USER")
        row.save(force_insert=True)
        blobs.path_of(row.blob_id).unlink()
        found = {why.partition(": ")[2].split(" on ")[0] for why in _found() - before}
        assert "the log has no such event." in found
        assert any(why.startswith("The bytes of sha256:") for why in found)
