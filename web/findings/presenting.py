"""Findings as the pages show them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from governance.findings.models import FindingAmendment
from governance.findings.records import duty_of, is_overdue, state_of
from governance.findings.selectors import conditions_named, conditions_of
from governance.models import Approval, Finding, FindingMove, Move
from web.findings.anchors import anchor_place, anchor_title


@dataclass(frozen=True)
class Shown:
    """A finding for a row or its page; `badge` is the key of its state.

    `owner` and `due_on` hold now; `signed` is what an approval names instead, (owner, day).
    """

    row: Finding
    name: str
    badge: str
    overdue: bool
    owner: str
    due_on: date
    about: str
    place: str
    url: str
    moves: list[FindingMove]
    amendments: list[FindingAmendment]
    signed: tuple[str, str] | None = None

    @classmethod
    def of(cls, row: Finding) -> "Shown":
        """Of a finding that was read with its state, moves and amendments."""
        duty = duty_of(row)
        return cls(
            row=row,
            name=f"F-{row.number}",
            badge=f"finding_{state_of(row)}",
            overdue=is_overdue(row),
            owner=duty.owner.name,
            due_on=duty.due_on,
            about=anchor_title(row.anchor),
            place=anchor_place(row.anchor),
            url=reverse("web:finding", args=[row.pk]),
            moves=list(row.moves.all()),
            amendments=list(row.amendments.all()),
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
    def timeline(self) -> list[dict[str, Any]]:
        """Everything that was said about it, for `{% timeline_item %}`."""
        raised = {
            "person": self.row.person.name,
            "comment": self.row.text,
            "role": _("raised the finding"),
            "files": list(self.row.attachments.all()),
            "at": self.row.at,
        }
        later = [*map(_said, self.moves), *map(_amended, self.amendments)]
        return [raised, *sorted(later, key=lambda said: said["at"])]


def _said(move: FindingMove) -> dict[str, Any]:
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
        "files": list(move.attachments.all()),
    }


def _amended(row: FindingAmendment) -> dict[str, Any]:
    owners = {"was": row.was_owner.name, "now": row.owner.name}
    days = {"was": row.was_due_on.isoformat(), "now": row.due_on.isoformat()}
    said = [_("gave it from %(was)s to %(now)s") % owners] if row.owner != row.was_owner else []
    if row.due_on != row.was_due_on:
        said.append(_("moved the day from %(was)s to %(now)s") % days)
    return {"person": row.person.name, "comment": row.text, "role": ", ".join(said), "at": row.at}


def shown(rows: Iterable[Finding]) -> list[Shown]:
    """Of several."""
    return [Shown.of(row) for row in rows]


def accepted_under(approval: Approval) -> list[Shown]:
    """The conditions of an approval as they stand now, with what it was signed with instead."""
    named = {entry["digest"]: entry for entry in conditions_named(approval)}
    rows = shown(conditions_of(approval))
    return [_as_signed(f, named[f"sha256:{f.row.digest}"]) for f in rows]


def _as_signed(finding: Shown, named: Mapping[str, str]) -> Shown:
    amended = [a for a in finding.amendments if f"sha256:{a.digest}" == named.get("amendment")]
    owner = (amended[0] if amended else finding.row).owner.name
    if (owner, named["due_on"]) == (finding.owner, finding.due_on.isoformat()):
        return finding
    return replace(finding, signed=(owner, named["due_on"]))


def open_first(rows: Iterable[Finding]) -> list[Shown]:
    """What blocks, then conditions, then what is closed; what is due first within each."""
    found = shown(rows)
    return sorted(found, key=lambda f: (not f.blocks, not f.is_open, f.due_on, f.row.number))
