"""Models, versions, cards and evidence: who may write them, and that they stay what they were."""

import json
import threading
from contextlib import AbstractContextManager, nullcontext
from hashlib import sha256
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction

from accounts.models import Team
from accounts.roles import Scope
from accounts.services import create_team
from audit.actions import Action
from audit.models import AuditEvent
from common.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound, TooLarge
from evaluation.services import request_explanation, request_run
from registry import selectors, uploads
from registry.blobs import path_of
from registry.cards import FIELDS
from registry.intake import Piece, request_version
from registry.jobs import cancel_job, retry_job
from registry.models import ModelVersion, RegisteredModel, Upload
from registry.policies import may_read, may_read_evidence
from registry.services import add_evidence, change_model, edit_card
from tests.cast import give, the_team, who
from tests.factories import tiny, verbs
from tests.stage import MODEL, Stage
from training import services as training
from worker.models import Job
from worker.models import Status as JobStatus

EVERYBODY = ("ada", "ben", "cleo", "mira", "cora", "carl", "dan", "root")
WRITERS = ("ada", "mira")
EVIDENCE = ("ada", "ben", "cleo", "mira", "cora")
MEMBERS = (*EVIDENCE, "carl")


def a_job(stage: Stage) -> Job:
    run = request_run(
        caller=who("ada"), version=stage.version, dataset=verbs.dataset(), resamples=100
    )
    return Job.objects.get(params__run=str(run.pk))


ACTS: dict[str, Any] = {
    "register a model": lambda c, s: verbs.new_model(c, "another"),
    "change a model": lambda c, s: change_model(
        caller=c, model=s.version.model, changes={"purpose": "Other."}
    ),
    "register a version": lambda c, s: request_version(
        caller=c, model=s.version.model, pieces=[], signature=None
    ),
    "edit the card": lambda c, s: edit_card(
        caller=c, version=s.version, content=tiny.CARD | {"caveats": "New."}
    ),
    "ask for an evaluation": lambda c, s: request_run(
        caller=c, version=s.version, dataset=verbs.dataset(), resamples=100
    ),
    "ask for an explanation": lambda c, s: request_explanation(
        caller=c, version=s.version, dataset=verbs.dataset(), rows=4
    ),
    "ask for a training": lambda c, s: training.request_run(
        caller=c, model=s.version.model, recipe="mlp", params={}, dataset=verbs.dataset()
    ),
    "ask for a compression": lambda c, s: training.request_compression(
        caller=c,
        parent=s.version,
        method="int8-dynamic",
        params={},
        holdout=verbs.dataset(),
    ),
    "cancel a job": lambda c, s: cancel_job(caller=c, job=a_job(s)),
}


@pytest.mark.parametrize("name", EVERYBODY)
@pytest.mark.parametrize("act", list(ACTS))
def test_contributors_and_managers_write_and_nobody_else(ready: Stage, act: str, name: str) -> None:
    caller = who(name)
    if name not in WRITERS:
        with pytest.raises(NotAllowed):
            ACTS[act](caller, ready)
        return
    try:
        ACTS[act](caller, ready)
    except NotAllowed as refusal:
        pytest.fail(refusal.reason)
    except Invalid:
        pass  # allowed; the wish itself is not complete


@pytest.mark.parametrize("name", EVERYBODY)
def test_whoever_registers_or_reviews_uploads_and_nobody_else(ready: Stage, name: str) -> None:
    expected = nullcontext() if name in (*WRITERS, "ben", "cleo", "cora") else refused()
    with expected:
        uploads.start(caller=who(name), name="model.onnx", size=1)


def refused() -> AbstractContextManager[object]:
    return pytest.raises(NotAllowed, match="of a team upload files")


@pytest.mark.parametrize("scope", [s for s in Scope if s != Scope.WRITE])
@pytest.mark.parametrize("act", list(ACTS))
def test_a_token_needs_the_scope_to_write(ready: Stage, act: str, scope: Scope) -> None:
    with pytest.raises(NotAllowed, match="This token may not"):
        ACTS[act](verbs.with_scopes(who("mira"), scope.value), ready)


@pytest.mark.parametrize("name", EVERYBODY)
def test_who_sees_what(ready: Stage, name: str) -> None:
    caller, team = who(name), the_team().pk

    assert bool(may_read(caller, team)) is (name in MEMBERS)
    assert bool(may_read_evidence(caller, team)) is (name in EVIDENCE)
    assert selectors.models_of(caller).exists() is (name in MEMBERS)
    assert selectors.datasets_of(caller).exists() is (name in EVIDENCE)


def test_what_is_hidden_reads_like_what_does_not_exist(ready: Stage) -> None:
    said = []
    for name in (MODEL, "nothing"):
        with pytest.raises(NotFound) as refusal:
            selectors.version_numbered(who("dan"), name, 1)
        said.append(refusal.value.reason.replace(name, "…"))

    assert said[0] == said[1]


class TestOtherTeams:
    """A writer in one team is a stranger in another."""

    @pytest.fixture
    def other(self, ready: Stage) -> Team:
        team = create_team(caller=who("root"), slug="fraud", name="Fraud")
        give([("dan", "manager")], team)
        return team

    def test_cannot_write_here(self, ready: Stage, other: Team) -> None:
        for run in ACTS.values():
            with pytest.raises(NotAllowed):
                run(who("dan"), ready)

    def test_cannot_bring_a_foreign_dataset(self, ready: Stage, other: Team) -> None:
        give([("ada", "contributor")], other)
        foreign = verbs.new_dataset(who("ada"), "foreign")
        theirs = selectors.dataset_by_id(who("ada"), foreign.pk)
        theirs.team_id = other.pk

        with pytest.raises(Invalid, match="another team") as refusal:
            request_run(caller=who("ada"), version=ready.version, dataset=theirs)
        assert refusal.value.field == "dataset"


class TestAVersion:
    def test_is_its_manifest(self, ready: Stage) -> None:
        version = ready.version
        manifest = json.loads(bytes(version.manifest))

        assert sha256(bytes(version.manifest)).hexdigest() == version.digest
        assert manifest["model"] == {"id": str(version.model_id), "name": MODEL}
        assert manifest["number"] == 1
        assert manifest["artifacts"] == [
            {
                "role": "model",
                "name": "model.onnx",
                "sha256": f"sha256:{sha256(tiny.model_bytes()).hexdigest()}",
                "size": len(tiny.model_bytes()),
            }
        ]
        assert path_of(version.artifacts.get().blob_id).read_bytes() == tiny.model_bytes()

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE registry_modelversion SET manifest = 'x'",
            "UPDATE registry_modelversion SET digest = 'x'",
            "UPDATE registry_modelversion SET number = 9",
            "UPDATE registry_modelversion SET servable = true",
            "DELETE FROM registry_modelversion",
            "UPDATE registry_artifact SET size = 1",
            "DELETE FROM registry_artifact",
            "UPDATE registry_evidence SET body = 'x'",
            "DELETE FROM registry_evidence",
            "UPDATE registry_cardrevision SET content = '{}'",
            "UPDATE registry_blob SET size = 1",
            "UPDATE registry_datasetsnapshot SET rows = 1",
        ],
    )
    def test_cannot_be_changed_by_sql(self, ready: Stage, statement: str) -> None:
        with (
            pytest.raises(DatabaseError, match=r"permission denied|may change|never changed"),
            transaction.atomic(),
        ):
            connection.cursor().execute(statement)

    def test_the_same_bytes_may_be_two_versions(self, ready: Stage) -> None:
        again = verbs.another(who("ada"), ready.version.model)

        assert again.number == 2
        assert again.digest != ready.version.digest

    def test_numbers_are_dense_when_many_come_at_once(self, ready_copy: Stage) -> None:
        gate = threading.Barrier(6)

        def add() -> None:
            gate.wait()
            try:
                verbs.another(who("ada"), RegisteredModel.objects.get(name=MODEL))
            finally:
                connections.close_all()

        threads = [threading.Thread(target=add) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        numbers = ModelVersion.objects.order_by("number").values_list("number", flat=True)
        assert list(numbers) == list(range(1, 8))


class TestIntake:
    def send(self, data: bytes, name: str = "model.onnx") -> Piece:
        return Piece(verbs.send(who("ada"), name, data), "model")

    def refused(self, stage: Stage, *pieces: Piece, signature: Any = None) -> DomainError:
        with pytest.raises(DomainError) as refusal, transaction.atomic():
            verbs.upload_version(
                caller=who("ada"),
                model=stage.version.model,
                pieces=pieces,
                signature=signature,
            )
        assert ModelVersion.objects.count() == 1
        return refusal.value

    @pytest.mark.parametrize(
        ("data", "says"),
        [
            (b"\x80\x04\x95pickle.", "ONNX"),
            (b"PK\x03\x04" + b"\x00" * 40, "ONNX"),
            (b"just words", "kept beside a model"),
        ],
    )
    def test_what_is_no_onnx_is_refused_with_what_to_do(
        self, ready: Stage, data: bytes, says: str
    ) -> None:
        refusal = self.refused(ready, self.send(data))

        assert refusal.field == "artifacts"
        assert says in refusal.reason

    def test_the_uploads_are_still_there_after_a_refusal(self, ready: Stage) -> None:
        piece = self.send(b"just words")
        self.refused(ready, piece)

        assert Upload.objects.filter(pk=piece.upload).exists()

    @pytest.mark.parametrize("count", [0, 17])
    def test_has_one_to_sixteen_files(self, ready: Stage, count: int) -> None:
        piece = self.send(b"words")

        assert self.refused(ready, *[piece] * count).field == "artifacts"

    def test_takes_as_many_uploads_as_it_may_have_files(self, ready: Stage) -> None:
        pieces = [
            Piece(verbs.send(who("ada"), f"part-{n}.bin", bytes([n])), "sidecar") for n in range(16)
        ]

        version = verbs.upload_version(
            caller=who("ada"), model=ready.version.model, pieces=pieces, signature=None
        )

        assert version.artifacts.count() == 16

    def test_takes_an_upload_once(self, ready: Stage) -> None:
        piece = self.send(b"words")

        assert self.refused(ready, piece, Piece(piece.upload, "sidecar")).field == "artifacts"

    def test_knows_its_roles(self, ready: Stage) -> None:
        piece = self.send(b"words")

        assert self.refused(ready, Piece(piece.upload, "code")).field == "artifacts[0].role"

    def test_takes_no_upload_of_another(self, ready: Stage) -> None:
        theirs = Piece(verbs.send(who("mira"), "model.onnx", tiny.model_bytes()), "model")

        assert isinstance(self.refused(ready, theirs), NotFound)

    def test_refuses_more_bytes_than_a_model_may_have(self, ready: Stage, settings: Any) -> None:
        settings.MAX_MODEL_BYTES = 10

        assert isinstance(self.refused(ready, self.send(tiny.model_bytes())), TooLarge)


class TestTheCard:
    @pytest.mark.parametrize(
        ("content", "field"),
        [
            ({"mood": "fine"}, "content.mood"),
            ({"contact": 1}, "content.contact"),
            ({"contact": None}, "content.contact"),
            ({"contact": "x" * 8001}, "content.contact"),
            ({"contact": "nul\x00"}, "content.contact"),
        ],
    )
    def test_names_the_field(self, ready: Stage, content: dict[str, Any], field: str) -> None:
        with pytest.raises(Invalid) as refusal:
            edit_card(caller=who("ada"), version=ready.version, content=content)

        assert refusal.value.field == field

    def test_keeps_every_revision(self, ready: Stage) -> None:
        edit_card(caller=who("mira"), version=ready.version, content={"contact": "Somebody"})

        cards = ready.version.cards.order_by("revision")
        assert [card.revision for card in cards] == [1, 2]
        assert [card.author.username for card in cards] == ["ada", "mira"]
        assert set(cards[1].content) == set(FIELDS)

    def test_refuses_to_say_the_same_again(self, ready: Stage) -> None:
        with pytest.raises(Conflict, match="says this already"):
            edit_card(caller=who("ada"), version=ready.version, content=tiny.CARD)


def test_the_same_report_twice_is_one_row(ready: Stage) -> None:
    report = tiny.reports_on(ready.version)["evaluation"]

    first = add_evidence(version=ready.version, kind="evaluation", document=report)
    again = add_evidence(version=ready.version, kind="evaluation", document=report)

    assert first.pk == again.pk


class TestJobs:
    @pytest.mark.parametrize("name", ["ben", "cora", "carl", "dan", "root"])
    def test_are_steered_by_who_asked_or_a_manager(self, ready: Stage, name: str) -> None:
        job = a_job(ready)
        cancel_job(caller=who("ada"), job=job)
        job.refresh_from_db()

        with pytest.raises(NotAllowed):
            retry_job(caller=who(name), job=job)
        retry_job(caller=who("mira"), job=job)
        assert Job.objects.get(pk=job.pk).status == JobStatus.QUEUED
        events = set(AuditEvent.objects.values_list("action", flat=True))
        assert {Action.JOB_CANCELLED.value, Action.JOB_RETRIED.value} <= events
