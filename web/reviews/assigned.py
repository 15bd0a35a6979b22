"""Who is asked to sign a review, as the pages show it."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.callers import Caller
from accounts.models import Person
from governance.models import Review, ReviewState
from governance.policies import may_assign
from governance.reviewing.assignments import (
    asked_now,
    due_day,
    is_late,
    possible_assignees,
)
from governance.reviewing.delegations import stand_in_for
from governance.reviewing.models import Assignment
from web.forms.reviews import AssignForm


def assigned(review: Review) -> dict[str, Any]:
    """{"asked", "due_on", "overdue"} for a row of a list."""
    return {
        "asked": [_in_words(person) for person in asked_now(review)],
        "due_on": due_day(review),
        "overdue": is_late(review),
    }


def _in_words(person: Person) -> str:
    away = stand_in_for(person)
    if away is None:
        return person.name
    return _("%(delegate)s for %(person)s") % {
        "delegate": away.delegate.name,
        "person": person.name,
    }


def assign_form(review: Review, data: Any = None) -> AssignForm:
    """Filled in with what holds now."""
    people = [(str(person.pk), person.name) for person in possible_assignees(review)]
    now = {
        "assignees": [str(person.pk) for person in asked_now(review)],
        "due_on": due_day(review),
    }
    return AssignForm(data, people=people, initial=now)


def about(caller: Caller, review: Review) -> dict[str, Any]:
    """What the page of the review shows of it."""
    found = assigned(review)
    may = set(possible_assignees(review).values_list("pk", flat=True))
    people = [_shown(person, may) for person in asked_now(review)]
    is_open = review.state == ReviewState.OPEN
    may_change = is_open and bool(may_assign(caller, review))
    form = assign_form(review) if may_change else None
    return found | {"asked": people, "assign_form": form}


def _shown(person: Person, may: set[UUID]) -> dict[str, Any]:
    """Who is to sign: the person, or whoever stands in, with his own authority or none."""
    away = stand_in_for(person)
    asked = away.delegate if away else person
    return {
        "name": asked.name,
        "away": person.name if away else "",
        "until": away.ends_on if away else None,
        "may_sign": asked.pk in may,
    }


def moves_of(review: Review) -> list[dict[str, Any]]:
    """Every assignment, for `{% timeline_item %}`."""
    return [_moved(row) for row in review.assignments.all()]


def _moved(row: Assignment) -> dict[str, Any]:
    names = ", ".join(sorted(one.person.name for one in row.assignees.all()))
    text = _("assigned the review to %(names)s") % {"names": names}
    if not names:
        text = _("assigned the review to nobody in particular")
    if row.due_on:
        text += " · " + _("due on %(day)s") % {"day": row.due_on.isoformat()}
    return {"person": row.person.name, "text": text, "at": row.at, "icon": "user"}
