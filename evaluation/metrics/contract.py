"""What a metric is. A new one is a file with a `Metric` and a line in `catalogue`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from evaluation.metrics.rows import Floats, Rows, Task

Direction = Literal["higher", "lower"]

CLASSIFICATION: frozenset[Task] = frozenset({"binary", "multiclass"})
BINARY: frozenset[Task] = frozenset({"binary"})
REGRESSION: frozenset[Task] = frozenset({"regression"})


def always_defined(rows: Rows) -> str | None:
    """For metrics that have a value for any non-empty rows."""
    return None


@dataclass(frozen=True)
class Metric:
    """A number about a model on labelled rows.

    `measure` gives float64 of shape (R,), one value for each set of weights, NaN where that
    resample has no value. `undefined` says why the rows themselves have no value, or None.
    `direction` is the better one. `definition` is one sentence for people.
    """

    name: str
    title: str
    direction: Direction
    tasks: frozenset[Task]
    definition: str
    measure: Callable[[Rows], Floats]
    undefined: Callable[[Rows], str | None] = always_defined
    needs_probabilities: bool = False

    def why_not(self, rows: Rows) -> str | None:
        """The reason why this metric cannot be measured on these rows, or None."""
        if self.needs_probabilities and rows.probabilities is None:
            return "The model gives labels without probabilities."
        return self.undefined(rows)
