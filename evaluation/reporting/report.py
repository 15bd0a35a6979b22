"""The evaluation report: everything measured about one model on one data set."""

import platform
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

from common.errors import Invalid, Unavailable
from common.steering import Progress, Steering
from evaluation.criteria import interval_of
from evaluation.features import Array, Features
from evaluation.metrics.by_class import BY_CLASS, why_undefined
from evaluation.metrics.catalogue import for_task
from evaluation.metrics.contract import Metric
from evaluation.metrics.counts import confusion_matrix
from evaluation.metrics.rows import Floats, Rows
from evaluation.reporting.comparison import compare
from evaluation.reporting.contender import Contender, in_order_of, run_on
from evaluation.reporting.curves import calibration, curves
from evaluation.reporting.intervals import Measure, resample
from evaluation.reporting.latency import latency
from evaluation.reporting.measured import measured, not_measured
from evaluation.reporting.slices import Sliced, measure_slices

TYPE = "assay/evaluation/1"
RESAMPLES = 2000
# A matrix of more classes than this is neither readable nor small.
MAX_MATRIX_CLASSES = 100
QUANTILES = (5, 25, 50, 75, 95)

Resampled = Mapping[str, Floats]


def evaluate(
    candidate: Contender,
    features: Features,
    target: Array,
    *,
    dataset: Mapping[str, Any],
    seed: int,
    on_progress: Progress,
    should_stop: Callable[[], bool],
    resamples: int = RESAMPLES,
    champion: Contender | None = None,
    slices: Sequence[Sliced] = (),
) -> dict[str, Any]:
    """Measure `candidate` on labelled rows, and against `champion` on the same rows.

    `features` and `target` as in `evaluation.features`; `dataset` holds JSON facts (name, digest,
    rows, split) that go into the report as given; `slices` are measured too. Gives the report
    "assay/evaluation/1" of finite JSON numbers; one without a value is None beside the reason. But
    for latency, the same call on the same machine gives the same report.

    Raises Invalid (empty data, other shapes, NaN, other labels, a model that breaks its
    signature), Unavailable (it fails on these rows), Cancelled. A champion that cannot be
    measured leaves the reason in "comparison".
    """
    began = time.perf_counter()
    if resamples < 1:
        raise Invalid("At least one resample is needed.", field="resamples")
    steering = Steering(on_progress, should_stop)
    own = run_on(candidate, features, target, steering=steering, stage="predict")
    rows, metrics = own.rows, for_task(own.rows.task)
    samples, refusal = _samples(rows, champion, features, target, steering)
    measures = {who: _measures(metrics, sample) for who, sample in samples.items()}
    drawn = resample(samples, measures, resamples=resamples, seed=seed, steering=steering)
    return {
        "type": TYPE,
        "subject": candidate.facts(),
        "dataset": dict(dataset),
        "task": rows.task,
        "rows": len(rows),
        "seed": seed,
        "interval": interval_of(resamples),
        "metrics": {metric.name: _entry(metric, rows, drawn["candidate"]) for metric in metrics},
        **_details(rows, drawn["candidate"]),
        **_sliced(slices, rows, metrics, resamples, seed, steering),
        "predictions_digest": own.answers.digest(),
        "latency": latency(candidate.model, own.inputs, steering),
        "comparison": _comparison(champion, metrics, samples, drawn, refusal),
        "versions": _versions(),
        "seconds": round(time.perf_counter() - began, 3),
    }


def _samples(
    rows: Rows,
    champion: Contender | None,
    features: Features,
    target: Array,
    steering: Steering,
) -> tuple[dict[str, Rows], str | None]:
    """The rows of both models, or of the candidate alone with the reason for that."""
    if champion is None:
        return {"candidate": rows}, None
    try:
        said = _champion_rows(champion, features, target, rows, steering)
    except (Invalid, Unavailable) as error:
        return {"candidate": rows}, error.reason
    return {"candidate": rows, "champion": said}, None


def _champion_rows(
    champion: Contender, features: Features, target: Array, rows: Rows, steering: Steering
) -> Rows:
    if champion.signature.task != rows.task:
        raise Invalid("The champion has another task.", field="champion")
    said = run_on(champion, features, target, steering=steering, stage="predict champion")
    return in_order_of(said.rows, rows.classes)


def _measures(metrics: tuple[Metric, ...], rows: Rows) -> dict[str, Measure]:
    measures: dict[str, Measure] = {
        metric.name: metric.measure for metric in metrics if metric.why_not(rows) is None
    }
    if rows.task != "regression":
        for name, by_class in BY_CLASS.items():
            measures[f"by_class/{name}"] = _of_counts(by_class)
    return measures


def _of_counts(by_class: Callable[[Any], Floats]) -> Measure:
    return lambda rows: by_class(rows.counts)


def _entry(metric: Metric, rows: Rows, drawn: Resampled) -> dict[str, Any]:
    reason = metric.why_not(rows)
    numbers = (
        not_measured(reason)
        if reason
        else measured(float(metric.measure(rows)[0]), drawn[metric.name])
    )
    return {"title": metric.title, "direction": metric.direction} | numbers


def _comparison(
    champion: Contender | None,
    metrics: tuple[Metric, ...],
    samples: Mapping[str, Rows],
    drawn: Mapping[str, Resampled],
    refusal: str | None,
) -> dict[str, Any] | None:
    if champion is None:
        return None
    facts = {"champion": champion.facts()}
    if refusal is not None:
        return facts | {"metrics": {}, "mcnemar": None, "delong": None, "note": refusal}
    return facts | compare(metrics, samples, drawn) | {"note": None}


def _sliced(
    slices: Sequence[Sliced],
    rows: Rows,
    metrics: tuple[Metric, ...],
    resamples: int,
    seed: int,
    steering: Steering,
) -> dict[str, Any]:
    """Nothing where no slices were asked for, as in reports from before there were any."""
    if not slices:
        return {}
    found = measure_slices(slices, rows, metrics, resamples=resamples, seed=seed, steering=steering)
    return {"slices": found}


def _details(rows: Rows, drawn: Resampled) -> dict[str, Any]:
    """What only a classification, or only a regression, has."""
    if rows.task == "regression":
        errors = np.percentile(rows.predicted - rows.truth, QUANTILES).tolist()
        quantiles = {f"p{q:02d}": value for q, value in zip(QUANTILES, errors, strict=True)}
        return {"errors": {"of": "prediction minus target", **quantiles}}
    return {
        "classes": list(rows.classes),
        "by_class": _by_class(rows, drawn),
        "confusion_matrix": _matrix(rows),
        "curves": curves(rows),
        "calibration": calibration(rows),
    }


def _by_class(rows: Rows, drawn: Resampled) -> list[dict[str, Any]]:
    table = []
    for index, shown in enumerate(rows.classes):
        line: dict[str, Any] = {
            "class": shown,
            "labels": int((rows.truth == index).sum()),
            "predictions": int((rows.predicted == index).sum()),
        }
        for name, by_class in BY_CLASS.items():
            reason = why_undefined(name, rows, index)
            value = float(by_class(rows.counts)[0, index])
            resampled = drawn[f"by_class/{name}"][:, index]
            line[name] = not_measured(reason) if reason else measured(value, resampled)
        table.append(line)
    return table


def _matrix(rows: Rows) -> list[list[int]] | None:
    """Counts, labels down and predictions across; None above 100 classes."""
    if len(rows.classes) > MAX_MATRIX_CLASSES:
        return None
    truth, said = rows.truth.astype(np.int64), rows.predicted.astype(np.int64)
    counts: list[list[int]] = confusion_matrix(truth, said, len(rows.classes)).tolist()
    return counts


def _versions() -> dict[str, str]:
    packages = {name: version(name) for name in ("numpy", "scipy", "onnxruntime")}
    return {"python": platform.python_version(), **packages}
