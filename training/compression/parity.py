"""What a compressed child kept and what it gained, against its parent on the same rows."""

import hashlib
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from common.errors import Invalid
from common.steering import Steering
from evaluation.criteria import LEVEL
from evaluation.metrics.rows import Rows
from training.compression import latency
from training.compression.quality import RESAMPLES, differences
from training.engine.data import Floats, Task, TrainingData, checked
from training.engine.onnx_session import run, session

KNOWN_OUTPUTS = ("probabilities", "value")
PERCENT = 100.0


def parity(
    parent_bytes: bytes,
    child_bytes: bytes,
    features: NDArray[Any],
    target: NDArray[Any],
    task: Task,
    classes: list[str] | None,
    seed: int,
    *,
    steering: Steering,
) -> dict[str, Any]:
    """The report "assay/parity/1" (JSON values) of a child against its parent.

    features: raw held-out rows [n, ...]; target: class indexes or values [n]. All but the
    latencies follow from the bytes, the rows and the seed. Raises Invalid when the rows or
    the answers of the models do not fit the task, and Cancelled.
    """
    rows = checked(TrainingData(features, target, classes, None, task))
    width = len(rows.classes) if rows.classes is not None and task != "regression" else 1
    parent = _answers(parent_bytes, rows.features, width)
    child = _answers(child_bytes, rows.features, width)
    before, after = _measured(parent, rows), _measured(child, rows)
    figures = differences(before, after, seed=seed, steering=steering)
    sizes = {"parent": len(parent_bytes), "child": len(child_bytes)}
    times = latency.compared(parent_bytes, child_bytes, rows.features)
    return {
        "type": "assay/parity/1",
        "task": task,
        "classes": rows.classes,
        "rows": len(rows.target),
        "seed": seed,
        "parent": {"digest": _digest(parent_bytes)},
        "child": {"digest": _digest(child_bytes)},
        "metrics": figures,
        "interval": {
            "method": "paired bootstrap, percentile",
            "resamples": RESAMPLES,
            "confidence": LEVEL,
        },
        "agreement_rate": None if task == "regression" else _agreement_rate(parent, child),
        "max_abs_difference": float(np.max(np.abs(parent - child))),
        "size_bytes": {**sizes, "ratio": sizes["child"] / sizes["parent"]},
        "latency": {"method": "median CPU time of the calling thread per call", "batches": times},
        "runtime": {
            "onnxruntime": onnxruntime.__version__,
            "provider": "CPUExecutionProvider",
            "threads": 1,
        },
        "verdict": verdict(sizes["child"] / sizes["parent"], times, figures),
    }


def verdict(size_ratio: float, times: list[dict[str, Any]], figures: list[dict[str, Any]]) -> str:
    """What a reader may take home: size, speed and quality, each only as far as measured."""
    speeds = ", ".join(
        f"{entry['speedup']:.2f} times the speed at batch {entry['batch']}" for entry in times
    )
    head = f"{_size_word(size_ratio)}{_speed_words(size_ratio, times)}"
    return (
        f"{head}: {PERCENT * size_ratio:.0f} % of the bytes, {speeds}. {_quality_sentence(figures)}"
    )


def _size_word(ratio: float) -> str:
    if ratio == 1:
        return "Same size"
    return "Smaller" if ratio < 1 else "Larger"


def _speed_words(size_ratio: float, times: list[dict[str, Any]]) -> str:
    meanings = {entry["batch"]: entry["meaning"] for entry in times}
    faster = [batch for batch, meaning in meanings.items() if meaning == "faster"]
    slower = [batch for batch, meaning in meanings.items() if meaning == "slower"]
    if faster and slower:
        return f", faster at batch {_joined(faster)} but slower at batch {_joined(slower)}"
    if faster:
        join = " and" if size_ratio < 1 else " but"
        only = "" if len(faster) == len(meanings) else f" at batch {_joined(faster)} only"
        return f"{join} faster{only}"
    if slower:
        join = " but" if size_ratio < 1 else " and"
        only = "" if len(slower) == len(meanings) else f" at batch {_joined(slower)}"
        return f"{join} slower{only}"
    return ", not faster"


def _joined(batches: list[int]) -> str:
    return " and ".join(str(batch) for batch in batches)


def _quality_sentence(figures: list[dict[str, Any]]) -> str:
    clear = [figure for figure in figures if figure["low"] > 0 or figure["high"] < 0]
    if not clear:
        return f"No clear change of quality; {_change(figures[0])}."
    return (
        "Clear change of quality: "
        + "; ".join(
            f"{_change(figure)}, {'better' if _is_better(figure) else 'worse'}" for figure in clear
        )
        + "."
    )


def _is_better(figure: dict[str, Any]) -> bool:
    gained = float(figure["difference"]) > 0
    return gained == bool(figure["better"] == "higher")


def _change(figure: dict[str, Any]) -> str:
    return (
        f"{figure['metric'].replace('_', ' ')} {figure['difference']:+.3g} "
        f"(95 % interval {figure['low']:+.3g} to {figure['high']:+.3g})"
    )


def _answers(model: bytes, rows: Floats, width: int) -> Floats:
    opened = session(model)
    outputs = [
        output.name
        for output in opened.get_outputs()
        if output.type in {"tensor(float)", "tensor(double)"}
    ]
    known = [name for name in outputs if name in KNOWN_OUTPUTS] or outputs
    if not known:
        raise Invalid("The model has no output of floating-point numbers.", field="model")
    answers = run(opened, rows, known[0]).astype(np.float32)
    answers = answers.reshape(len(rows), -1)
    if answers.shape[1] != width or not np.isfinite(answers).all():
        raise Invalid(
            f"The model must answer {width} finite numbers per row; "
            f"its output {known[0]} has {answers.shape[1]}.",
            field="model",
        )
    return answers


def _measured(answers: Floats, rows: TrainingData) -> Rows:
    if rows.task == "regression":
        return Rows.of(rows.task, rows.target.astype(np.float64), answers[:, 0].astype(np.float64))
    return Rows.of(
        rows.task,
        rows.target,
        answers.argmax(axis=1),
        probabilities=answers,
        classes=tuple(rows.classes or ()),
    )


def _agreement_rate(parent: Floats, child: Floats) -> float:
    return float(np.mean(parent.argmax(axis=1) == child.argmax(axis=1)))


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
