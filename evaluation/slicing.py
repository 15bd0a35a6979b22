"""Slices of the rows: which feature cuts them, and where; asked for explicitly, few in number."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common.errors import Invalid
from registry.models import DatasetSnapshot

MOST_SLICINGS = 5
MOST_PARTS = 20
LEAST_ROWS = 30
HOWS = ("categories", "ranges", "quantiles")
_LONGEST_NAME = 200


@dataclass(frozen=True)
class Slicing:
    """A feature and how it cuts the rows: by `how` one of `HOWS`, at `values`.

    Categories are single values, all other rows being one more slice; ranges are edges, each slice
    holding its lower edge; quantiles is one number, into how many equal shares.
    """

    column: str
    how: str
    values: tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        """The slicing as it stands in requests, plans and reports."""
        said = int(self.values[0]) if self.how == "quantiles" else list(self.values)
        return {"column": self.column, self.how: said}


def read_slicings(value: object, field: str) -> tuple[Slicing, ...]:
    """What was asked for. Raises Invalid naming the part of `field` at fault."""
    if not isinstance(value, list | tuple):
        raise Invalid("This must be a list.", field=field)
    if len(value) > MOST_SLICINGS:
        raise Invalid(f"Rows are sliced in at most {MOST_SLICINGS} ways.", field=field)
    found: list[Slicing] = []
    for place, item in enumerate(value):
        slicing = _slicing(item, f"{field}[{place}]")
        if any(other.column == slicing.column for other in found):
            raise Invalid("This feature slices already.", field=f"{field}[{place}].column")
        found.append(slicing)
    return tuple(found)


def _slicing(item: object, field: str) -> Slicing:
    if not isinstance(item, Mapping):
        raise Invalid("This must be an object.", field=field)
    if unknown := sorted(set(item) - {"column", *HOWS}, key=str):
        raise Invalid("There is no such field.", field=f"{field}.{unknown[0]}")
    column = item.get("column")
    if not isinstance(column, str) or not 1 <= len(column) <= _LONGEST_NAME:
        raise Invalid("Name a feature of the snapshot.", field=f"{field}.column")
    hows = [how for how in HOWS if how in item]
    if len(hows) != 1:
        raise Invalid(f"Say one of {', '.join(HOWS)}.", field=field)
    how = hows[0]
    return Slicing(column, how, _values(item[how], how, f"{field}.{how}"))


def _values(value: object, how: str, field: str) -> tuple[float, ...]:
    if how == "quantiles":
        if isinstance(value, bool) or not isinstance(value, int) or not 2 <= value <= MOST_PARTS:
            raise Invalid(f"This must be a whole number from 2 to {MOST_PARTS}.", field=field)
        return (float(value),)
    most = MOST_PARTS - 1
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= most:
        raise Invalid(f"This must be a list of 1 to {most} numbers.", field=field)
    for number in value:
        is_number = isinstance(number, int | float) and not isinstance(number, bool)
        if not is_number or not math.isfinite(number) or abs(number) > 1e30:
            raise Invalid("This must be a list of numbers.", field=field)
    numbers = tuple(float(number) for number in value)
    if list(numbers) != sorted(set(numbers)):
        raise Invalid("The numbers must rise, each once.", field=field)
    return numbers


def check_columns(slicings: Sequence[Slicing], dataset: DatasetSnapshot, field: str) -> None:
    """Raises Invalid unless every column is a feature of the snapshot."""
    known = dataset.schema.get("feature_names") or []
    for place, slicing in enumerate(slicings):
        if slicing.column not in known:
            named = ", ".join(known[:10]) if known else "it has no named features"
            why = f"The snapshot has no such feature: {named}."
            raise Invalid(why, field=f"{field}[{place}].column")
