"""A pack as CSV whose cells no spreadsheet takes for formulas, and none is too long for one.

The gap list is first. A table is a line for the field and one for each of its rows. The lines at
the end say what the file is, so that it can be told from another one without its name.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from common.csv_cells import safe_cell
from compliance.packs import printing

_HEAD = (
    "part",
    "section",
    "cite",
    "field",
    "status",
    "value",
    "evidence",
    "declared by",
    "declared at",
    "owner",
)
MOST_DIGESTS = 200
Line = Sequence[object]


def as_csv(document: Mapping[str, Any]) -> bytes:
    """Gaps, every field, the signatures, the pack itself; UTF-8 with a mark for spreadsheets."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(_HEAD)
    for line in _lines(document):
        writer.writerow([safe_cell(cell) for cell in line])
    return out.getvalue().encode("utf-8-sig")


def _lines(document: Mapping[str, Any]) -> Iterator[Line]:
    for gap in document["gaps"]:
        told = (gap["section"], gap["cite"], gap["field"], "missing", gap["why"])
        yield ("gap", *told, "", "", "", gap["owner"])
    for section in document["sections"]:
        for field in section["fields"]:
            yield from _field(section["title"], field)
    for said in document["signatures"]:
        words = f"{said['role']}, by {said['method']}: {said['meaning']} {said['reason']}"
        signed = ("", "", said["of"], "signed", words, said["digest"])
        yield ("signature", *signed, said["printed_name"], said["at"], "")
    for name, value in _about(document):
        yield ("pack", "", "", name, "", value, "", "", "", "")


def _field(section: str, field: Mapping[str, Any]) -> Iterator[Line]:
    place = (section, field["cite"], field["label"], field["status"])
    table = field["value"] if isinstance(field["value"], dict) else None
    value = printing.size_of(table) if table else field["why"] or field["value"]
    owner = field["owner"] if field["status"] == "missing" else ""
    yield ("field", *place, value, _digests(field["evidence"]), field["by"], field["at"], owner)
    for row in table["rows"] if table else ():
        cells = zip(table["columns"], row, strict=True) if table else ()
        told = "; ".join(f"{name}: {_plain(cell)}" for name, cell in cells)
        yield ("row", *place, told, "", "", "", "")


def _plain(cell: object) -> str:
    if isinstance(cell, bool):
        return printing.cell(cell)
    return "" if cell is None else str(cell)


def _digests(evidence: Sequence[str]) -> str:
    more = len(evidence) - MOST_DIGESTS
    shown = " ".join(evidence[:MOST_DIGESTS])
    return f"{shown} and {more} more in the JSON form" if more > 0 else shown


def _about(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    told, subject = document["template"], document["subject"]
    yield "template", told["title"]
    yield "template digest", told["digest"]
    yield "cites", told["citation"]
    yield "text", printing.standing(document)
    yield "about", f"{subject['title']}, {subject['team']}"
    yield "version digest", subject.get("version_digest", "")
    yield "made at", document["made_at"]
    yield "made for", document["asked_by"]
    yield "pack", document["pack"]
    yield "fields", printing.summary(document)
    yield "log", printing.head_of(document)
