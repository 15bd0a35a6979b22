"""A pack as PDF. Only a job's process imports this: reportlab is large."""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
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
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    CondPageBreak,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from compliance.packs import printing

_FONTS = Path(__file__).parent / "fonts"
_PLAIN, _BOLD, _CHINESE = "DejaVu", "DejaVu-Bold", "STSong-Light"
# Characters that the embedded fonts have not; the reader's program has a font for them.
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]+")
_MARGIN = 17 * mm
# What reportlab keeps free of a frame on every side.
_INSET = 6
_WIDTH = A4[0] - 2 * (_MARGIN + _INSET)
_TONES = {"measured": "#126a38", "declared": "#2454c6", "missing": "#ad231b"}
_LINE, _HEAD = colors.HexColor("#dfe3e9"), colors.HexColor("#f1f3f6")
# A moment is a word of this length.
_LONGEST_CELL, _LONGEST_WORD = 1500, 20
_PADDING = 7
# Tables of so few rows, head and proof among them, are not divided where they begin.
_SHORT = 14


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
        "cell": ParagraphStyle("cell", parent=base, fontSize=7, leading=9),
        "head": ParagraphStyle("head", fontSize=7, leading=9, **bold),
        "title": ParagraphStyle("title", fontSize=15, leading=19, spaceAfter=4, **bold),
        "section": ParagraphStyle("section", fontSize=11, leading=14, spaceBefore=10, **bold),
        "field": ParagraphStyle("field", fontSize=8.5, leading=12, spaceBefore=5, **bold),
        "note": ParagraphStyle(
            "note", parent=base, backColor="#fff8ea", borderColor="#845000", borderWidth=0.6,
            borderPadding=5, leftIndent=5, rightIndent=5, spaceBefore=8, spaceAfter=10,
        ),
    }  # fmt: skip


def _text(value: object, style: str = "text", tone: str = "") -> Paragraph:
    said = escape(str(value)[: _LONGEST_CELL * 6]).replace("\n", "<br/>")
    said = _WIDE.sub(lambda found: f'<font name="{_CHINESE}">{found[0]}</font>', said)
    if tone:
        said = f'<font color="{tone}">{said}</font>'
    return Paragraph(said, _styles()[style])


def _table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], proof: Paragraph | None = None
) -> Table:
    """The proof is the last row, and stays on a page with the row before it."""
    cells: list[list[Any]] = [[_text(name, "head") for name in columns]]
    cells += [[_text(one[:_LONGEST_CELL], "cell") for one in row] for row in rows]
    lined = len(cells) - 1
    style = [
        ("BACKGROUND", (0, 0), (-1, 0), _HEAD),
        ("LINEBELOW", (0, 0), (-1, lined), 0.4, _LINE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
        # Of the empty cells beside, which would make the rows higher.
        ("FONTSIZE", (0, 0), (-1, -1), 6),
        ("LEADING", (0, 0), (-1, -1), 6),
    ]
    widths = _widths(columns, rows)
    if proof:
        room = _WIDTH - sum(widths)
        cells = [[*line, ""] for line in cells]
        cells.append([proof, *[""] * len(columns)])
        style += [("SPAN", (0, -1), (-1, -1)), ("NOSPLIT", (0, lined), (-1, -1))]
        style += [("LEFTPADDING", (0, -1), (-1, -1), 0)]
        widths = [*widths, room]
    table = Table(cells, colWidths=widths, repeatRows=1, hAlign="LEFT", splitInRow=1)
    table.setStyle(TableStyle(style))
    return table


def _widths(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[float]:
    """As wide as their texts, where there is room: a name stands beside its value.

    Else no column is narrower than its longest word of ordinary length; of the rest the columns
    that want least get it first, so that only long texts are broken into lines.
    """
    texts = [[name, *(row[at] for row in rows)] for at, name in enumerate(columns)]
    whole = [max(map(_wide, column, _heads(column))) + _PADDING for column in texts]
    room = _WIDTH - sum(whole)
    if room >= 0:
        return whole
    least = [max(map(_word, column, _heads(column))) + _PADDING for column in texts]
    room = _WIDTH - sum(least)
    if room <= 0:
        return [_WIDTH * one / sum(least) for one in least]
    found = list(least)
    wanting = sorted(range(len(whole)), key=lambda at: whole[at] - least[at])
    for done, at in enumerate(wanting):
        more = min(whole[at] - least[at], room / (len(wanting) - done))
        found[at] += more
        room -= more
    return found


def _heads(column: Sequence[str]) -> Iterator[bool]:
    """Of each text whether it is the head, which is bold."""
    return (at == 0 for at in range(len(column)))


def _wide(text: str, bold: bool) -> float:
    font = _BOLD if bold else _PLAIN
    return max(float(pdfmetrics.stringWidth(line, font, 7)) for line in text.split("\n"))


def _word(text: str, bold: bool) -> float:
    return max((_wide(word[:_LONGEST_WORD], bold) for word in text.split()), default=12.0)


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
    return _together(*story, _table(("Section", "Field", "Cited", "Owner"), rows))


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
    columns = ("Printed name", "Meaning and reason", "Time and method", "Record")
    return _together(*story, _table(columns, rows))


def _section(section: Mapping[str, Any]) -> list[Any]:
    """The heading and the first field begin on one page."""
    head = [
        _text(section["title"], "section"),
        _text(f"{section['cite']}. {section['asks']}", "small"),
    ]
    if section["each"]:
        return _together(*head, _lines(section))
    first, *others = (_field(field) for field in section["fields"])
    return [*_together(*head, *first), *(part for field in others for part in field)]


def _lines(section: Mapping[str, Any]) -> Table:
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
    return _table(("Field", "Status", "Value", "Proof"), rows)


def _field(field: Mapping[str, Any]) -> list[Any]:
    status, table = field["status"], printing.rows_of(field["value"])
    head = [
        _text(field["label"], "field"),
        _text(f"{printing.WORDS[status]} · {field['cite']}", "small", _TONES[status]),
    ]
    proof = _text(printing.proof(field), "small")
    if table:
        return _together(*head, _table(*table, proof))
    body = [] if status == "missing" else [_text(printing.cell(field["value"]))]
    return _together(*head, *body, proof)


def _together(*parts: Any) -> list[Any]:
    """Parts that begin on one page: a table with its first row, a text with its first lines."""
    return [CondPageBreak(sum(map(_least, parts))), *parts]


def _least(part: Any) -> float:
    """How much of a part has to be seen where it begins."""
    if isinstance(part, CondPageBreak):
        return 0
    _width, height = part.wrap(_WIDTH, A4[1])
    if isinstance(part, Table):
        first = part._rowHeights[: part.repeatRows + 1]
        return float(sum(first if len(part._rowHeights) > _SHORT else part._rowHeights))
    return float(min(height, 48) + part.getSpaceBefore())


def as_pdf(document: Mapping[str, Any]) -> bytes:
    """The file: A4, numbered pages, the gaps first."""
    out, told = io.BytesIO(), document["template"]
    story = [*_opening(document), *_gaps(document), *_signatures(document)]
    for section in document["sections"]:
        story += _section(section)
    story += [Spacer(0, 8), _text(printing.closing(document), "small")]
    page = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=16 * mm,
        bottomMargin=18 * mm,
        title=f"{told['title']}: {document['subject']['title']}",
        author="Assay",
        lang="en",
        invariant=1,
    )
    line = f"{document['subject']['title']} · {told['name']}"
    page.build(story, canvasmaker=partial(_Numbered, line=line))
    return out.getvalue()


class _Numbered(Canvas):  # type: ignore[misc]  # reportlab has no types
    """Pages that say how many there are: they are finished when the last one is known."""

    def __init__(self, *given: Any, line: str, **more: Any) -> None:
        super().__init__(*given, **more)
        self._line, self._pages = line, list[dict[str, Any]]()

    def showPage(self) -> None:  # noqa: N802 (reportlab calls it)
        """Keeps the page for later."""
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """Writes the pages, each with its foot."""
        for page in self._pages:
            self.__dict__.update(page)
            self._foot()
            super().showPage()
        super().save()

    def _foot(self) -> None:
        left = _MARGIN + _INSET
        self.setFont(_PLAIN, 6.5)
        self.setFillColor(colors.HexColor("#535d6b"))
        self.drawString(left, 10 * mm, self._line)
        number = f"Page {self._pageNumber} of {len(self._pages)}"
        self.drawRightString(A4[0] - left, 10 * mm, number)
