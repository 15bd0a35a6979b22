"""One seed, one thread, deterministic kernels: the same run gives the same bits."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

THREADS = 1


@contextmanager
def deterministic(seed: int) -> Iterator[None]:
    """Seed torch, numpy and python and run single-threaded; restores torch's switches after.

    More threads would add floating-point sums in another order on another machine.
    """
    threads = torch.get_num_threads()
    strict = torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(strict)
        torch.set_num_threads(threads)


def random_states() -> dict[str, Any]:
    """The states of all three generators, of types that a safe unpickler reads."""
    name, keys, position, has_gauss, gauss = np.random.get_state(legacy=True)
    return {
        "torch": torch.get_rng_state(),
        "numpy": [str(name), [int(key) for key in keys], position, has_gauss, gauss],
        "python": list(random.getstate()),
    }


def restore_random_states(states: dict[str, Any]) -> None:
    torch.set_rng_state(states["torch"])
    name, keys, position, has_gauss, gauss = states["numpy"]
    np.random.set_state((name, np.array(keys, dtype=np.uint32), position, has_gauss, gauss))
    version, internal, gauss_next = states["python"]
    random.setstate((version, tuple(internal), gauss_next))
