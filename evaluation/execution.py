"""What a job's process does to measure and to explain. Never imported by the web process."""

from typing import Any

from evaluation.explanation import explain
from evaluation.models import EvaluationRun, ExplanationRun
from evaluation.reporting.contender import Contender
from evaluation.reporting.golden import golden_rows
from evaluation.reporting.report import evaluate
from evaluation.reporting.slices import Sliced
from evaluation.services import complete_explanation, complete_run
from evaluation.slicing import read_slicings
from registry.loading import model_bytes
from registry.models import DatasetSnapshot, ModelVersion
from registry.selectors import version_by_id
from registry.snapshots import read_rows, rows_for
from registry.tables.schema import Table
from runtimes.golden import make
from runtimes.schema import Signature
from runtimes.session import Model, open_model
from worker.jobs import JobContext

GOLDEN_ROWS = 16


def _champion(run: EvaluationRun, threads: int) -> Contender | None:
    if run.champion_id is None:
        return None
    version = version_by_id(run.champion_id)
    return _contender(version, open_model(model_bytes(version), threads=threads))


def _contender(version: ModelVersion, model: Model) -> Contender:
    return Contender(
        model=model,
        signature=Signature.parse(version.signature),
        digest=f"sha256:{version.digest}",
        size_bytes=sum(artifact.size for artifact in version.artifacts.all()),
    )


def _facts(dataset: DatasetSnapshot) -> dict[str, Any]:
    return {
        "id": str(dataset.pk),
        "name": dataset.name,
        "split": dataset.split,
        "digest": f"sha256:{dataset.blob_id}",
        "rows": dataset.rows,
    }


def _progress(context: JobContext) -> Any:
    def tell(news: dict[str, Any]) -> None:
        context.progress(stage=str(news["stage"]), done=news.get("done"), total=news.get("total"))

    return tell


def run_evaluation(context: JobContext) -> None:
    """Measure a version, choose its golden rows and keep both."""
    run = EvaluationRun.objects.select_related("dataset__blob").get(pk=context.params["run"])
    version = version_by_id(run.version_id)
    opened = open_model(model_bytes(version), threads=context.threads)
    candidate = _contender(version, opened)
    champion = _champion(run, context.threads)
    table = rows_for(run.dataset, candidate.signature.classes)
    tell = _progress(context)
    report = evaluate(
        candidate,
        table.features,
        table.target,
        dataset=_facts(run.dataset),
        seed=run.seed,
        resamples=run.resamples,
        champion=champion,
        slices=_slices(run, table),
        on_progress=tell,
        should_stop=context.should_stop,
    )
    chosen = golden_rows(
        candidate.model,
        table.features,
        signature=candidate.signature,
        n=GOLDEN_ROWS,
        seed=run.seed,
        on_progress=tell,
        should_stop=context.should_stop,
    )
    name = candidate.signature.inputs[0].name
    golden = make({name: table.features[chosen]}, opened)
    complete_run(
        run_id=run.pk, job_id=context.job_id, token=context.token, report=report, golden=golden
    )


def _slices(run: EvaluationRun, table: Table) -> list[Sliced]:
    names = table.feature_names or []
    return [
        Sliced(slicing, table.features[:, names.index(slicing.column)])
        for slicing in read_slicings(run.slices, "slices")
    ]


def run_explanation(context: JobContext) -> None:
    """Explain a version with SHAP and keep the report."""
    run = ExplanationRun.objects.select_related("dataset__blob").get(pk=context.params["run"])
    version = version_by_id(run.version_id)
    subject = _contender(version, open_model(model_bytes(version), threads=context.threads))
    table = read_rows(run.dataset)
    report = explain(
        subject,
        table.features,
        background=_background(version, run.dataset),
        dataset=_facts(run.dataset),
        rows=run.rows,
        seed=run.seed,
        on_progress=_progress(context),
        should_stop=context.should_stop,
    )
    complete_explanation(run_id=run.pk, job_id=context.job_id, token=context.token, report=report)


def _background(version: ModelVersion, explained: DatasetSnapshot) -> Any:
    """Rows to compare with: of the training snapshot where one is known and still has its rows,
    else the explained."""
    known = (
        DatasetSnapshot.objects.select_related("blob")
        .filter(blob_id=str(version.lineage.get("dataset", "")).removeprefix("sha256:"))
        .filter(team_id=version.model.team_id, blob__tombstone=None)
        .first()
    )
    return read_rows(known or explained).features
