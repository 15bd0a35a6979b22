"""SHAP for small images: the players are the fields of a grid, at most 8 by 8.

A field outside the coalition shows the mean image of the background. Up to 8 x 8 pixels
each field is one pixel, all channels together.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from evaluation.explanation.kernel import KernelShap
from evaluation.explanation.scoring import ELEMENTS_AT_ONCE, Scoring
from evaluation.metrics.rows import Floats

MAX_FIELDS = 8


@dataclass(frozen=True)
class Grid:
    """Fields of nearly equal size over an image of `height` x `width` pixels."""

    height: int
    width: int

    @property
    def rows(self) -> int:
        return min(MAX_FIELDS, self.height)

    @property
    def columns(self) -> int:
        return min(MAX_FIELDS, self.width)

    @property
    def names(self) -> tuple[str, ...]:
        """ "row,column" of each field, counted from 0."""
        return tuple(
            f"{row},{column}" for row in range(self.rows) for column in range(self.columns)
        )

    @cached_property
    def field_of_pixel(self) -> NDArray[np.int64]:
        """The number of the field that holds each pixel: int64 (height, width)."""
        row = np.arange(self.height) * self.rows // self.height
        column = np.arange(self.width) * self.columns // self.width
        return row[:, None] * self.columns + column[None, :]


class Image:
    """`background` float64 (channels, height, width) is what a hidden field shows."""

    def __init__(self, scoring: Scoring, background: Floats, *, budget: int) -> None:
        self.scoring = scoring
        self.background = background
        self.grid = Grid(*background.shape[1:])
        self.names = self.grid.names
        self.budget = budget

    def values(self, row: NDArray[np.generic], column: int, seed: int) -> tuple[Floats, float]:
        """SHAP values (fields,) of the image `row` and the base value, for output `column`."""
        image = row.astype(np.float64)

        def masked_score(masks: Floats) -> Floats:
            # In parts, since all masked copies of one large image would not fit in memory.
            at_once = max(1, ELEMENTS_AT_ONCE // image.size)
            parts = range(0, len(masks), at_once)
            return np.concatenate(
                [self._score(image, masks[at : at + at_once], column) for at in parts]
            )

        nothing, everything = np.zeros((1, len(self.names))), np.ones(len(self.names))
        explainer = KernelShap(masked_score, nothing, budget=self.budget)
        return explainer.values(everything, seed), explainer.base

    def _score(self, image: Floats, masks: Floats, column: int) -> Floats:
        shown = (masks > 0)[:, self.grid.field_of_pixel]
        return self.scoring(np.where(shown[:, None], image, self.background), column)


def default_budget(fields: int) -> int:
    """Coalitions for each image; they are cheap, since one hidden image stands for all."""
    return 64 * fields + 512
