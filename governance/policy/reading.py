"""The document of a policy, read and written by the one table of its fields.

A field that was added later is left out of a document in which it asks nothing, so policies from
before it read byte for byte as they did.
"""

from collections.abc import Mapping
from typing import Any

from common.errors import Invalid
from governance.policy.fields import FIELDS, TYPE
from governance.policy.kinds import Field

GROUPS: dict[str, list[Field]] = {}
for _field in FIELDS:
    if "." in _field.name:
        GROUPS.setdefault(_field.name.partition(".")[0], []).append(_field)


def read_fields(document: Mapping[str, Any]) -> dict[str, Any]:
    """Every attribute of the policy that a document describes. Raises Invalid naming the field."""
    known = {field.name.partition(".")[0] for field in FIELDS} | {"type"}
    if unknown := sorted(set(document) - known):
        raise Invalid("A policy has no such field.", field=unknown[0])
    if document.get("type", TYPE) != TYPE:
        raise Invalid(f"The type is {TYPE}.", field="type")
    given = [group for group in sorted(GROUPS) if group in document or not _may_be_left_out(group)]
    for group in given:
        _check_group(document.get(group), group)
    values = {field.attribute: _read(document, field) for field in FIELDS}
    for group in given:
        if all(values[field.attribute] == field.nothing for field in GROUPS[group]):
            raise Invalid("This asks nothing; leave it out, or ask for something.", field=group)
    return values


def _may_be_left_out(group: str) -> bool:
    return all(field.optional for field in GROUPS[group])


def _check_group(value: object, group: str) -> None:
    if not isinstance(value, Mapping):
        raise Invalid("This must be an object.", field=group)
    known = {field.name.partition(".")[2] for field in GROUPS[group]}
    if unknown := sorted(set(value) - known, key=str):
        raise Invalid("There is no such field.", field=f"{group}.{unknown[0]}")


def _read(document: Mapping[str, Any], field: Field) -> Any:
    group, _dot, name = field.name.rpartition(".")
    holder = document.get(group, {}) if group else document
    if name not in holder and field.optional:
        return field.nothing
    return field.kind.read(holder.get(name), field.name)


def json_schema() -> dict[str, Any]:
    """The document as the API describes it."""
    root: dict[str, Any] = {"type": "object", "properties": {"type": {"const": TYPE}}}
    needed: set[str] = set()
    for field in FIELDS:
        group, _dot, name = field.name.rpartition(".")
        holder = root["properties"].setdefault(group, _object()) if group else root
        holder["properties"][name] = field.kind.schema() | {"description": str(field.help)}
        if not field.optional:
            needed.add(group or name)
            holder.setdefault("required", []).append(name)
    return root | {"required": sorted(needed), "additionalProperties": False}


def _object() -> dict[str, Any]:
    return {"type": "object", "properties": {}, "additionalProperties": False}


def written(values: Mapping[str, Any]) -> dict[str, Any]:
    """The document in its one form, of the attributes of a policy."""
    document: dict[str, Any] = {"type": TYPE}
    for field in FIELDS:
        value = values[field.attribute]
        if value == field.nothing and not field.always:
            continue
        group, _dot, name = field.name.rpartition(".")
        holder = document.setdefault(group, {}) if group else document
        holder[name] = field.kind.write(value)
    return document
