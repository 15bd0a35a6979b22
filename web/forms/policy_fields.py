"""The policy as a form: made from the one table of its fields, so that it says what the YAML says.

Every input is named by the path at which the document holds its value, as `metrics[0].limit`, so
that a refusal names the same field in both.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from common.errors import Invalid
from governance.policy.documents import Policy
from governance.policy.elsewhere import is_asked_elsewhere, is_asked_of_evidence
from governance.policy.fields import FIELDS
from governance.policy.kinds import Choice, Column, Field, Names, Number, Rows, Texts, Truth, Whole
from web.forms.policies import PolicyHead
from web.words import column_title, policy_word

SPARE_ROWS = 3
# More of them than this would be a page of boxes.
MOST_BOXES = 10
_LONGEST_LIST = 8000
_ROW = re.compile(r"^([a-z_]+)\[([0-9]{1,3})\]\.")


@dataclass(frozen=True)
class Section:
    """A field as the page shows it: one input, or a table of rows with its column titles."""

    title: str
    help: str
    bound: forms.BoundField | None
    columns: list[str]
    rows: list[list[forms.BoundField]]


@dataclass(frozen=True)
class Group:
    """Fields that stand together, under a title and a sentence."""

    title: str
    help: str
    sections: list[Section]


class PolicyFieldsForm(PolicyHead):
    """Name, tier, team, and an input for everything that a policy may say."""

    def __init__(
        self, *args: Any, document: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._given = document or {}
        self._counts: dict[str, int] = {}
        for field in FIELDS:
            if isinstance(field.kind, Rows):
                self._add_rows(field, field.kind)
            else:
                self._add(field.name, field.kind, field, _at(self._given, field.name))

    def _add(self, name: str, kind: Any, field: Field, value: Any) -> None:
        made = _input(kind, field.name, required=not field.optional)
        made.label, made.help_text = str(field.title), str(field.help)
        made.initial = _shown(kind, value)
        self.fields[name] = made

    def _add_rows(self, field: Field, kind: Rows) -> None:
        given = self._given.get(field.name, [])
        sent = [int(m[2]) + 1 for m in map(_ROW.match, self.data) if m and m[1] == field.name]
        count = min(max([len(given) + SPARE_ROWS, *sent]), kind.most)
        self._counts[field.name] = count
        for place in range(count):
            row = given[place] if place < len(given) else {}
            for column in kind.columns:
                name = f"{field.name}[{place}].{column.name}"
                made = _input(column.kind, column.name, required=False)
                made.initial = _shown(column.kind, row.get(column.name))
                made.label = f"{field.title}, {place + 1}: {column_title(column.name)}"
                made.widget.attrs |= {"aria-label": made.label, "class": "in"}
                self.fields[name] = made

    def groups(self) -> Iterator[Group]:
        """Every field of the table, by whom it is asked of, in its order."""
        served, elsewhere, both = _group_texts()
        yield Group(*served, [self._section(f) for f in FIELDS if is_asked_of_evidence(f)])
        yield Group(*elsewhere, [self._section(f) for f in FIELDS if is_asked_elsewhere(f)])
        others = (f for f in FIELDS if not (is_asked_of_evidence(f) or is_asked_elsewhere(f)))
        yield Group(*both, [self._section(f) for f in others])

    def _section(self, field: Field) -> Section:
        title, said = str(field.title), str(field.help)
        if not isinstance(field.kind, Rows):
            return Section(title, said, self[field.name], [], [])
        names = [column.name for column in field.kind.columns]
        rows = [
            [self[f"{field.name}[{place}].{name}"] for name in names]
            for place in range(self._counts[field.name])
        ]
        return Section(title, said, None, [column_title(name) for name in names], rows)

    def clean(self) -> dict[str, Any]:
        """With `document`, as the service takes it."""
        given = super().clean() or {}
        if self.errors:
            return given
        document: dict[str, Any] = {}
        places: dict[str, str] = {}
        for field in FIELDS:
            if isinstance(field.kind, Rows):
                rows = list(self._rows(field, field.kind, given, places))
                document |= {field.name: rows} if rows or field.always else {}
            else:
                _put(document, field, given[field.name])
        try:
            given["document"] = Policy.read(document).as_dict()
        except Invalid as error:
            self._refuse(error, places)
        return given

    def _rows(
        self, field: Field, kind: Rows, given: Mapping[str, Any], places: dict[str, str]
    ) -> Iterator[dict[str, Any]]:
        """The rows in which something was filled in; `places` keeps where each one stood."""
        kept = 0
        for place in range(self._counts[field.name]):
            prefix = f"{field.name}[{place}]"
            said = {c.name: given[f"{prefix}.{c.name}"] for c in kind.columns}
            row = {c.name: _value(c, said[c.name]) for c in kind.columns if _is_said(said[c.name])}
            defaults = {c.name for c in kind.columns if c.default is not None}
            if set(row) - defaults:
                places[f"{field.name}[{kept}]"] = prefix
                kept += 1
                yield row

    def _refuse(self, error: Invalid, places: Mapping[str, str]) -> None:
        """What the policy's reader refused stands at the input that it names."""
        path = error.field or ""
        row, dot, column = path.partition("].")
        path = f"{places.get(row + ']', row + ']')}.{column}" if dot else path
        known = path if path in self.fields else path.partition("[")[0]
        self.add_error(known if known in self.fields else None, f"{path}: {error.reason}")


def _group_texts() -> tuple[tuple[str, str], tuple[str, str], tuple[str, str]]:
    return (
        (
            _("Asked of models that are served here"),
            _("Evidence of each version, and the limits that it has to meet."),
        ),
        (
            _("Asked of models that are used elsewhere"),
            _(
                "In the place of the above, for versions of models that are inventory only: a "
                "vendor's, a programme, a spreadsheet. Left empty, all of the above is asked of "
                "them too, and what needs a run here stops them."
            ),
        ),
        (
            _("For both: signatures, validity, scope"),
            _("Who signs and how, what may be waived, and how long an approval holds."),
        ),
    )


def _input(kind: Any, name: str, *, required: bool) -> forms.Field:
    if isinstance(kind, Whole):
        return forms.IntegerField(required=required, min_value=kind.low, max_value=kind.high)
    if isinstance(kind, Number):
        widget = forms.NumberInput(attrs={"step": "any"})
        return forms.FloatField(required=required, widget=widget)
    if isinstance(kind, Truth):
        return forms.BooleanField(required=False)
    if isinstance(kind, Choice):
        return forms.ChoiceField(required=required, choices=[("", "–"), *_pairs(kind.names, name)])
    if isinstance(kind, Names):
        many = len(kind.allowed) > MOST_BOXES
        boxes = forms.CheckboxSelectMultiple()
        listed = forms.SelectMultiple(attrs={"size": "12"}) if many else boxes
        return forms.MultipleChoiceField(
            required=required, choices=_pairs(kind.allowed, name), widget=listed
        )
    return forms.CharField(required=required, max_length=_LONGEST_LIST)


def _pairs(names: tuple[str, ...], field: str) -> list[tuple[str, str]]:
    return [(name, policy_word(name, field)) for name in names]


def _at(document: Mapping[str, Any], path: str) -> Any:
    group, _dot, name = path.rpartition(".")
    holder = document.get(group, {}) if group else document
    return holder.get(name)


def _shown(kind: Any, value: Any) -> Any:
    return ", ".join(value) if isinstance(kind, Texts) and value else value


def _is_said(value: Any) -> bool:
    return value not in (None, "", [])


def _value(column: Column, value: Any) -> Any:
    return _texts(value) if isinstance(column.kind, Texts) else value


def _texts(value: str) -> list[str]:
    return [one.strip() for one in value.split(",") if one.strip()]


def _put(document: dict[str, Any], field: Field, value: Any) -> None:
    """The value at its path; what was left empty is left out."""
    value = _texts(value) if isinstance(field.kind, Texts) else value
    if field.optional and not field.always and (value is False or not _is_said(value)):
        return
    group, _dot, name = field.name.rpartition(".")
    holder = document.setdefault(group, {}) if group else document
    holder[name] = value
