"""Whether the rows that a report was made on are still there."""

from typing import Any

from registry.selectors import tombstone_of


def with_deletion(view: dict[str, Any]) -> dict[str, Any]:
    """A report's part of a page, with the tombstone of its rows if they were deleted."""
    return view | {"rows_deleted": tombstone_of(str(view["dataset"].get("digest", "")))}
