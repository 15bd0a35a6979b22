"""Which version was made from which: the family tree of a model."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from registry.models import ModelVersion
from web.vocabulary import state_of


@dataclass
class Node:
    """A version with what was derived from it."""

    version: ModelVersion
    state: str
    made_by: str
    children: list["Node"] = field(default_factory=list)


def tree_of(versions: Iterable[ModelVersion]) -> list[Node]:
    """The roots, oldest first; a version whose parent is not given is a root."""
    rows = sorted(versions, key=lambda row: row.number)
    known = {row.pk for row in rows}
    below: dict[UUID | None, list[ModelVersion]] = defaultdict(list)
    for row in rows:
        below[row.parent_id if row.parent_id in known else None].append(row)
    return [_node(row, below) for row in below[None]]


def _node(row: ModelVersion, below: dict[UUID | None, list[ModelVersion]]) -> Node:
    return Node(row, state_of(row), made_by(row), [_node(child, below) for child in below[row.pk]])


def made_by(version: ModelVersion) -> str:
    """The recipe or method in a word, else the kind."""
    return str(version.lineage.get("recipe") or version.lineage.get("method") or version.kind)
