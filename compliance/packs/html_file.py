"""A pack as one HTML file that needs nothing besides, for screen and paper."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from compliance.packs import printing

_TONES = {"measured": "ok", "declared": "wait", "missing": "bad"}
_STYLE = Path(__file__).parent / "print.css"


def view_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a page shows of a pack: every value as text."""
    sections = [
        {
            **section,
            "fields": [
                {
                    **field,
                    "word": printing.WORDS[field["status"]],
                    "tone": _TONES[field["status"]],
                    "table": printing.rows_of(field["value"]),
                    "text": printing.cell(field["value"]),
                    "flat": printing.flat(field),
                    "proof": printing.proof(field),
                }
                for field in section["fields"]
            ],
        }
        for section in document["sections"]
    ]
    gaps = [{**gap, "field": printing.owed(gap)} for gap in document["gaps"]]
    signatures = [
        {**said, "at": printing.cell(said["at"]), "by": printing.signer(said, document)}
        for said in document["signatures"]
    ]
    heading, nothing = printing.SIGNED[document["subject"]["kind"]]
    return {
        "pack": {
            **document,
            "made_at": printing.cell(document["made_at"]),
            "signatures": signatures,
            "gaps": gaps,
        },
        "sections": sections,
        "summary": printing.summary(document),
        "standing": printing.standing(document),
        "signed": {"heading": heading, "nothing": nothing},
        "digest_line": printing.digest_of_subject(document),
        "closing": printing.closing(document),
    }


def as_html(document: Mapping[str, Any]) -> bytes:
    """The file. Its style is the project's own; every value is escaped by the template."""
    style = mark_safe(_STYLE.read_text(encoding="utf-8"))  # noqa: S308 (a file of this package)
    return render_to_string("packs/file.html", {**view_of(document), "style": style}).encode()
