"""Structured pruning: remove hidden units, then fine-tune with the training engine."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from common.errors import Invalid
from common.steering import Progress
from training.compression.params import PRUNE
from training.compression.surgery import cut, hidden_widths
from training.engine.data import TrainingData, split
from training.engine.determinism import deterministic
from training.engine.loop import Resumable
from training.engine.network import Network, Spec, build, from_bytes
from training.engine.train import TrainResult, finish, run_identity
from training.recipes.params import Settings, validated


def prune_structured(
    spec: Spec,
    state_bytes: bytes,
    data: TrainingData,
    params: dict[str, Any],
    *,
    checkpoint_path: Path | None,
    on_progress: Progress,
    should_stop: Callable[[], bool],
) -> TrainResult:
    """A smaller child of a network trained here; the preprocessing stays the parent's.

    `data` are the parent's training rows. The result is as of `train`, with the new widths in
    `spec` and `facts["pruning"]`: ratio, widths and weights before and after. Raises Invalid
    for parameters, for data of another kind, and for a model without hidden units.
    """
    began = time.perf_counter()
    settings = validated(PRUNE, params)
    parts = split(data, fraction=settings["validation_fraction"], seed=settings["seed"])
    _same_model(spec, parts.train)
    parent = from_bytes(spec, state_bytes)
    smaller, state = cut(spec, parent.state_dict(), settings["ratio"])
    facts = {
        "ratio": settings["ratio"],
        "widths_before": hidden_widths(spec),
        "widths_after": hidden_widths(smaller),
        "weights_before": _weights(parent),
    }
    on_progress({"stage": "prepare", "rows": len(parts.train.target), **facts})
    asked = ["prune", spec, hashlib.sha256(state_bytes).hexdigest(), settings]
    steering = Resumable(on_progress, should_stop, checkpoint_path, run_identity(asked, parts))
    with deterministic(settings["seed"]):
        child = build(smaller)
        child.load_state_dict(state)
        result = finish(child, smaller, parts, _tuning(settings), steering, began)
    pruning = {**facts, "weights_after": _weights(child)}
    return replace(result, facts={**result.facts, "pruning": pruning})


def _tuning(settings: Settings) -> Settings:
    """Settings of the loop: all epochs are run and the best of them is taken."""
    epochs = settings["finetune_epochs"]
    fixed = {"epochs": epochs, "patience": max(1, epochs), "optimizer": "adam", "l1": 0.0}
    return {**settings, **fixed}


def _same_model(spec: Spec, data: TrainingData) -> None:
    if list(data.input_shape) != spec["input_shape"]:
        raise Invalid(
            f"The model takes rows of shape {spec['input_shape']}, "
            f"the data has {list(data.input_shape)}.",
            field="features",
        )
    if (data.task, data.classes) != (spec["task"], spec["classes"]):
        raise Invalid("The data has another task or other classes than the model.", field="target")


def _weights(network: Network) -> int:
    return sum(tensor.numel() for tensor in network.parameters())
