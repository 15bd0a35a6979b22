"""Findings as the pages show them."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from governance.findings.records import is_overdue, state_of
from governance.models import Finding, FindingMove, Move
from web.findings.anchors import anchor_place, anchor_title


@dataclass(frozen=True)
class Shown:
    """A finding for a row or its page; `badge` is the key of its state."""

    row: Finding
    name: str
    badge: str
    overdue: bool
    about: str
    place: str
    url: str
    moves: list[FindingMove]

    @classmethod
    def of(cls, row: Finding) -> "Shown":
        """Of a finding that was read with its state and moves."""
        return cls(
            row=row,
            name=f"F-{row.number}",
            badge=f"finding_{state_of(row)}",
            overdue=is_overdue(row),
            about=anchor_title(row.anchor),
            place=anchor_place(row.anchor),
            url=reverse("web:finding", args=[row.pk]),
            moves=list(row.moves.all()),
        )

    @property
    def is_open(self) -> bool:
        """Whether it is not closed."""
        return state_of(self.row) != Move.CLOSED

    @property
    def blocks(self) -> bool:
        """Whether it stands in the way of an approval."""
        return self.is_open and self.row.effect == "blocking"

    @property
    def timeline(self) -> list[dict[str, object]]:
        """Everything that was said about it, for `{% timeline_item %}`."""
        raised = {
            "person": self.row.person.name,
            "comment": self.row.text,
            "role": _("raised the finding"),
            "files": list(self.row.attachments.all()),
            "at": self.row.at,
        }
        return [raised, *(_said(move) for move in self.moves)]


def _said(move: FindingMove) -> dict[str, object]:
    words = {
        Move.ANSWERED: _("answered"),
        Move.CLOSED: _("closed it"),
        Move.REOPENED: _("reopened it"),
    }
    return {
        "person": move.person.name,
        "comment": move.text,
        "role": words[Move(move.move)],
        "at": move.at,
        "tone": "ok" if move.move == Move.CLOSED else "b",
        "evidence": move.evidence,
    }


def shown(rows: Iterable[Finding]) -> list[Shown]:
    """Of several."""
    return [Shown.of(row) for row in rows]


def open_first(rows: Iterable[Finding]) -> list[Shown]:
    """What blocks, then conditions, then what is closed; what is due first within each."""
    found = shown(rows)
    return sorted(found, key=lambda f: (not f.blocks, not f.is_open, f.row.due_on, f.row.number))
