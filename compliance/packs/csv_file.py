"""A pack as CSV whose cells no spreadsheet takes for formulas."""

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

from common.csv_cells import safe_cell

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


def as_csv(document: Mapping[str, Any]) -> bytes:
    """The gap list, then every field, then the signatures; UTF-8 with a mark for spreadsheets."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(_HEAD)
    for gap in document["gaps"]:
        row = ("gap", gap["section"], gap["cite"], gap["field"], "missing", gap["why"], "", "", "")
        _write(writer, (*row, gap["owner"]))
    for section in document["sections"]:
        for field in section["fields"]:
            _write(writer, _line(section["title"], field))
    for said in document["signatures"]:
        told = f"{said['printed_name']} ({said['role']}): {said['meaning']} {said['reason']}"
        signed = ("signature", "", "", said["method"], "measured", told, said["digest"])
        _write(writer, (*signed, said["printed_name"], said["at"], ""))
    return out.getvalue().encode("utf-8-sig")


def _line(section: str, field: Mapping[str, Any]) -> tuple[object, ...]:
    value = field["value"]
    shown = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
    return (
        "field",
        section,
        field["cite"],
        field["label"],
        field["status"],
        field["why"] or shown,
        " ".join(field["evidence"]),
        field["by"],
        field["at"],
        field["owner"] if field["status"] == "missing" else "",
    )


def _write(writer: Any, cells: tuple[object, ...]) -> None:
    writer.writerow([safe_cell(cell) for cell in cells])
