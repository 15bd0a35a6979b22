"""What a source finds: a value with its proof, or with whoever declared it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Cell = str | int | float | bool | None
MEASURED, DECLARED, MISSING = "measured", "declared", "missing"


@dataclass(frozen=True)
class Table:
    """Rows under named columns; cells are plain JSON values. `left_out` rows are not shown."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    left_out: int = 0

    def as_value(self) -> dict[str, Any]:
        """The table as it stands in a pack."""
        return {
            "columns": list(self.columns),
            "rows": [list(row) for row in self.rows],
            "left_out": self.left_out,
        }


Value = str | int | float | bool | Table


@dataclass(frozen=True)
class Found:
    """A value. `evidence` are digests of what it was read from; `by` and `at` who declared it.

    Of what is missing the value is the reason, where there is one to tell.
    """

    status: str
    value: Value
    evidence: tuple[str, ...] = ()
    by: str | None = None
    at: datetime | None = None


def measured(value: Value, *evidence: str) -> Found:
    """What a program recorded or computed, with the digests of its records."""
    return Found(MEASURED, value, tuple(dict.fromkeys(evidence)))


def declared(value: Value, *, by: str, at: datetime, evidence: str = "") -> Found:
    """What a person says."""
    return Found(DECLARED, value, (evidence,) if evidence else (), by, at)


def lacking(why: str) -> Found:
    """What is missing, with the reason."""
    return Found(MISSING, why)
