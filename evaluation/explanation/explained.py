"""SHAP values of some rows, with what they explain."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.metrics.rows import Floats


@dataclass(frozen=True, eq=False)
class Explained:
    """`values` float64 (rows, players); `chosen` are the rows' numbers in the data set.

    `columns` says which output was explained for each row, `bases` and `outputs` are the mean
    output over the background and the output itself; all have shape (rows,).
    """

    chosen: NDArray[np.int64]
    rows: NDArray[np.generic]
    columns: NDArray[np.int64]
    values: Floats
    bases: Floats
    outputs: Floats

    @property
    def additivity_error(self) -> float:
        """The largest |base + sum of values - output|."""
        return float(np.abs(self.bases + self.values.sum(axis=1) - self.outputs).max())
