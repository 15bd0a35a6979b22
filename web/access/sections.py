"""The parts of the access pages, as far as the person may use them."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import policies
from accounts.callers import Caller


def sections(caller: Caller, current: str) -> list[dict[str, Any]]:
    """Links for `{% tabs %}`; `current` is the name of the open page."""
    names = [
        ("web:access", _("Profile")),
        ("web:second-factor", _("Second factor")),
        ("web:passkeys", _("Passkeys")),
        ("web:sessions", _("Sessions")),
        ("web:tokens", _("Tokens")),
        ("web:teams", _("Teams and roles")),
    ]
    if policies.may_manage_people(caller):
        names.append(("web:people", _("People")))
    return [
        {"label": label, "url": reverse(name), "count": None, "current": name == current}
        for name, label in names
    ]
