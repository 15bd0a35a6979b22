"""The whole way of one run: check, split, train, export, compare, and say what was done."""

import hashlib
import json
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch

from common.steering import Progress
from training import recipes
from training.engine.data import Parts, TrainingData, digest, split
from training.engine.determinism import THREADS, deterministic
from training.engine.export import agreement, signature, to_onnx
from training.engine.loop import Course, Resumable, fit
from training.engine.network import (
    Network,
    Spec,
    build,
    draw_spec,
    fit_preprocessing,
    initialise,
    to_bytes,
    weights_digest,
)
from training.recipes.params import Settings

CPU_INFO = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True)
class TrainResult:
    """All that a run leaves: the file, what it is, and how it came about (JSON values).

    history: one entry per epoch with epoch, train_loss, validation_loss, seconds and
    validation_accuracy or validation_mae; squared error is in the target's unit squared.
    onnx_agreement: max_abs_difference of torch and onnxruntime, rows, tolerance.
    state_bytes: safetensors of weights and preprocessing constants, for later compression.
    """

    onnx_bytes: bytes
    signature: dict[str, Any]
    spec: Spec
    weights_digest: str
    history: list[dict[str, float]]
    onnx_agreement: dict[str, float | int]
    facts: dict[str, Any]
    state_bytes: bytes


def train(
    recipe: str,
    params: dict[str, Any],
    data: TrainingData,
    *,
    checkpoint_path: Path | None,
    on_progress: Progress,
    should_stop: Callable[[], bool],
) -> TrainResult:
    """Train a recipe on raw rows; goes on from the checkpoint if it is of this very run.

    `on_progress` gets {"stage": "prepare" | "resume" | "train" | "export", ...}, once per
    epoch with its figures. Raises NotFound (recipe), Invalid (parameters, data, divergence),
    Cancelled, and Conflict when the exported file disagrees with the network.
    """
    began = time.perf_counter()
    settings = recipes.find(recipe).validate_params(params)
    parts = split(data, fraction=settings["validation_fraction"], seed=settings["seed"])
    on_progress({"stage": "prepare", "rows": len(parts.train.target)})
    identity = run_identity([recipe, settings], parts)
    steering = Resumable(on_progress, should_stop, checkpoint_path, identity)
    with deterministic(settings["seed"]):
        spec = draw_spec(recipe, settings, parts.train)
        network = build(spec)
        initialise(network, settings["init"], settings.get("activation", ""))
        fit_preprocessing(network, spec, parts.train)
        return finish(network, spec, parts, settings, steering, began)


def finish(
    network: Network,
    spec: Spec,
    parts: Parts,
    settings: Settings,
    steering: Resumable,
    began: float,
) -> TrainResult:
    """Fit, export and compare; `began` is the perf_counter at the start of the run."""
    course = fit(network, parts, settings, steering)
    steering.stop_if_asked()
    steering.on_progress({"stage": "export", "epoch": course.epoch})
    model = to_onnx(network, parts.train)
    return TrainResult(
        onnx_bytes=model,
        signature=signature(parts.train),
        spec=spec,
        weights_digest=weights_digest(network),
        history=course.history,
        onnx_agreement=agreement(network, model, parts.validation.features),
        facts=_facts(course, parts, time.perf_counter() - began),
        state_bytes=to_bytes(network),
    )


def run_identity(asked: list[Any], parts: Parts) -> str:
    """Hex sha256 of what decides the result: the request, the rows and torch's version."""
    text = json.dumps([asked, digest(parts), torch.__version__], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _facts(course: Course, parts: Parts, duration: float) -> dict[str, Any]:
    return {
        "torch": torch.__version__,
        "onnx": onnx.__version__,
        "onnxruntime": onnxruntime.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "cpu": _cpu(),
        "threads": THREADS,
        "duration_s": duration,
        "epochs_run": course.epoch,
        "best_epoch": course.best_epoch,
        "resumed_from_epoch": course.resumed_from,
        "rows_train": len(parts.train.target),
        "rows_validation": len(parts.validation.target),
    }


def _cpu() -> str:
    if CPU_INFO.exists():
        for line in CPU_INFO.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
