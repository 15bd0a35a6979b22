"""Kinds of a policy's fields: how a value is read, written, described and compared.

`stricter` says of two values whether the second asks for more: 1, less: -1, or neither: 0. A
value that asks nothing is the least strict one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.functional import Promise

from common.errors import Invalid

Strict = Literal["more", "less", "no"]
LONGEST_TEXT = 100
Items = dict[str, Any]


def _sign(before: Any, after: Any) -> int:
    return int(after > before) - int(after < before)


@dataclass(frozen=True)
class Whole:
    """A whole number; `strict` says which way is stricter."""

    low: int
    high: int
    strict: Strict = "less"

    def read(self, value: object, field: str) -> int:
        """Raises Invalid."""
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if not is_whole or not self.low <= value <= self.high:  # type: ignore[operator]
            why = f"This must be a whole number from {self.low} to {self.high}."
            raise Invalid(why, field=field)
        return int(value)  # type: ignore[call-overload, no-any-return]

    def write(self, value: int) -> int:
        """As it stands in the document."""
        return value

    def schema(self) -> dict[str, Any]:
        """In the API's document."""
        return {"type": "integer", "minimum": self.low, "maximum": self.high}

    def stricter(self, before: int | None, after: int | None) -> int:
        """Without a value nothing is asked."""
        if before is None or after is None:
            return (after is not None) - (before is not None)
        return _sign(before, after) * (1 if self.strict == "more" else -1)


@dataclass(frozen=True)
class Number:
    """A number that is finite; above `low` where `is_open`, else at least that."""

    low: float
    high: float
    strict: Strict = "less"
    is_open: bool = False

    def read(self, value: object, field: str) -> float:
        """Raises Invalid."""
        ok = isinstance(value, int | float) and not isinstance(value, bool)
        if not ok or not self.low <= value <= self.high:  # type: ignore[operator]
            ok = False
        if not ok or (self.is_open and value == self.low):
            above = "above" if self.is_open else "from"
            raise Invalid(
                f"This must be a number {above} {self.low:g} to {self.high:g}.", field=field
            )
        return float(value)  # type: ignore[arg-type]

    def write(self, value: float) -> float:
        """As it stands in the document."""
        return value

    def schema(self) -> dict[str, Any]:
        """In the API's document."""
        low = "exclusiveMinimum" if self.is_open else "minimum"
        return {"type": "number", low: self.low, "maximum": self.high}

    def stricter(self, before: float | None, after: float | None) -> int:
        """Without a value nothing is asked."""
        if before is None or after is None:
            return (after is not None) - (before is not None)
        return _sign(before, after) * (1 if self.strict == "more" else -1)


@dataclass(frozen=True)
class Truth:
    """True asks for it."""

    def read(self, value: object, field: str) -> bool:
        """Raises Invalid."""
        if not isinstance(value, bool):
            raise Invalid("This must be true or false.", field=field)
        return value

    def write(self, value: bool) -> bool:
        """As it stands in the document."""
        return value

    def schema(self) -> dict[str, Any]:
        """In the API's document."""
        return {"type": "boolean", "default": False}

    def stricter(self, before: bool, after: bool) -> int:
        """True is stricter."""
        return _sign(before, after)


@dataclass(frozen=True)
class Choice:
    """One of some names, from the least to the most strict; empty asks nothing."""

    names: tuple[str, ...]

    def read(self, value: object, field: str) -> str:
        """Raises Invalid."""
        if value not in self.names or not isinstance(value, str):
            raise Invalid(f"This must be one of {', '.join(self.names)}.", field=field)
        return value

    def write(self, value: str) -> str:
        """As it stands in the document."""
        return value

    def schema(self) -> dict[str, Any]:
        """In the API's document."""
        return {"type": "string", "enum": list(self.names)}

    def stricter(self, before: str, after: str) -> int:
        """By the order of the names."""
        order = ("", *self.names)
        return _sign(order.index(before), order.index(after))


@dataclass(frozen=True)
class Names:
    """Some of a list of names, each once; `strict` says whether more of them or fewer ask more."""

    allowed: tuple[str, ...]
    strict: Strict
    least: str = ""
    refused: Mapping[str, str] | None = None

    def read(self, value: object, field: str) -> tuple[str, ...]:
        """Raises Invalid; `least` is the sentence for an empty list, `refused` those for a name."""
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise Invalid("This must be a list of names.", field=field)
        for item in value:
            if self.refused and item in self.refused:
                raise Invalid(self.refused[item], field=field)
            if item not in self.allowed:
                raise Invalid(f"{item!r} is none of {', '.join(self.allowed)}.", field=field)
        if self.least and not value:
            raise Invalid(self.least, field=field)
        return tuple(dict.fromkeys(value))

    def write(self, value: tuple[str, ...]) -> list[str]:
        """As it stands in the document."""
        return list(value)

    def schema(self) -> dict[str, Any]:
        """In the API's document."""
        return {"type": "array", "items": {"type": "string", "enum": list(self.allowed)}}

    def stricter(self, before: tuple[str, ...], after: tuple[str, ...]) -> int:
        """By which of them holds the other; something of both is less strict."""
        more, fewer = set(after) - set(before), set(before) - set(after)
        gained, lost = (more, fewer) if self.strict == "more" else (fewer, more)
        return -1 if lost else 1 if gained else 0


@dataclass(frozen=True)
class Texts:
    """A list of texts of which one must be met; empty asks nothing."""

    most: int

    def read(self, value: object, field: str) -> tuple[str, ...]:
        """Raises Invalid."""
        if not isinstance(value, list):
            raise Invalid("This must be a list of texts.", field=field)
        if len(value) > self.most:
            raise Invalid(f"There are at most {self.most}.", field=field)
        for place, item in enumerate(value):
            if not isinstance(item, str) or not item.strip() or len(item) > LONGEST_TEXT:
                why = f"This must be a text of 1 to {LONGEST_TEXT} characters."
                raise Invalid(why, field=f"{field}[{place}]")
            if not item.isprintable():
                raise Invalid("This holds a character that is no text.", field=f"{field}[{place}]")
        return tuple(dict.fromkeys(item.strip() for item in value))

    def write(self, value: tuple[str, ...]) -> list[str]:
        """As it stands in the document."""
        return list(value)

    def schema(self) -> dict[str, Any]:
        """In the API's document."""
        text = {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT}
        return {"type": "array", "maxItems": self.most, "items": text}

    def stricter(self, before: tuple[str, ...], after: tuple[str, ...]) -> int:
        """A shorter list is stricter, but none at all allows everything."""
        if not before or not after:
            return bool(after) - bool(before)
        return -1 if set(after) - set(before) else 1 if set(before) - set(after) else 0


@dataclass(frozen=True)
class Column:
    """A part of a row: a name, its kind, and the value where it is left out (None: required)."""

    name: str
    kind: "Number | Whole | Choice | Texts"
    default: Any = None


@dataclass(frozen=True)
class Rows:
    """A list of limits, each read by `reader`; `key` names what a row is about.

    `tighter` says of two rows of one key what `stricter` says of values.
    """

    columns: tuple[Column, ...]
    reader: Callable[[object, str], tuple[Any, ...]]
    key: Callable[[Any], str]
    tighter: Callable[[Any, Any], int]
    most: int

    def read(self, value: object, field: str) -> tuple[Any, ...]:
        """Raises Invalid."""
        return self.reader(value, field)

    def write(self, value: Sequence[Any]) -> list[dict[str, Any]]:
        """As it stands in the document."""
        return [row.as_dict() for row in value]

    def schema(self) -> dict[str, Any]:
        """In the API's document."""
        parts = {column.name: column.kind.schema() for column in self.columns}
        for column in self.columns:
            if column.default is not None:
                parts[column.name]["default"] = column.default
        needed = [column.name for column in self.columns if column.default is None]
        row = {"type": "object", "properties": parts, "required": needed}
        return {"type": "array", "maxItems": self.most, "items": row}

    def items(self, value: Sequence[Any]) -> Items:
        """Each row by what it is about; further rows about the same are numbered."""
        found: Items = {}
        for row in value:
            name = self.key(row)
            again = sum(known.partition(" #")[0] == name for known in found)
            found[f"{name} #{again + 1}" if again else name] = row
        return found

    def stricter(self, before: Sequence[Any], after: Sequence[Any]) -> int:
        """Less strict as soon as one of the rows is."""
        effects = [effect for _key, _old, _new, effect in self.changes(before, after)]
        return -1 if -1 in effects else 1 if 1 in effects else 0

    def changes(
        self, before: Sequence[Any], after: Sequence[Any]
    ) -> Iterator[tuple[str, Any, Any, int]]:
        """(key, before, after, effect) of every row that differs; None where there is no row."""
        old, new = self.items(before), self.items(after)
        for key in dict.fromkeys([*old, *new]):
            one, other = old.get(key), new.get(key)
            if one != other:
                pair = one is not None and other is not None
                effect = self.tighter(one, other) if pair else 1 if one is None else -1
                yield key, one, other, effect


Kind = Whole | Number | Truth | Choice | Names | Texts | Rows


@dataclass(frozen=True)
class Field:
    """A part of a policy: its place in the document, its name in `Policy`, and its kind.

    `nothing` is the value that asks nothing; with `always` it is written all the same, and
    without `optional` the field must be there.
    """

    name: str
    attribute: str
    kind: Kind
    title: str | Promise
    help: str | Promise
    nothing: Any = None
    optional: bool = True
    always: bool = False
