"""Which version was made from which: the family tree of a model."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from registry.models import ModelVersion
from web.vocabulary import state_of
from web.words import word


@dataclass
class Node:
    """A version with what was derived from it."""

    version: ModelVersion
    state: str
    made_by: str
    children: list["Node"] = field(default_factory=list)


def tree_of(versions: Iterable[ModelVersion], answering: Mapping[UUID, str]) -> list[Node]:
    """The roots, oldest first; a version whose parent is not given is a root."""
    rows = sorted(versions, key=lambda row: row.number)
    known = {row.pk for row in rows}
    below: dict[UUID | None, list[ModelVersion]] = defaultdict(list)
    for row in rows:
        below[row.parent_id if row.parent_id in known else None].append(row)

    def node(row: ModelVersion) -> Node:
        children = [node(child) for child in below[row.pk]]
        return Node(row, state_of(row, answering), made_by(row), children)

    return [node(row) for row in below[None]]


def made_by(version: ModelVersion) -> str:
    """The recipe or method in a word, else the kind."""
    how = version.lineage.get("recipe") or version.lineage.get("method") or version.kind
    return word(how, "made")
