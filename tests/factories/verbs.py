"""What the cast does, through the services: register, measure, describe, submit, sign, approve."""

import io
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.callers import Caller
from common.errors import DomainError
from common.problems import problem_of
from evaluation.models import EvaluationPlan, EvaluationRun, ExplanationRun
from evaluation.services import (
    complete_explanation,
    complete_run,
    request_explanation,
    request_run,
)
from governance.models import Review, Signature
from governance.services import sign, submit
from registry import blobs, uploads
from registry.intake import Piece, request_dataset, request_version
from registry.manifests import MODEL, File
from registry.models import DatasetSnapshot, Evidence, ModelVersion, RegisteredModel
from registry.services import NewVersion, add_evidence, add_version, edit_card, register_model
from tests.cast import password_of, the_team, who
from tests.factories import tiny
from worker.context import JobContext
from worker.kinds import runner
from worker.leases import end
from worker.models import Job, Status

REASON = "Read the evidence; it supports the use."


def send(caller: Caller, name: str, data: bytes) -> UUID:
    """A finished upload."""
    upload = uploads.start(caller=caller, name=name, size=len(data))
    uploads.append(caller=caller, upload_id=upload.pk, offset=0, body=io.BytesIO(data))
    return upload.pk


def new_model(caller: Caller, name: str, tier: str = "medium") -> RegisteredModel:
    """A line of versions."""
    return register_model(
        caller=caller,
        team=the_team(),
        name=name,
        purpose="Tell benign from malignant tumours.",
        risk_tier=tier,
        licence="MIT",
        origin="in-house",
    )


def new_dataset(caller: Caller, name: str = "tumours", split: str = "test") -> DatasetSnapshot:
    """Rows of a split."""
    return register_dataset(
        caller,
        upload=send(caller, "rows.csv", tiny.table(split)),
        name=name,
        split=split,
    )


def register_dataset(caller: Caller, **wishes: Any) -> DatasetSnapshot:
    """A snapshot by request and job, in this process. Raises what either raises."""
    given: dict[str, Any] = {
        "team": the_team(),
        "target": "diagnosis",
        "origin": "scikit-learn",
        "licence": "CC-BY-4.0",
        "file_format": "csv",
    }
    asked = request_dataset(caller=caller, **(given | wishes))
    at_work(asked.job_id)
    return DatasetSnapshot.objects.get(pk=_result(asked.job_id)["dataset"])


def upload_version(
    *,
    caller: Caller,
    model: RegisteredModel,
    pieces: Sequence[Piece],
    signature: dict[str, Any] | None,
) -> ModelVersion:
    """A version by request and job, in this process. Raises what either raises."""
    asked = request_version(caller=caller, model=model, pieces=pieces, signature=signature)
    at_work(asked.job_id)
    return ModelVersion.objects.get(model=model, number=_result(asked.job_id)["version"])


def _result(job_id: UUID) -> dict[str, Any]:
    result = Job.objects.get(pk=job_id).result
    assert result is not None
    return dict(result)


def uploaded(caller: Caller, model: RegisteredModel) -> ModelVersion:
    """A version as persons upload it: streamed, checked, opened in the sandbox."""
    piece = Piece(send(caller, "model.onnx", tiny.model_bytes()), MODEL)
    return upload_version(caller=caller, model=model, pieces=[piece], signature=tiny.SIGNATURE)


def another(
    caller: Caller,
    model: RegisteredModel,
    *,
    strength: float = 1.0,
    kind: str = "uploaded",
    parent: ModelVersion | None = None,
    signature: dict[str, Any] | None = None,
    lineage: dict[str, Any] | None = None,
) -> ModelVersion:
    """A further version without the seconds of a sandbox: it has the first one's admission."""
    sha256, size = blobs.put_bytes(tiny.model_bytes(strength))
    blobs.ensure_row(sha256, size)
    version = add_version(
        model=model,
        made_by=caller.user,
        actor=caller.actor,
        new=NewVersion(
            kind=kind,
            files=[File(MODEL, "model.onnx", sha256, size)],
            signature=signature or tiny.SIGNATURE,
            lineage=lineage or {"source": "test"},
            servable=True,
            parent=parent,
        ),
    )
    admission = Evidence.objects.filter(kind="sandbox").order_by("created_at").first()
    if admission is not None:
        add_evidence(version=version, kind="sandbox", document=_parsed(admission))
    return version


def _parsed(evidence: Evidence) -> dict[str, Any]:
    return tiny.parsed(bytes(evidence.body))


def taken(job_id: UUID | None) -> tuple[UUID, int]:
    """Claims a job as a slot would; its id and token."""
    assert job_id is not None
    until = timezone.now() + timedelta(minutes=1)
    Job.objects.filter(pk=job_id).update(status=Status.RUNNING, token=1, lease_until=until)
    return job_id, 1


def evaluate(
    caller: Caller,
    version: ModelVersion,
    *,
    strength: float = 1.0,
    plan: EvaluationPlan | None = None,
) -> EvaluationRun:
    """Ask for a measurement, under a plan if there is one, and complete it as the job does."""
    wishes: dict[str, Any] = {"dataset": dataset(), "seed": 1, "resamples": 100}
    run = request_run(caller=caller, version=version, **({"plan": plan} if plan else wishes))
    return complete(run, strength=strength)


def complete(run: EvaluationRun, *, strength: float = 1.0, seed: int = 1) -> EvaluationRun:
    """Complete a measurement as the job does; the report reads otherwise with another seed."""
    version = run.version
    job, token = taken(run.job_id)
    made = tiny.reports_on(version, strength)
    report = made["evaluation"] | {"seed": seed}
    return complete_run(
        run_id=run.pk, job_id=job, token=token, report=report, golden=made["golden"]
    )


def explain(caller: Caller, version: ModelVersion, *, strength: float = 1.0) -> ExplanationRun:
    """Ask for an explanation, and complete it as the job does."""
    run = request_explanation(caller=caller, version=version, dataset=dataset(), rows=4, seed=1)
    job, token = taken(run.job_id)
    report = tiny.reports_on(version, strength)["explanation"]
    return complete_explanation(run_id=run.pk, job_id=job, token=token, report=report)


@dataclass
class _Here(JobContext):
    """A try in the process of a test, whose one connection must stay in its transaction."""

    heard: list[dict[str, Any]] = field(default_factory=list)

    def progress(self, **news: Any) -> None:
        """Kept for the test; a real one would drop the connection."""
        self.heard.append(news)


def at_work(job_id: UUID, workdir: Path = Path(os.devnull)) -> list[dict[str, Any]]:
    """Does a job's work in this process, as its own process would; the progress it told.

    `workdir` is for jobs that write files on their way. Raises what the work raises.
    """
    job_id, token = taken(job_id)
    job = Job.objects.get(pk=job_id)
    channel = os.open(os.devnull, os.O_WRONLY)
    here = _Here(
        job_id=job_id,
        token=token,
        kind=job.kind,
        params=job.params,
        subject_type=job.subject_type,
        subject_id=job.subject_id,
        requested_by_id=job.requested_by_id,
        attempt=1,
        threads=1,
        workdir=workdir,
        channel=channel,
    )
    try:
        runner(job.kind)(here)
    finally:
        os.close(channel)
    return here.heard


def refused_at_work(job_id: UUID) -> DomainError:
    """Does a job's work, which is refused, and ends the job as its slot would."""
    with pytest.raises(DomainError) as found:
        at_work(job_id)
    refusal = found.value
    assert end(job_id, 1, Status.FAILED, refusal.reason, problem=problem_of(refusal))
    return refusal


def dataset() -> DatasetSnapshot:
    """The held-out rows of the stage."""
    return DatasetSnapshot.objects.get(name="tumours")


def make_ready(caller: Caller, version: ModelVersion, *, strength: float = 1.0) -> ModelVersion:
    """Measure, explain and describe: everything that a policy may want."""
    evaluate(caller, version, strength=strength)
    explain(caller, version, strength=strength)
    edit_card(caller=caller, version=version, content=tiny.CARD)
    return version


def put(name: str, review: Review, **wishes: Any) -> Signature:
    """A signature of one of the cast: approving, unless wished otherwise."""
    given: dict[str, Any] = {
        "caller": who(name),
        "review": review,
        "statement_digest": f"sha256:{review.statement_digest}",
        "decision": "approve",
        "reason": REASON,
        "password": password_of(name),
    }
    return sign(**(given | wishes))


def signed(version: ModelVersion, signers: Iterable[str] = ("ben", "cleo")) -> Review:
    """A review, opened by ada, that these persons have signed."""
    review = submit(caller=who("ada"), version=version)
    for name in signers:
        put(name, review)
    return Review.objects.select_related("version__model", "policy").get(pk=review.pk)


def as_json(value: Any) -> bytes:
    """A request's body."""
    return json.dumps(value).encode()


def with_scopes(caller: Caller, *scopes: str) -> Caller:
    """The same person through a token that leaves these scopes."""
    return replace(caller, via="token", scopes=frozenset(scopes))
