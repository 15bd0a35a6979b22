"""What has changed since the statement that this reviewer saw last, in words."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.callers import Caller
from accounts.selectors import persons_named
from governance.evidence.differences import Difference, differences
from governance.models import Review
from governance.reviewing.looks import last_seen
from registry.cards import FIELDS
from web.figures import svg
from web.templatetags.formats import short_digest
from web.templatetags.vocabulary import gate_look
from web.words import gate_title, word


@dataclass(frozen=True)
class Row:
    """One difference: what it is about, and how it reads before and now; empty where it was not."""

    part: str
    name: str
    before: str
    now: str
    place: str


_PLACES = {"gate": "#gates", "waiver": "#waivers", "card": "#card", "criteria": "#plan"}


def since_last_look(caller: Caller, review: Review) -> dict[str, Any]:
    """{"since", "since_url", "differences"}: empty for whoever has seen no earlier statement."""
    look = last_seen(caller, review)
    if look is None:
        return {}
    found = differences(look.review, review)
    people = [UUID(d.name) for d in found if d.part == "contributor"]
    names = {str(key): name for key, name in persons_named(people).items()} if people else {}
    return {
        "since": look,
        "since_url": reverse("web:review", args=[look.review_id]),
        "differences": [_row(difference, names) for difference in found],
    }


def _row(difference: Difference, names: dict[str, str]) -> Row:
    return Row(
        part=_part(difference.part),
        name=_name(difference, names),
        before=_said(difference.part, difference.before),
        now=_said(difference.part, difference.after),
        place=_PLACES.get(difference.part, "#files" if difference.part == "artifact" else ""),
    )


def _part(part: str) -> str:
    words = {
        "version": _("Version"),
        "artifact": _("File"),
        "evidence": _("Evidence"),
        "gate": _("Gate"),
        "waiver": _("Waiver"),
        "card": _("Model card"),
        "criteria": _("Criteria"),
        "policy": _("Policy"),
        "contributor": _("Contributor"),
        "term": _("Terms of the approval"),
    }
    return words.get(part, part)


def _name(difference: Difference, names: dict[str, str]) -> str:
    name = difference.name
    if difference.part == "evidence":
        return word(name, "evidence")
    if difference.part in ("gate", "waiver"):
        return gate_title(name)
    if difference.part == "card" and name in FIELDS:
        return str(FIELDS[name][0])
    return names.get(name, name)


def _said(part: str, value: Any) -> str:
    if value is None:
        return ""
    if part == "gate":
        word = str(gate_look(value["state"], required=value["required"]).word)
        measured, limit = value["measured"], value["limit"]
        shown = [word, _number(measured), _("limit %(limit)s") % {"limit": _number(limit)}]
        return " · ".join(shown[: 3 if limit is not None else 2 if measured is not None else 1])
    if isinstance(value, str):
        return short_digest(value) if value.startswith("sha256:") else value
    return _number(value)


def _number(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _plain(value)
    return svg.number(value, 4)


def _plain(value: Any) -> str:
    """Objects and lists of a policy, in one line."""
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_plain(item)}" for name, item in value.items())
    if isinstance(value, list):
        return "; ".join(_plain(item) for item in value)
    return str(value)
