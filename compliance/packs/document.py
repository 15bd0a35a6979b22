"""The pack as a document: gaps first, then every field with its proof, its speaker or its owner."""

from collections.abc import Iterator, Mapping
from typing import Any

from compliance.packs import words
from compliance.packs.covered import Covered
from compliance.packs.found import DECLARED, MEASURED, MISSING, Found, Table, declared
from compliance.packs.sources import SOURCES
from compliance.packs.templates import OWNERS, Field, Section, Template
from trust.times import format_moment

TYPE = "assay/pack/2"
Document = dict[str, Any]


def build(template: Template, covered: Covered, *, pack: str, asked_by: str) -> Document:
    """The pack about what is covered, as the records stand at its moment. Plain JSON."""
    sections = [
        part for section in template.sections for part in _sections(section, template, covered)
    ]
    fields = [(section, field) for section in sections for field in _fields_of(section)]
    return {
        "type": TYPE,
        "pack": pack,
        "template": {
            "name": template.name,
            "title": template.title,
            "digest": f"sha256:{template.digest}",
            "citation": template.citation,
            "was_reread": template.was_reread,
            "note": template.note,
        },
        "subject": covered.as_dict(),
        "made_at": format_moment(covered.now),
        "asked_by": asked_by,
        "counts": {
            status: sum(field["status"] == status for _, field in fields)
            for status in (MEASURED, DECLARED, MISSING)
        },
        "gaps": [
            {
                "section": section["title"],
                "field": field["label"],
                "cite": field["cite"],
                "owner": field["owner"],
                "why": field["why"],
            }
            for section, field in fields
            if field["status"] == MISSING
        ],
        "sections": sections,
        "signatures": _signatures(covered),
        "log": _log(covered),
    }


def _sections(section: Section, template: Template, covered: Covered) -> Iterator[Document]:
    """The section, or one for each model that it is repeated for."""
    about = section.each or template.about
    for part in covered.parts() if section.each else (covered,):
        yield {
            "title": f"{part.title}: {section.title}" if section.each else section.title,
            "cite": section.cite,
            "asks": section.asks,
            "each": part.title if section.each else "",
            "fields": [_entry(field, part, about) for field in section.fields],
        }


def _fields_of(section: Mapping[str, Any]) -> list[Document]:
    fields: list[Document] = section["fields"]
    return fields


def _entry(field: Field, covered: Covered, about: str) -> Document:
    found = _look(field, covered, about)
    why = str(found.value) if found and found.status == MISSING else ""
    entry: Document = {
        "name": field.name,
        "label": field.label,
        "cite": field.cite,
        "asks": field.asks,
        "status": found.status if found else MISSING,
        "owner": OWNERS[field.owner].format(team=covered.team),
        "value": None if why else _value(found),
        "why": why,
        "evidence": list(found.evidence) if found else [],
        "by": found.by if found else None,
        "at": format_moment(found.at) if found and found.at else None,
    }
    return entry


def _look(field: Field, covered: Covered, about: str) -> Found | None:
    if field.source:
        found = SOURCES[about][field.source](covered)
        # A table without rows shows nothing, so nothing was measured or declared by it.
        return None if found and isinstance(found.value, Table) and not found.value.rows else found
    card = covered.card
    text = str(card.content.get(field.card, "")).strip() if field.card and card else ""
    if not card or not text:
        return None
    digest = f"sha256:{card.digest}"
    return declared(text, by=card.author.person.name, at=card.created_at, evidence=digest)


def _value(found: Found | None) -> Any:
    if found is None:
        return None
    return found.value.as_value() if isinstance(found.value, Table) else found.value


def _signatures(covered: Covered) -> list[Document]:
    """What persons signed: shown in every print, whatever the template asks."""
    return [
        {
            "of": name,
            "printed_name": said.row.printed_name,
            "role": said.row.role,
            "meaning": said.meaning,
            "reason": said.row.reason,
            "at": format_moment(said.row.at),
            "method": words.method(said.method),
            "digest": f"sha256:{said.row.digest}",
        }
        for name, said in covered.spoken()
    ]


def _log(covered: Covered) -> Document | None:
    head = covered.checkpoint
    if head is None:
        return None
    return {"size": head.size, "root": bytes(head.root).hex(), "note": head.note}
