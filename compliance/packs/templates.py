"""Templates of packs: what a rule asks, and where each answer comes from. Files of data, no code.

A file of the folder beside this one is a template. Whoever corrects one needs no program: the next
pack names the new digest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from compliance.packs.sources import MODEL, REGISTER, SOURCES, VERSION
from registry.cards import FIELDS

FOLDER = Path(__file__).parent / "templates"
OWNERS = {
    "contributor": "contributors of {team}",
    "manager": "managers of {team}",
    "compliance": "compliance of {team}",
    "provider": "the provider's management, outside this registry",
    "deployer": "whoever uses the model, outside this registry",
    "vendor": "the vendor, outside this registry",
}
"""Who can fill a field, as a template names them; `{team}` is the owner team."""
_TEMPLATE = {"title", "about", "source", "sections"}
_ORIGIN = {"citation", "was_reread", "note"}
_SECTION = {"title", "cite", "asks", "fields", "each"}
_FIELD = {"name", "label", "asks", "cite", "owner", "source", "card"}


class BadTemplate(ValueError):
    """A file that is no template; the sentence names the place."""


@dataclass(frozen=True)
class Field:
    """One answer: from a named source, from a field of the card, or from nowhere yet."""

    name: str
    label: str
    asks: str
    cite: str
    owner: str
    source: str = ""
    card: str = ""


@dataclass(frozen=True)
class Section:
    """Answers that belong together, and what the rule asks there, in other words.

    `each` is `model` where a pack about the register repeats them for every model.
    """

    title: str
    cite: str
    asks: str
    fields: tuple[Field, ...]
    each: str = ""


@dataclass(frozen=True)
class Template:
    """A pack's plan. `was_reread` says whether its text was compared with the source."""

    name: str
    title: str
    about: str
    citation: str
    was_reread: bool
    note: str
    sections: tuple[Section, ...]
    digest: str


class _Strict(yaml.SafeLoader):
    """Refuses a key that stands twice: the second would win silently."""


def _unique(loader: _Strict, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key) for key, _ in node.value]
    if len(keys) != len(set(keys)):
        raise BadTemplate(f"a key stands twice, line {node.start_mark.line + 1}")
    return {
        key: loader.construct_object(value, deep=True)
        for key, (_, value) in zip(keys, node.value, strict=True)
    }


_Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _unique)


@cache
def templates() -> Mapping[str, Template]:
    """All templates by name, in the order of their titles. Raises BadTemplate."""
    found = [read_template(path.stem, path.read_bytes()) for path in FOLDER.glob("*.yaml")]
    return {template.name: template for template in sorted(found, key=lambda one: one.title)}


def read_template(name: str, body: bytes) -> Template:
    """The template of a file. Raises BadTemplate, which names the place at fault."""
    try:
        document = yaml.load(body.decode(), Loader=_Strict)  # noqa: S506 (a safe loader)
        origin = _part(document, _TEMPLATE, name)["source"]
        _part(origin, _ORIGIN, f"{name}: source")
        about = document["about"]
        if about not in SOURCES:
            raise BadTemplate(f"{name}: about is one of {', '.join(SOURCES)}")
        sections = tuple(_section(part, name, about) for part in document["sections"])
    except (yaml.YAMLError, UnicodeDecodeError, TypeError) as error:
        raise BadTemplate(f"{name}: {error}") from None
    names = [field.name for section in sections for field in section.fields]
    if len(names) != len(set(names)):
        raise BadTemplate(f"{name}: two fields have one name")
    if not isinstance(origin["was_reread"], bool):
        raise BadTemplate(f"{name}: source.was_reread is true or false")
    return Template(
        name=name,
        title=_text(document["title"], f"{name}: title"),
        about=about,
        citation=_text(origin["citation"], f"{name}: source.citation"),
        was_reread=origin["was_reread"],
        note=_text(origin["note"], f"{name}: source.note"),
        sections=sections,
        digest=sha256(body).hexdigest(),
    )


def _section(part: Any, name: str, about: str) -> Section:
    given = _part(part, _SECTION, f"{name}: a section", optional={"each"})
    where = f"{name}: {given['title']}"
    each = given.get("each", "")
    if each and (each, about) != (MODEL, REGISTER):
        raise BadTemplate(f"{where}: each is model, in templates about the register")
    fields = tuple(_field(entry, given, where, each or about) for entry in given["fields"])
    if not fields:
        raise BadTemplate(f"{where}: a section has fields")
    return Section(given["title"], given["cite"], given["asks"], fields, each)


def _field(part: Any, section: Mapping[str, Any], where: str, about: str) -> Field:
    given = _part(part, _FIELD, where, optional={"source", "card", "cite", "asks"})
    place = f"{where}: {given['name']}"
    source, card = given.get("source", ""), given.get("card", "")
    if source and card:
        raise BadTemplate(f"{place}: either a source or a field of the card")
    if source and source not in SOURCES[about]:
        raise BadTemplate(f"{place}: there is no source {source!r} about a {about}")
    if card and about != VERSION:
        raise BadTemplate(f"{place}: only versions have a card")
    if card and card not in FIELDS:
        raise BadTemplate(f"{place}: the card has no field {card!r}")
    if given["owner"] not in OWNERS:
        raise BadTemplate(f"{place}: the owner is one of {', '.join(OWNERS)}")
    return Field(
        name=_text(given["name"], place),
        label=_text(given["label"], place),
        asks=_text(given.get("asks", section["asks"]), place),
        cite=_text(given.get("cite", section["cite"]), place),
        owner=given["owner"],
        source=source,
        card=card,
    )


def _part(
    value: Any, keys: set[str], where: str, optional: set[str] | None = None
) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadTemplate(f"{where}: this must be a mapping")
    unknown, missing = set(value) - keys, keys - set(value) - (optional or set())
    for what, names in (("unknown", unknown), ("missing", missing)):
        if names:
            raise BadTemplate(f"{where}: {sorted(map(str, names))[0]} is {what}")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadTemplate(f"{where}: this must be a text")
    return " ".join(value.split())
