"""What an export covers: everything, one model, one version, or a period."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from common.errors import Invalid
from trust.bundle_layout import SCOPE_KINDS
from trust.errors import Malformed
from trust.times import format_moment

OF_A_TEAM = ("model", "version", "register")
"""Kinds that cover the records of one team, the register where one is named."""

_FIELDS = {
    "all": set(),
    "model": {"model"},
    "version": {"model", "number"},
    "period": {"from", "to"},
    "register": set(),
}
_OPTIONAL = {"register": {"team"}}


@dataclass(frozen=True)
class ExportScope:
    """A scope that has been read; `since` is included, `until` is not."""

    kind: str
    model: str = ""
    number: int = 0
    team: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "ExportScope":
        """The scope of a document. Raises Invalid naming the field at fault."""
        kind = document.get("kind")
        if kind not in SCOPE_KINDS:
            raise Invalid(f"The kind is one of {', '.join(SCOPE_KINDS)}.", field="kind")
        wanted = _FIELDS[kind]
        given = set(document) - {"kind"} - _OPTIONAL.get(kind, set())
        for field in sorted(given ^ wanted):
            said = "is missing" if field in wanted else "does not belong here"
            raise Invalid(f"{field!r} {said} for the kind {kind!r}.", field=field)
        if kind == "period":
            since, until = (read_moment(document[name], name) for name in ("from", "to"))
            if since >= until:
                raise Invalid("The end must come after the beginning.", field="to")
            return cls(kind, since=since, until=until)
        return cls(
            kind,
            model=_model(document) if "model" in wanted else "",
            number=_number(document) if "number" in wanted else 0,
            team=_team(document) if "team" in document else "",
        )

    def as_dict(self) -> dict[str, Any]:
        """The document in its one form."""
        parts = {
            "model": self.model or None,
            "number": self.number or None,
            "team": self.team or None,
            "from": format_moment(self.since) if self.since else None,
            "to": format_moment(self.until) if self.until else None,
        }
        return {"kind": self.kind} | {name: part for name, part in parts.items() if part}


def _model(document: Mapping[str, Any]) -> str:
    name = document["model"]
    if not isinstance(name, str) or not 0 < len(name) <= 100 or "\x00" in name:
        raise Invalid("This is not the name of a model.", field="model")
    return name


def _team(document: Mapping[str, Any]) -> str:
    team = document["team"]
    if not isinstance(team, str) or not 0 < len(team) <= 64 or "\x00" in team:
        raise Invalid("This is not the name of a team.", field="team")
    return team


def _number(document: Mapping[str, Any]) -> int:
    number = document["number"]
    if isinstance(number, bool) or not isinstance(number, int) or not 0 < number < 2**31:
        raise Invalid("This is not the number of a version.", field="number")
    return number


def read_moment(value: object, field: str) -> datetime:
    """A moment or a day in ISO 8601; UTC where no zone is given. Raises Invalid."""
    try:
        found = datetime.fromisoformat(str(value))
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        format_moment(found)
    except (ValueError, OverflowError, Malformed):
        raise Invalid(
            "Write a moment as 2026-03-01 or 2026-03-01T09:00:00Z.", field=field
        ) from None
    require_year(found, field)
    return found


def require_year(moment: datetime, field: str) -> None:
    """Raises Invalid for a moment that no record can write so that a verifier reads it."""
    if not 1970 <= moment.astimezone(UTC).year < 9000:
        raise Invalid("The year must lie between 1970 and 9000.", field=field)
