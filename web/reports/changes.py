"""What differs between two versions: recorded facts of lineage, schema and files, side by side."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from registry.models import ModelVersion


@dataclass(frozen=True)
class Change:
    """One recorded field with its text in the older and the newer version, empty where absent."""

    field: str
    old: str
    new: str

    @property
    def differs(self) -> bool:
        """Whether the two versions say different things."""
        return self.old != self.new


def changes_between(old: ModelVersion, new: ModelVersion) -> list[Change]:
    """Every recorded field of the two versions, those that differ first, each in its own order."""
    before, after = dict(_facts(old)), dict(_facts(new))
    rows = [
        Change(name, before.get(name, ""), after.get(name, ""))
        for name in dict.fromkeys([*after, *before])
    ]
    return sorted(rows, key=lambda row: not row.differs)


def _facts(version: ModelVersion) -> Iterator[tuple[str, str]]:
    yield _("Made by"), version.kind
    lineage = {name: value for name, value in version.lineage.items() if name != "run"}
    yield from _flat(lineage, "")
    signature = version.signature or {}
    yield _("Task"), str(signature.get("task", ""))
    yield _("Classes"), ", ".join(signature.get("classes") or [])
    for part in ("inputs", "outputs"):
        for tensor in signature.get(part) or []:
            shape = " × ".join(str(side) for side in tensor["shape"])
            yield f"{part}.{tensor['name']}", f"{tensor['dtype']} [{shape}]"
    yield _("Size of the files"), str(sum(file.size for file in version.artifacts.all()))


def _flat(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """Nested values as "a.b" with their text."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        yield name, ", ".join(str(item) for item in value)
    else:
        yield name, "" if value is None else str(value)
