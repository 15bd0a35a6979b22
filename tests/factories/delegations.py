"""Persons who are away."""

from typing import Any

from governance.reviewing.delegations import name_delegate
from governance.reviewing.models import Delegation
from tests.cast import user_of, who
from tests.factories.findings import in_days


def away(name: str, delegate: str, *, days: tuple[int, int] = (0, 5), **wishes: Any) -> Delegation:
    """The person names the delegate, from so many days on to so many."""
    given: dict[str, Any] = {
        "caller": who(name),
        "delegate": user_of(delegate).person_id,
        "starts_on": in_days(days[0]),
        "ends_on": in_days(days[1]),
    }
    return name_delegate(**(given | wishes))
