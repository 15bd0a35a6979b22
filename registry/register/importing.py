"""Many lines of the register at once, from a CSV: all of them are written, or none.

A check is the import itself, taken back: it goes through the verbs that the import goes through, so
what it says is what the import would meet. A cell that reads as the export has it says nothing new.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from accounts.callers import Caller
from accounts.models import Team
from common.csv_cells import plain_cell
from common.errors import DomainError, Invalid, NotAllowed, Outdated
from registry import blobs, policies, uploads
from registry.models import RegisteredModel, RegisterEntry
from registry.register.entries import NewEntry, completed, enter, member_named
from registry.register.files import (
    COLUMNS,
    OF_ENTRY,
    OF_MODEL,
    TAGS_APART,
    Row,
    cells_of,
    rows_in,
    with_logins,
)
from registry.register.selectors import newest_of, register_of
from registry.services import change_model, register_model
from trust.canonical import canonical

NEW, CHANGED, UNCHANGED = "new", "changed", "unchanged"
_LOCK = 0x5245474953544552
_FIXED = ("team", "risk_tier", "origin")
_NO_ENTRY: Mapping[str, Any] = dict.fromkeys(OF_ENTRY, "") | dict.fromkeys(
    ("owner", "validator", "validated_on", "revalidate_on")
)


@dataclass(frozen=True)
class Change:
    """A cell that says something new; `before` is empty where there was no such model."""

    field: str
    before: str
    after: str


@dataclass
class Line:
    """What a line of the file does to the register, and what keeps it from that."""

    number: int
    model: str
    state: str = UNCHANGED
    changes: list[Change] = field(default_factory=list)
    problems: list[DomainError] = field(default_factory=list)


@dataclass(frozen=True)
class Checked:
    """All lines of a file; `digest` names what they do to the register as it is now."""

    lines: list[Line]

    @property
    def digest(self) -> str:
        """The same for the same changes of the same register."""
        said = [[line.number, line.model, line.state, _told(line)] for line in self.lines]
        return f"sha256:{sha256(canonical(said)).hexdigest()}"

    @property
    def problems(self) -> int:
        """How many keep the file from being imported."""
        return sum(len(line.problems) for line in self.lines)

    @property
    def worth_saying(self) -> list[Line]:
        """The lines that change something, or cannot."""
        return [line for line in self.lines if line.state != UNCHANGED or line.problems]

    def count(self, state: str) -> int:
        """How many models are new, changed or unchanged."""
        return sum(line.state == state for line in self.lines)


def _told(line: Line) -> list[list[str]]:
    return [[change.field, change.before, change.after] for change in line.changes]


def check_import(*, caller: Caller, upload_id: UUID) -> Checked:
    """What an import of the uploaded CSV would do, row for row; nothing is written.

    Raises NotAllowed, NotFound, Conflict, TooLarge, Invalid for a file that is no such CSV.
    """
    with transaction.atomic():
        checked = _carried_out(caller, upload_id, uploads.store)
        transaction.set_rollback(True)
    return checked


@transaction.atomic
def import_register(*, caller: Caller, upload_id: UUID, digest: str | None = None) -> Checked:
    """Write every line of the uploaded CSV, or none; the upload ends with that.

    `digest` is that of the check that was shown; None takes the register as it is. Raises what
    the first line raises that is refused, Outdated where the check would say something else by
    now, and what `check_import` raises.
    """
    checked = _carried_out(caller, upload_id, uploads.take)
    for line in checked.lines:
        for problem in line.problems:
            problem.field = f"rows[{line.number}].{problem.field}"
            raise problem
    if digest not in (None, checked.digest):
        raise Outdated("The register is not the one of the check that was shown; check again.")
    return checked


def _carried_out(
    caller: Caller, upload_id: UUID, taking: Callable[..., uploads.TakenFile]
) -> Checked:
    policies.may_import(caller).enforce()
    with connection.cursor() as cursor:
        # One at a time: two that name the same new models would wait for each other.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    most = settings.MAX_REGISTER_BYTES
    file = taking(user=caller.user, upload_id=upload_id, job_id=None, limit=most)
    content = blobs.read_verified(file.sha256, file.size)
    rows = rows_in(content, most=settings.MAX_REGISTER_ROWS)
    work = _Import(caller, {_name_in(row) for row in rows})
    return Checked([work.carry_out(row) for row in rows])


def _name_in(row: Row) -> str:
    return plain_cell(row.cells["name"].strip())


class _Import:
    """The register as it was before the first line, locked against others."""

    def __init__(self, caller: Caller, names: Iterable[str]) -> None:
        rows = register_of(caller).filter(name__in=names)
        ours = rows.filter(team_id__in=caller.teams_with(*policies.WRITERS))
        self._caller = caller
        # Only what the caller may change is locked; lines about the rest are refused one by one.
        self._models = {model.name: model for model in with_logins(rows)} | {
            model.name: model for model in with_logins(ours.select_for_update(of=("self",)))
        }
        self._teams = {team.slug: team for team in Team.objects.filter(pk__in=caller.teams)}
        self._seen: set[str] = set()

    def carry_out(self, row: Row) -> Line:
        """Write a line as far as it can be, and say what it changes and what is wrong in it."""
        line = Line(row.number, _name_in(row))
        model = self._models.get(line.model)
        if line.model in self._seen:
            line.problems.append(Invalid("A line above is about this model.", field="name"))
        elif model:
            self._change(line, row.cells, model)
        else:
            self._make(line, row.cells)
        self._seen.add(line.model)
        return line

    def _change(self, line: Line, cells: Mapping[str, str], model: RegisteredModel) -> None:
        entry = newest_of(model)
        before = cells_of(model, entry)
        differing = {name: cell for name, cell in cells.items() if _differs(cell, before[name])}
        for name in _FIXED:
            if name in differing:
                line.problems.append(Invalid("No import changes this.", field=name))
        now = {name: getattr(model, name) for name in OF_MODEL} | _values(entry)
        said = _read(line, differing, model)
        new = {name: value for name, value in said.items() if value != now[name]}
        ours = {name: new[name] for name in OF_MODEL if name in new}
        if ours:
            _try(line, lambda: change_model(caller=self._caller, model=model, changes=ours))
        if new.keys() & set(OF_ENTRY):
            entry = self._enter(line, model, entry, _values(entry) | new) or entry
        after = {**before, **differing} if line.problems else cells_of(model, entry)
        line.changes = _changes(before, after)
        line.state = CHANGED if line.changes else UNCHANGED

    def _make(self, line: Line, cells: Mapping[str, str]) -> None:
        blank = dict.fromkeys(COLUMNS, "")
        line.state, line.changes = NEW, _changes(blank, {**blank, **cells})
        team = self._teams.get(plain_cell(cells.get("team", "").strip()))
        if team is None:
            line.problems.append(Invalid("You are in no team of this name.", field="team"))
            return
        said = _read(line, {**blank, **cells}, RegisteredModel(team=team))
        model = _try(line, lambda: self._register(team, line.model, said))
        entry = self._enter(line, model, None, said) if model else None
        if entry:
            line.changes = _changes(blank, cells_of(model, entry))

    def _register(self, team: Team, name: str, said: Mapping[str, Any]) -> RegisteredModel:
        fields = {column: said[column] for column in OF_MODEL if column not in ("name", "team")}
        return register_model(caller=self._caller, team=team, name=name, **fields)

    def _enter(
        self,
        line: Line,
        model: RegisteredModel,
        entry: RegisterEntry | None,
        said: Mapping[str, Any],
    ) -> RegisterEntry | None:
        # What could not be read was said already; a guess in its place would be refused again.
        if line.problems:
            return None
        if said["owner"] is None:
            line.problems.append(Invalid("Say who answers for the model.", field="owner"))
            return None
        new = completed(model, NewEntry(**{name: said[name] for name in OF_ENTRY}))
        if entry and asdict(new) == _values(entry):
            return None
        shown = entry.revision if entry else None
        verb = partial(enter, caller=self._caller, model=model, new=new, revision=shown)
        written: RegisterEntry | None = _try(line, verb)
        return written


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    return [
        Change(name, before[name], after[name])
        for name in COLUMNS
        if _differs(after[name], before[name])
    ]


def _differs(cell: str, before: str) -> bool:
    """Whether a cell says something else; programs write the end of a line in two ways."""
    return cell.replace("\r\n", "\n") != before.replace("\r\n", "\n")


def _values(entry: RegisterEntry | None) -> dict[str, Any]:
    if entry is None:
        return dict(_NO_ENTRY)
    said = {name: getattr(entry, name) for name in OF_ENTRY}
    return said | {"owner": entry.owner_id, "validator": entry.validator_id}


def _try(line: Line, verb: Callable[[], Any]) -> Any:
    """What the verb returns; None where it refuses, which takes back what it wrote."""
    try:
        with transaction.atomic():
            return verb()
    except DomainError as error:
        error.field = error.field or ("team" if isinstance(error, NotAllowed) else "name")
        line.problems.append(error)
        return None


def _read(line: Line, cells: Mapping[str, str], model: RegisteredModel) -> dict[str, Any]:
    """The values of cells; what cannot be read becomes a problem of the line."""
    said: dict[str, Any] = {}
    for name, cell in cells.items():
        if name in ("name", "team") or (name in _FIXED and model.name):
            continue
        text = plain_cell(cell.strip())
        try:
            said[name] = _value(name, text, model)
        except DomainError as error:
            line.problems.append(error)
    return said


def _value(name: str, text: str, model: RegisteredModel) -> Any:
    if name in ("owner", "validator"):
        return member_named(model, text, name) if text else None
    if name in ("validated_on", "revalidate_on"):
        return _day(name, text)
    if name == "tags":
        return sorted({tag.strip() for tag in text.split(TAGS_APART) if tag.strip()})
    return text


def _day(name: str, text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date() if text else None  # noqa: DTZ007
    except ValueError:
        raise Invalid("Write a day as 2026-12-31.", field=name) from None
