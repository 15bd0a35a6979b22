"""The register as CSV: one line for each model with what its newest entry says, out and in."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from django.db.models import QuerySet, prefetch_related_objects

from accounts.models import Person
from common.csv_cells import safe_cell
from common.errors import Invalid, TooLarge
from registry.models import RegisteredModel, RegisterEntry
from registry.register.approved import approved_of
from registry.register.selectors import newest_of

OF_MODEL = ("name", "team", "purpose", "risk_tier", "licence", "origin", "tags")
OF_ENTRY = (
    "hosting",
    "life",
    "owner",
    "place",
    "technology",
    "validator",
    "validated_on",
    "revalidate_on",
)
COLUMNS = (*OF_MODEL, *OF_ENTRY)
# Written out for readers; an import passes over them, for approvals are not declared.
OF_APPROVAL = ("approved_version", "approved_on", "approved_until")
EXPORTED = (*COLUMNS, *OF_APPROVAL)
TAGS_APART = ";"


@dataclass(frozen=True)
class Row:
    """A line of a file; `number` counts as a spreadsheet does, where the header is 1."""

    number: int
    cells: Mapping[str, str]


def with_logins(rows: QuerySet[RegisteredModel]) -> list[RegisteredModel]:
    """Lines of the register with what their cells need."""
    found = list(rows)
    persons = ("owner", "validator")
    prefetch_related_objects(found, *(f"newest_entries__{who}__logins" for who in persons))
    return found


def cells_of(model: RegisteredModel, entry: RegisterEntry | None) -> dict[str, str]:
    """What the export says of a model, by column; persons by a login."""
    said: dict[str, object] = {name: getattr(model, name) for name in OF_MODEL}
    said |= {"team": model.team.slug, "tags": f"{TAGS_APART} ".join(model.tags)}
    if entry:
        said |= {name: getattr(entry, name) for name in OF_ENTRY}
        said |= {"owner": login_of(entry.owner), "validator": login_of(entry.validator)}
    return {name: safe_cell(said.get(name)) for name in COLUMNS}


def login_of(person: Person | None) -> str:
    """One that is open, where there is one."""
    logins = person.logins.all() if person else ()
    found = sorted((not login.is_active, login.username) for login in logins)
    return found[0][1] if found else ""


def as_csv(rows: QuerySet[RegisteredModel]) -> bytes:
    """Lines of the register; UTF-8 with a mark for spreadsheets."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, EXPORTED)
    writer.writeheader()
    for model in with_logins(rows):
        held = approved_of(model)
        writer.writerow(cells_of(model, newest_of(model)) | (held.cells if held else {}))
    return out.getvalue().encode("utf-8-sig")


def rows_in(content: bytes, *, most: int) -> list[Row]:
    """The lines of a file. Raises Invalid for one that is no such CSV, TooLarge over `most`."""
    reader = csv.reader(io.StringIO(_text(content), newline=""), _dialect(content), strict=True)
    try:
        header = _header(next(reader, []))
        found = list(islice(_rows(reader, header), most + 1))
    except csv.Error as error:
        raise _wrong(f"The file is no CSV: {error}, near its line {reader.line_num}.") from None
    if len(found) > most:
        raise TooLarge(f"An import has at most {most} models; send the rest apart.", field="upload")
    if not found:
        raise _wrong("The file has no line below its header.")
    return found


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _wrong(f"The file is not UTF-8, from its byte {error.start} on.") from None
    if "\x00" in text:
        raise _wrong("The file holds a NUL character.")
    return text


def _dialect(content: bytes) -> type[csv.Dialect]:
    """Some spreadsheets write semicolons where a comma stands in numbers."""
    first = content.split(b"\n", 1)[0]

    class Dialect(csv.excel):
        delimiter = ";" if b";" in first and b"," not in first else ","

    return Dialect


def _header(cells: list[str]) -> list[str]:
    header = [cell.strip() for cell in cells]
    if "name" not in header:
        raise _wrong("The first line names the columns, and one of them is name.")
    for column in header:
        if column not in EXPORTED:
            raise _wrong(f"The column {column[:100]!r} is not known: {', '.join(COLUMNS)}.")
        if header.count(column) > 1:
            raise _wrong(f"The column {column!r} stands there twice.")
    return header


def _rows(lines: Iterable[list[str]], header: list[str]) -> Iterator[Row]:
    for number, cells in enumerate(lines, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            raise _wrong(f"Row {number} has {len(cells)} cells, the header has {len(header)}.")
        said = dict(zip(header, cells, strict=True))
        yield Row(number, {name: cell for name, cell in said.items() if name in COLUMNS})


def _wrong(reason: str) -> Invalid:
    return Invalid(reason, field="upload")
