"""How long two models take, measured so that a busy machine does not decide the answer."""

import time
from typing import Any

import numpy as np
import onnxruntime

from training.engine.data import Floats
from training.engine.onnx_session import session

BATCHES = (1, 64)
RUNS_PER_SAMPLE = 5
MOST_SAMPLES = 300
FEWEST_SAMPLES = 15
SECONDS_PER_BATCH = 2.0
# Repeated measurements of one and the same file differ by about this factor.
NOISE = (0.8, 1.25)


def compared(parent: bytes, child: bytes, rows: Floats) -> list[dict[str, Any]]:
    """Per batch size: median seconds of parent and child, `speedup` and what it means.

    Seconds are CPU time of the calling thread per call, onnxruntime with one thread. Samples
    of the two alternate, so that a change of the machine meets both. `speedup` is parent over
    child: above 1 the child is faster; between 0.8 and 1.25 it is "no clear change".
    """
    opened = (session(parent), session(child))
    return [_one_batch(opened, np.resize(rows, (size, *rows.shape[1:]))) for size in BATCHES]


def meaning(speedup: float) -> str:
    slower, faster = NOISE
    if speedup < slower:
        return "slower"
    return "faster" if speedup > faster else "no clear change"


def _one_batch(
    opened: tuple[onnxruntime.InferenceSession, onnxruntime.InferenceSession], rows: Floats
) -> dict[str, Any]:
    samples: tuple[list[float], list[float]] = ([], [])
    for which in (0, 1):
        _sample(opened[which], rows)  # the first runs allocate memory
    until = time.monotonic() + SECONDS_PER_BATCH
    while len(samples[0]) < MOST_SAMPLES:
        order = (0, 1) if len(samples[0]) % 2 == 0 else (1, 0)
        for which in order:
            samples[which].append(_sample(opened[which], rows))
        if time.monotonic() > until and len(samples[0]) >= FEWEST_SAMPLES:
            break
    parent_s, child_s = (float(np.median(values)) for values in samples)
    speedup = parent_s / child_s
    return {
        "batch": len(rows),
        "parent_s": parent_s,
        "child_s": child_s,
        "speedup": speedup,
        "meaning": meaning(speedup),
        "samples": len(samples[0]),
    }


def _sample(opened: onnxruntime.InferenceSession, rows: Floats) -> float:
    feed = {opened.get_inputs()[0].name: rows}
    began = time.thread_time()
    for _ in range(RUNS_PER_SAMPLE):
        opened.run(None, feed)
    return (time.thread_time() - began) / RUNS_PER_SAMPLE
