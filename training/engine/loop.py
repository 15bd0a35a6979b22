"""The loop: steps, validation, early stopping, a checkpoint after each epoch, cancel and resume."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from common.errors import Invalid
from common.steering import Steering
from training.engine import checkpoint
from training.engine.data import Parts, TrainingData
from training.engine.determinism import random_states, restore_random_states
from training.engine.network import Network
from training.recipes.params import Settings

ROWS_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class Resumable(Steering):
    """The steering of a run that goes on where it was stopped.

    `identity` binds the checkpoint to the run.
    """

    checkpoint_path: Path | None = None
    identity: str = ""


@dataclass(slots=True)
class Course:
    """What a run knows between two epochs, besides weights, optimizer and random states."""

    epoch: int = 0
    best_epoch: int = 0
    best_loss: float = math.inf
    best_weights: dict[str, Tensor] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
    resumed_from: int = 0

    def is_over(self, settings: Settings) -> bool:
        patience: int = settings["patience"]
        waited = self.epoch - self.best_epoch
        return bool(self.epoch >= settings["epochs"]) or 0 < patience <= waited


def fit(network: Network, parts: Parts, settings: Settings, steering: Resumable) -> Course:
    """Train in place and leave the chosen weights in the network, in evaluation mode.

    Chosen are the weights with the lowest validation loss, or the last with patience 0.
    Raises Cancelled, and Invalid (learning_rate) when the loss is no longer a number.
    """
    optimizer = _optimizer(network, settings)
    course = _resumed(network, optimizer, steering)
    while not course.is_over(settings):
        _one_epoch(network, optimizer, course, parts, settings, steering)
    if settings["patience"] and course.best_weights:
        network.load_state_dict(course.best_weights)
    else:
        course.best_epoch = course.epoch
    network.eval()
    return course


def loss_of(network: Network, scores: Tensor, target: Tensor) -> Tensor:
    """Mean data loss of scores [batch, outputs] and targets [batch], without penalties."""
    if network.loss == "cross_entropy":
        return nn.functional.cross_entropy(scores, target)
    if network.loss == "bce":
        return nn.functional.binary_cross_entropy_with_logits(scores[:, 0], target.float())
    standardised = (target - network.target_mean) / network.target_deviation
    return nn.functional.mse_loss(scores[:, 0], standardised)


def _one_epoch(
    network: Network,
    optimizer: torch.optim.Optimizer,
    course: Course,
    parts: Parts,
    settings: Settings,
    steering: Resumable,
) -> None:
    began = time.perf_counter()
    unit = _loss_unit(network)
    train_loss = unit * _trained_epoch(network, optimizer, parts.train, settings, steering)
    if not math.isfinite(train_loss):
        raise Invalid(
            f"Training diverged in epoch {course.epoch + 1}: the loss is no longer a number. "
            "Use a smaller learning_rate.",
            field="learning_rate",
        )
    measured = _validated(network, parts.validation, unit)
    course.epoch += 1
    if measured["validation_loss"] < course.best_loss:
        course.best_loss = measured["validation_loss"]
        course.best_epoch = course.epoch
        course.best_weights = {k: v.clone() for k, v in network.state_dict().items()}
    entry = {"epoch": course.epoch, "train_loss": train_loss, **measured}
    course.history.append({**entry, "seconds": time.perf_counter() - began})
    _save(network, optimizer, course, steering)
    steering.on_progress({"stage": "train", "epochs": settings["epochs"], **course.history[-1]})


def _trained_epoch(
    network: Network,
    optimizer: torch.optim.Optimizer,
    train: TrainingData,
    settings: Settings,
    steering: Resumable,
) -> float:
    features, target = torch.from_numpy(train.features), torch.from_numpy(train.target)
    network.train()
    total = 0.0
    for chosen in _batches(len(target), settings["batch_size"]):
        steering.stop_if_asked()
        loss = loss_of(network, network.scores(features[chosen]), target[chosen])
        optimizer.zero_grad()
        (loss + _penalty(network, settings["l1"], settings["l2"])).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        total += loss.item() * len(chosen)
    return total / len(target)


@torch.no_grad()
def _validated(network: Network, held: TrainingData, unit: float) -> dict[str, float]:
    network.eval()
    scores = predict(network.scores, held.features)
    target = torch.from_numpy(held.target)
    measured = {"validation_loss": unit * loss_of(network, scores, target).item()}
    answers = predict(network, held.features)
    if network.loss == "mse":
        measured["validation_mae"] = (answers[:, 0] - target).abs().mean().item()
    else:
        measured["validation_accuracy"] = (answers.argmax(dim=1) == target).float().mean().item()
    return measured


@torch.no_grad()
def predict(function: Callable[[Tensor], Tensor], features: np.ndarray[Any, Any]) -> Tensor:
    """`function` over rows [n, ...] in pieces, so that memory does not grow with the rows."""
    rows = torch.from_numpy(features)
    starts = range(0, len(rows), ROWS_AT_ONCE)
    return torch.cat([function(rows[start : start + ROWS_AT_ONCE]) for start in starts])


def _batches(rows: int, size: int) -> list[Tensor]:
    order = torch.randperm(rows)
    batches = [order[start : start + size] for start in range(0, rows, size)]
    # Batch normalisation has no variance over one row: it joins the batch before.
    if len(batches) > 1 and len(batches[-1]) == 1:
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches


def _penalty(network: Network, l1: float, l2: float) -> Tensor:
    penalty = torch.zeros(())
    for weights in network.parameters():
        if weights.ndim > 1:  # biases and normalisation are free
            if l1:
                penalty = penalty + l1 * weights.abs().sum()
            if l2:
                penalty = penalty + l2 * weights.square().sum()
    return penalty


def _loss_unit(network: Network) -> float:
    """Squared error is reported in the target's own unit, not the standardised one."""
    return network.target_deviation.item() ** 2 if network.loss == "mse" else 1.0


def _optimizer(network: Network, settings: Settings) -> torch.optim.Optimizer:
    rate = settings["learning_rate"]
    if settings["optimizer"] == "sgd":
        return torch.optim.SGD(network.parameters(), lr=rate, momentum=settings["momentum"])
    return torch.optim.Adam(network.parameters(), lr=rate)


def _save(
    network: Network, optimizer: torch.optim.Optimizer, course: Course, steering: Resumable
) -> None:
    if steering.checkpoint_path is None:
        return
    state = {
        "network": network.state_dict(),
        "optimizer": optimizer.state_dict(),
        "random": random_states(),
        "epoch": course.epoch,
        "best_epoch": course.best_epoch,
        "best_loss": course.best_loss,
        "best_weights": course.best_weights,
        "history": course.history,
    }
    checkpoint.write(steering.checkpoint_path, steering.identity, state)


def _resumed(network: Network, optimizer: torch.optim.Optimizer, steering: Resumable) -> Course:
    path = steering.checkpoint_path
    state = checkpoint.read(path, steering.identity) if path else None
    if state is None:
        return Course()
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    restore_random_states(state["random"])
    steering.on_progress({"stage": "resume", "epoch": state["epoch"]})
    return Course(
        epoch=state["epoch"],
        best_epoch=state["best_epoch"],
        best_loss=state["best_loss"],
        best_weights=state["best_weights"],
        history=state["history"],
        resumed_from=state["epoch"],
    )
