"""What a job's process does to train and to compress. Never imported by the web process."""

import json
from typing import Any

from common.errors import Conflict
from common.steering import Steering
from registry.admission import admitted
from registry.loading import artifact_bytes, model_bytes
from registry.manifests import MODEL, SIDECAR, WEIGHTS
from registry.models import DatasetSnapshot, ModelVersion
from registry.selectors import version_by_id
from registry.snapshots import read_rows, rows_for
from registry.tables.schema import Table
from runtimes.schema import Signature
from training.compression.parity import parity
from training.compression.prune import prune_structured
from training.compression.quantise import quantize_dynamic, quantize_static, sample_rows
from training.engine.data import Task, TrainingData
from training.engine.train import TrainResult, train
from training.models import CompressionRun, TrainingRun
from training.services import Made, complete_compression, complete_run, store
from worker.jobs import JobContext

MODEL_NAME, WEIGHTS_NAME, SPEC_NAME = "model.onnx", "weights.safetensors", "layout.json"


def _task(table: Table) -> Task:
    if table.classes is None:
        return "regression"
    return "binary" if len(table.classes) == 2 else "multiclass"


def _training_data(table: Table, validation: Table | None = None) -> TrainingData:
    held = None
    if validation is not None:
        held = TrainingData(
            validation.features,
            validation.target,
            table.classes,
            table.feature_names,
            _task(table),
        )
    return TrainingData(
        table.features, table.target, table.classes, table.feature_names, _task(table), held
    )


def _progress(context: JobContext) -> Any:
    """Stages for the page; the figures of an epoch become points of the live curves."""

    def tell(news: dict[str, Any]) -> None:
        context.progress(
            stage=str(news["stage"]),
            done=news.get("epoch", news.get("done")),
            total=news.get("epochs", news.get("total")),
        )
        if "train_loss" in news:
            figures = {k: v for k, v in news.items() if isinstance(v, int | float)}
            context.point(**figures)

    return tell


def _made(result: TrainResult, lineage: dict[str, Any]) -> Made:
    layout = json.dumps(result.spec, sort_keys=True).encode()
    return Made(
        files={
            (MODEL, MODEL_NAME): result.onnx_bytes,
            (WEIGHTS, WEIGHTS_NAME): result.state_bytes,
            (SIDECAR, SPEC_NAME): layout,
        },
        signature=result.signature,
        lineage=lineage
        | {
            "weights_digest": result.weights_digest,
            "onnx_agreement": result.onnx_agreement,
            "facts": result.facts,
        },
        admission=admitted(result.onnx_bytes, Signature.parse(result.signature)).as_dict(),
    )


def run_training(context: JobContext) -> None:
    """Train a recipe and add the version."""
    run = TrainingRun.objects.select_related("dataset__blob", "validation__blob").get(
        pk=context.params["run"]
    )
    table = read_rows(run.dataset)
    validation = rows_for(run.validation, table.classes) if run.validation else None
    data = _training_data(table, validation)
    result = train(
        run.recipe,
        run.params,
        data,
        checkpoint_path=context.workdir / "checkpoint.pt",
        on_progress=_progress(context),
        should_stop=context.should_stop,
    )
    context.progress(stage="admit")
    made = _made(result, _training_lineage(run))
    complete_run(
        run_id=run.pk,
        job_id=context.job_id,
        token=context.token,
        made=made,
        files=store(made),
        history=[dict(point) for point in result.history],
    )


def _training_lineage(run: TrainingRun) -> dict[str, Any]:
    return {
        "source": "training",
        "run": str(run.pk),
        "recipe": run.recipe,
        "params": run.params,
        "dataset": f"sha256:{run.dataset.blob_id}",
        "validation": f"sha256:{run.validation.blob_id}" if run.validation else None,
    }


def run_compression(context: JobContext) -> None:
    """Compress a version, compare the child with its parent and add it."""
    run = CompressionRun.objects.select_related("holdout__blob", "calibration__blob").get(
        pk=context.params["run"]
    )
    parent = version_by_id(run.parent_id)
    before = model_bytes(parent)
    context.progress(stage="compress")
    made = _compressed(run, parent, before, context)
    report = _compared(run, parent, before, made.files[MODEL, MODEL_NAME], context)
    complete_compression(
        run_id=run.pk,
        job_id=context.job_id,
        token=context.token,
        made=made,
        files=store(made),
        parity=report,
    )


def _compared(
    run: CompressionRun, parent: ModelVersion, before: bytes, child: bytes, context: JobContext
) -> dict[str, Any]:
    context.progress(stage="compare")
    classes = Signature.parse(parent.signature).classes
    held = rows_for(run.holdout, classes)
    report = parity(
        before,
        child,
        held.features,
        held.target,
        _task(held),
        list(classes) if classes else None,
        int(run.params.get("seed", 0)),
        steering=Steering(_progress(context), context.should_stop),
    )
    report["dataset"] = {
        "name": run.holdout.name,
        "split": run.holdout.split,
        "digest": f"sha256:{run.holdout.blob_id}",
    }
    return report


def _compressed(
    run: CompressionRun, parent: ModelVersion, before: bytes, context: JobContext
) -> Made:
    lineage = {
        "source": "compression",
        "run": str(run.pk),
        "method": run.method,
        "params": run.params,
        "parent": f"sha256:{parent.digest}",
        "dataset": f"sha256:{run.calibration.blob_id}" if run.calibration else None,
    }
    if run.method == "prune":
        return _made(_pruned(run, parent, context), lineage)
    child = _quantised(run, before)
    signature = dict(parent.signature or {})
    return Made(
        files={(MODEL, MODEL_NAME): child},
        signature=signature,
        lineage=lineage,
        admission=admitted(child, Signature.parse(signature)).as_dict(),
    )


def _quantised(run: CompressionRun, before: bytes) -> bytes:
    if run.method == "int8-dynamic":
        return quantize_dynamic(before)
    rows = read_rows(_calibration(run)).features
    chosen = sample_rows(rows, run.params["calibration_rows"], run.params["seed"])
    return quantize_static(before, chosen)


def _pruned(run: CompressionRun, parent: ModelVersion, context: JobContext) -> TrainResult:
    files = {artifact.role: artifact for artifact in parent.artifacts.all()}
    return prune_structured(
        json.loads(artifact_bytes(parent, files[SIDECAR])),
        artifact_bytes(parent, files[WEIGHTS]),
        _training_data(read_rows(_calibration(run))),
        run.params,
        checkpoint_path=context.workdir / "checkpoint.pt",
        on_progress=_progress(context),
        should_stop=context.should_stop,
    )


def _calibration(run: CompressionRun) -> DatasetSnapshot:
    if run.calibration is None:
        raise Conflict("This compression needs the snapshot of training rows.")
    return run.calibration
