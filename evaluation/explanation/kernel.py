"""Kernel SHAP by the shap library, with its random numbers tied to a seed.

Why this explainer. Measured on two shared cores: breast-cancer rows (30 features), a neural
network through onnxruntime, 20 background rows, 100 rows explained; correlation is that with
an independent estimate from 80 antithetic permutations a row:

    KernelExplainer, l1_reg off    512 / 1024 / 2108 coalitions   0.9 / 1.5 / 3.0 s   .970 .985 .992
    PermutationExplainer           610 / 1220 evaluations         0.5 / 0.9 s         .977 .987
      and 5 s before the first row, in which numba compiles, in every new process
    own batched permutations       10 / 20                        0.2 / 0.4 s         .971 .989

A job is a new process, so the compiling costs more than the explaining. With the default
`l1_reg` shap drops features, and the correlation falls to about .85. On images, shap's Partition
explainer (7 s to compile) gives values that move with its budget (correlation .79 to .95 between
budgets, 1 between seeds, which is therefore no check) and agree with Kernel SHAP at .91.

Source: Lundberg and Lee, 2017, arXiv:1705.07874, theorem 2.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import shap

from evaluation.metrics.rows import Floats

Function = Callable[[Floats], Floats]

# At INFO shap writes its inner arrays for every row, which buries the log of the job.
logging.getLogger("shap").setLevel(logging.WARNING)


class KernelShap:
    """SHAP values of `function` against `background`.

    `function` takes float64 (n, players) and gives float64 (n,); `background` is float64
    (m, players). `budget` is the number of coalitions tried for each row.
    """

    def __init__(self, function: Function, background: Floats, *, budget: int) -> None:
        self.explainer = shap.KernelExplainer(function, background)
        self.budget = budget

    @property
    def base(self) -> float:
        """The mean output over the background."""
        return float(self.explainer.expected_value)

    def values(self, row: Floats, seed: int) -> Floats:
        """The share of each player in `row` (players,): float64 (players,).

        They sum to the output for `row` minus the base.
        """
        with seeded(seed):
            values = self.explainer.shap_values(
                row, nsamples=self.budget, l1_reg=False, silent=True
            )
        return np.asarray(values, dtype=np.float64).reshape(-1)


def is_exact(players: int, budget: int) -> bool:
    """Whether `budget` allows every coalition, so that nothing is left to chance."""
    return players <= 30 and budget >= 2**players - 2


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """NumPy's global generator, which shap draws from, set to `seed` here and restored after."""
    state = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(state)
