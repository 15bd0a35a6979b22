"""How long a model takes on this machine."""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from common.steering import Steering
from evaluation.answers import Model
from evaluation.features import Array

BATCHES = (1, 64)
WARM_UP_CALLS = 3
LEAST_CALLS = 5
MOST_CALLS = 200
SECONDS_EACH = 1.0


def latency(model: Model, inputs: Mapping[str, Array], steering: Steering) -> list[dict[str, Any]]:
    """One entry for batches of 1 and 64 rows: milliseconds per call, median and 95th percentile.

    `cpu_ms` is the time of the calling thread, which holds the whole work of a model opened
    with one thread; `wall_ms` is on a machine that may be busy with other work. Calls are made
    for one second or 200 times, rows repeat if there are fewer than 64. Raises Cancelled.
    """
    entries = []
    for done, batch in enumerate(BATCHES):
        steering.step("latency", done, len(BATCHES))
        chunk = {name: _rows(array, batch) for name, array in inputs.items()}
        entries.append(_time(model, chunk, batch))
    return entries


def _rows(array: Array, batch: int) -> Array:
    return np.ascontiguousarray(array[np.arange(batch) % len(array)])


def _time(model: Model, chunk: dict[str, Array], batch: int) -> dict[str, Any]:
    for _ in range(WARM_UP_CALLS):
        model.run(chunk)
    cpu: list[float] = []
    wall: list[float] = []
    began = time.perf_counter()
    while len(wall) < MOST_CALLS:
        thread_start, start = time.thread_time(), time.perf_counter()
        model.run(chunk)
        cpu.append(time.thread_time() - thread_start)
        wall.append(time.perf_counter() - start)
        if len(wall) >= LEAST_CALLS and time.perf_counter() - began > SECONDS_EACH:
            break
    return {
        "batch": batch,
        "calls": len(wall),
        "cpu_ms": _summary(cpu),
        "wall_ms": _summary(wall),
    }


def _summary(seconds: list[float]) -> dict[str, float]:
    median, p95 = np.percentile(seconds, [50, 95]) * 1000
    return {"median": round(float(median), 6), "p95": round(float(p95), 6)}
