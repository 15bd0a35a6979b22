"""A pack as PDF. Only a job's process imports this: reportlab is large."""

import io
import re
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from compliance.packs import printing

_FONTS = Path(__file__).parent / "fonts"
_PLAIN, _BOLD, _CHINESE = "DejaVu", "DejaVu-Bold", "STSong-Light"
# Characters that the embedded fonts have not; the reader's program has a font for them.
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]+")
_WIDTH = A4[0] - 34 * mm
_TONES = {"measured": "#126a38", "declared": "#2454c6", "missing": "#ad231b"}
_LINE, _HEAD = colors.HexColor("#dfe3e9"), colors.HexColor("#f1f3f6")
_LONGEST_CELL, _LONGEST_WORD = 1500, 18


@cache
def _styles() -> dict[str, ParagraphStyle]:
    pdfmetrics.registerFont(TTFont(_PLAIN, _FONTS / "dejavu-sans.ttf"))
    pdfmetrics.registerFont(TTFont(_BOLD, _FONTS / "dejavu-sans-bold.ttf"))
    pdfmetrics.registerFont(UnicodeCIDFont(_CHINESE))
    base = ParagraphStyle("base", fontName=_PLAIN, fontSize=8.5, leading=12, splitLongWords=True)
    bold = {"fontName": _BOLD, "parent": base}
    return {
        "text": base,
        "small": ParagraphStyle("small", parent=base, fontSize=6.5, leading=9, textColor="#535d6b"),
        "lead": ParagraphStyle(
            "lead", parent=base, fontSize=6.5, leading=9, textColor="#535d6b", keepWithNext=1
        ),
        "value": ParagraphStyle("value", parent=base, keepWithNext=1),
        "cell": ParagraphStyle("cell", parent=base, fontSize=7, leading=9),
        "head": ParagraphStyle("head", fontSize=7, leading=9, **bold),
        "title": ParagraphStyle("title", fontSize=15, leading=19, spaceAfter=4, **bold),
        "section": ParagraphStyle(
            "section", fontSize=11, leading=14, spaceBefore=10, keepWithNext=1, **bold
        ),
        "field": ParagraphStyle(
            "field", fontSize=8.5, leading=12, spaceBefore=5, keepWithNext=1, **bold
        ),
        "note": ParagraphStyle(
            "note", parent=base, backColor="#fff8ea", borderColor="#845000", borderWidth=0.6,
            borderPadding=5, spaceBefore=8, spaceAfter=10,
        ),
    }  # fmt: skip


def _text(value: object, style: str = "text", tone: str = "") -> Paragraph:
    said = escape(str(value)[: _LONGEST_CELL * 6]).replace("\n", "<br/>")
    said = _WIDE.sub(lambda found: f'<font name="{_CHINESE}">{found[0]}</font>', said)
    if tone:
        said = f'<font color="{tone}">{said}</font>'
    return Paragraph(said, _styles()[style])


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    cells = [[_text(name, "head") for name in columns]]
    cells += [[_text(one[:_LONGEST_CELL], "cell") for one in row] for row in rows]
    table = Table(cells, colWidths=_widths(columns, rows), repeatRows=1, hAlign="LEFT")
    table.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, 0), _HEAD),
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 3),
                ("RIGHTPADDING", (0, 0), (-1, -1), 3),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
            ]
        )
    )
    return table


def _widths(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[float]:
    """No column is narrower than its longest word of ordinary length; long texts get the rest."""
    texts = [[name, *(row[at] for row in rows)] for at, name in enumerate(columns)]
    words = [[word for text in column for word in text.split()] for column in texts]
    least = [
        max([12.0, *(pdfmetrics.stringWidth(word[:_LONGEST_WORD], _BOLD, 7) for word in column)])
        + 7
        for column in words
    ]
    wanted = [min(max(map(len, column)), 60) for column in texts]
    room = _WIDTH - sum(least)
    if room <= 0:
        return [_WIDTH * one / sum(least) for one in least]
    return [low + room * want / sum(wanted) for low, want in zip(least, wanted, strict=True)]


def _opening(document: Mapping[str, Any]) -> list[Any]:
    told, subject = document["template"], document["subject"]
    head = f"{subject['title']}, {subject['team']}"
    return [
        _text(told["title"], "title"),
        _text(f"{head} · {printing.summary(document)}"),
        _text(printing.digest_of_subject(document), "small"),
        _text(f"Made {printing.cell(document['made_at'])} for {document['asked_by']}", "small"),
        _text(f"Pack {document['pack']}; template {told['name']}, {told['digest']}", "small"),
        _text(told["citation"], "small"),
        Spacer(0, 4),
        _text(printing.standing(document), "note"),
    ]


def _gaps(document: Mapping[str, Any]) -> list[Any]:
    gaps, fields = document["gaps"], sum(document["counts"].values())
    story: list[Any] = [_text(f"Gaps: {len(gaps)} of {fields} fields are missing", "section")]
    if not gaps:
        return [*story, _text("No field of this template is missing.")]
    rows = [[gap["section"], printing.owed(gap), gap["cite"], gap["owner"]] for gap in gaps]
    return [*story, _table(("Section", "Field", "Cited", "Owner"), rows)]


def _signatures(document: Mapping[str, Any]) -> list[Any]:
    heading, nothing = printing.SIGNED[document["subject"]["kind"]]
    story: list[Any] = [_text(heading, "section")]
    if not document["signatures"]:
        return [*story, _text(nothing)]
    rows = [
        [
            printing.signer(said, document),
            f"{said['meaning']}\n{said['reason']}",
            f"{printing.cell(said['at'])}\n{said['method']}",
            said["digest"],
        ]
        for said in document["signatures"]
    ]
    return [
        *story,
        _table(("Printed name", "Meaning and reason", "Time and method", "Record"), rows),
    ]


def _lines(section: Mapping[str, Any]) -> list[Any]:
    """A repeated section in few lines: a row for each field."""
    rows = [
        [
            field["label"],
            printing.WORDS[field["status"]],
            printing.flat(field),
            printing.proof(field),
        ]
        for field in section["fields"]
    ]
    return [_table(("Field", "Status", "Value", "Proof"), rows)]


def _fields(section: Mapping[str, Any]) -> list[Any]:
    return [part for field in section["fields"] for part in _field(field)]


def _field(field: Mapping[str, Any]) -> list[Any]:
    status, table = field["status"], printing.rows_of(field["value"])
    head = [
        _text(field["label"], "field"),
        _text(f"{printing.WORDS[status]} · {field['cite']}", "lead", _TONES[status]),
    ]
    proof = _text(printing.proof(field), "small")
    if table:
        return [*head, _table(*table), proof]
    body = [] if status == "missing" else [_text(printing.cell(field["value"]), "value")]
    return [*head, *body, proof]


def as_pdf(document: Mapping[str, Any]) -> bytes:
    """The file: A4, numbered pages, the gaps first."""
    out, told = io.BytesIO(), document["template"]
    story = [*_opening(document), *_gaps(document), *_signatures(document)]
    for section in document["sections"]:
        story += [
            _text(section["title"], "section"),
            _text(f"{section['cite']}. {section['asks']}", "lead"),
        ]
        story += _lines(section) if section["each"] else _fields(section)
    story += [Spacer(0, 8), _text(printing.closing(document), "small")]
    page = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=17 * mm,
        rightMargin=17 * mm,
        topMargin=16 * mm,
        bottomMargin=18 * mm,
        title=f"{told['title']}: {document['subject']['title']}",
        author="Assay",
        lang="en",
        invariant=1,
    )
    line = f"{document['subject']['title']} · {told['name']}"
    page.build(story, onFirstPage=_foot(line), onLaterPages=_foot(line))
    return out.getvalue()


def _foot(line: str) -> Any:
    def draw(canvas: Any, page: Any) -> None:
        canvas.saveState()
        canvas.setFont(_PLAIN, 6.5)
        canvas.setFillColor(colors.HexColor("#535d6b"))
        canvas.drawString(17 * mm, 10 * mm, line)
        canvas.drawRightString(A4[0] - 17 * mm, 10 * mm, f"Page {page.page}")
        canvas.restoreState()

    return draw
