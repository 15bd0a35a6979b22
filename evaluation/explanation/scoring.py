"""One number per row out of a model: what SHAP explains."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.steering import Steering
from evaluation.answers import Model, checked, probabilities_of
from evaluation.metrics.rows import Floats
from runtimes.schema import Signature

ELEMENTS_AT_ONCE = 1 << 20
VALUE = 0
POSITIVE = 1


@dataclass(frozen=True)
class Scoring:
    """The model's answers for rows of its only input, with a place to stop between chunks."""

    model: Model
    signature: Signature
    steering: Steering

    def __call__(self, rows: NDArray[np.generic], column: int) -> Floats:
        """The probability of class `column`, or the value of a regression, for each row.

        `rows` (n, *row shape) of any number type; gives float64 (n,). Raises Invalid (model) for
        an answer that is not finite or not as promised, and Cancelled.
        """
        return self.table(rows)[:, column]

    def table(self, rows: NDArray[np.generic]) -> Floats:
        """All probabilities (n, classes), or the values (n, 1) of a regression, float64."""
        tensor = self.signature.inputs[0]
        at_once = max(1, ELEMENTS_AT_ONCE // max(1, int(np.prod(tensor.shape))))
        parts = []
        for start in range(0, len(rows), at_once):
            self.steering.stop_if_asked()
            chunk = np.ascontiguousarray(rows[start : start + at_once], dtype=tensor.dtype)
            parts.append(self._answer(chunk))
        return np.concatenate(parts)

    def columns(self, table: Floats) -> NDArray[np.int64]:
        """Which column is explained for each row (n,): see `explained`."""
        if self.signature.task == "multiclass":
            predicted: NDArray[np.int64] = table.argmax(axis=1)
            return predicted
        column = POSITIVE if self.signature.task == "binary" else VALUE
        return np.full(len(table), column, dtype=np.int64)

    def explained(self) -> str:
        """What the explained number is, for people."""
        if self.signature.task == "regression":
            return "the predicted value"
        if self.signature.task == "binary":
            return f"the probability of {(self.signature.classes or ())[POSITIVE]}"
        return "the probability of the class that the model predicts for the row"

    def _answer(self, chunk: NDArray[np.generic]) -> Floats:
        outputs = self.model.run({self.signature.inputs[0].name: chunk})
        answer = checked(outputs.get(self.signature.answer().name), len(chunk), self.signature)
        if self.signature.task == "regression":
            return answer.reshape(-1, 1).astype(np.float64)
        return probabilities_of(answer).astype(np.float64)
