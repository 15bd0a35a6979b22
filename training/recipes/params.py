"""The declarative parameters of recipes and compressions: one table makes form, API and check.

Knows no torch and no Django, so that any process may read it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from common.errors import Invalid

Kind = Literal["int", "float", "choice", "bool", "list[int]"]
Settings = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter. `min` and `max` are inclusive; for a list they bound each item."""

    name: str
    kind: Kind
    default: int | float | str | bool | tuple[int, ...]
    help: str
    min: float | None = None
    max: float | None = None
    choices: tuple[str, ...] = ()
    max_items: int = 8

    def checked(self, value: object) -> int | float | str | bool | list[int]:
        """The value in its JSON type; raises Invalid that names `params.` and this parameter."""
        if self.kind == "list[int]":
            return self._checked_list(value)
        if self.kind == "choice":
            if not isinstance(value, str) or value not in self.choices:
                raise self._refusal(f"must be one of {', '.join(self.choices)}")
            return value
        if self.kind == "bool":
            if not isinstance(value, bool):
                raise self._refusal("must be true or false")
            return value
        return self._checked_number(value, self.kind)

    def initial(self) -> int | float | str | bool | list[int]:
        """The default as a JSON value."""
        return list(self.default) if isinstance(self.default, tuple) else self.default

    def _checked_list(self, value: object) -> list[int]:
        if not isinstance(value, list | tuple):
            raise self._refusal("must be a list of whole numbers")
        if len(value) > self.max_items:
            raise self._refusal(f"must have at most {self.max_items} items")
        return [int(self._checked_number(item, "int")) for item in value]

    def _checked_number(self, value: object, kind: str) -> int | float:
        # bool is an int in Python; a form that sends true for a width is a mistake.
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._refusal("must be a number")
        if kind == "int" and not isinstance(value, int):
            raise self._refusal("must be a whole number")
        if isinstance(value, float) and not math.isfinite(value):
            raise self._refusal("must be a finite number")
        if self.min is not None and value < self.min:
            raise self._refusal(f"must be at least {self.min:g}")
        if self.max is not None and value > self.max:
            raise self._refusal(f"must be at most {self.max:g}")
        return value if kind == "int" else float(value)

    def _refusal(self, sentence: str) -> Invalid:
        return Invalid(f"{self.name} {sentence}.", field=f"params.{self.name}")


def validated(params: Sequence[Param], raw: object) -> Settings:
    """`raw` checked against the table, with defaults for what is absent.

    Raises Invalid that names the place, such as `params.hidden`: of a wrong type, out of bounds, or
    unknown.
    """
    if not isinstance(raw, Mapping):
        raise Invalid("The parameters must be an object of name and value.", field="params")
    known = {param.name for param in params}
    for name in raw:
        if name not in known:
            raise Invalid(f"There is no parameter {name!r}.", field=f"params.{name}")
    return {
        param.name: param.checked(raw[param.name]) if param.name in raw else param.initial()
        for param in params
    }
