"""What is declared of a version that this instance never runs: a vendor's, a programme, a sheet."""

from collections.abc import Mapping
from typing import Any

from common.errors import Invalid
from common.texts import as_it_is_read

SOURCE = "declared"
PARTS = ("vendor", "product", "release")
LONGEST_PART = 200


def read_declared(given: Mapping[str, Any] | None) -> dict[str, str] | None:
    """Vendor, product and release, stripped; None where nothing is declared. Raises Invalid."""
    if given is None:
        return None
    for name in sorted(set(given) - set(PARTS)):
        raise Invalid("A declaration has no such part.", field=f"declared.{name}"[:100])
    return {name: _part(given.get(name), name) for name in PARTS}


def _part(value: object, name: str) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > LONGEST_PART:
        raise Invalid(f"Say this in 1 to {LONGEST_PART} characters.", field=f"declared.{name}")
    return as_it_is_read(text, f"declared.{name}")


def lineage_of(declared: Mapping[str, str] | None, note: str) -> dict[str, str]:
    """Where an uploaded or declared version comes from, as its manifest says it."""
    if declared is None:
        return {"source": "upload", "note": note}
    return {"source": SOURCE, **declared, "note": note}
