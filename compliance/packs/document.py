"""The pack as a document: gaps first, then every field with its proof, its speaker or its owner."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from compliance.packs.found import DECLARED, MEASURED, MISSING, Found, Table, declared
from compliance.packs.sources import SOURCES
from compliance.packs.subject import Subject
from compliance.packs.templates import OWNERS, Field, Template
from trust.times import format_moment

TYPE = "assay/pack/1"
Document = dict[str, Any]


def build(template: Template, subject: Subject, *, pack: str, asked_by: str) -> Document:
    """The pack about a version as its records stand at the subject's moment. Plain JSON."""
    sections = [
        {
            "title": section.title,
            "cite": section.cite,
            "asks": section.asks,
            "fields": [_entry(field, subject) for field in section.fields],
        }
        for section in template.sections
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
        "subject": subject.as_dict(),
        "made_at": format_moment(subject.now),
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
        "signatures": _signatures(subject),
        "log": _log(subject),
    }


def _fields_of(section: Mapping[str, Any]) -> list[Document]:
    fields: list[Document] = section["fields"]
    return fields


def _entry(field: Field, subject: Subject) -> Document:
    found = _look(field, subject)
    why = str(found.value) if found and found.status == MISSING else ""
    entry: Document = {
        "name": field.name,
        "label": field.label,
        "cite": field.cite,
        "asks": field.asks,
        "status": found.status if found else MISSING,
        "owner": OWNERS[field.owner].format(team=subject.team),
        "value": None if why else _value(found),
        "why": why,
        "evidence": list(found.evidence) if found else [],
        "by": found.by if found else None,
        "at": format_moment(found.at) if found and found.at else None,
    }
    return entry


def _look(field: Field, subject: Subject) -> Found | None:
    if field.source:
        return SOURCES[field.source](subject)
    card = subject.card
    text = str(card.content.get(field.card, "")).strip() if field.card and card else ""
    if not card or not text:
        return None
    digest = f"sha256:{card.digest}"
    return declared(text, by=card.author.person.name, at=card.created_at, evidence=digest)


def _value(found: Found | None) -> Any:
    if found is None:
        return None
    return found.value.as_value() if isinstance(found.value, Table) else found.value


def _signatures(subject: Subject) -> list[Document]:
    """Every signature under the approval: shown in every print, whatever the template asks."""
    spoken = subject.behind.signatures if subject.behind else []
    return [
        {
            "printed_name": said.row.printed_name,
            "role": said.row.role,
            "meaning": said.meaning,
            "reason": said.row.reason,
            "at": _moment(said.row.at),
            "method": said.method,
            "digest": f"sha256:{said.row.digest}",
        }
        for said in spoken
    ]


def _moment(at: datetime) -> str:
    return format_moment(at)


def _log(subject: Subject) -> Document | None:
    head = subject.checkpoint
    if head is None:
        return None
    return {"size": head.size, "root": bytes(head.root).hex(), "note": head.note}
