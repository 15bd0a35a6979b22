"""An emergency grant on the page of its proposal."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from accounts.callers import Caller
from accounts.models import Proposal
from accounts.selectors import proposals_seen_by
from governance.emergencies import policies
from governance.emergencies.selectors import (
    IN_FORCE,
    OVER,
    REFUSED,
    WAITING,
    grants,
    grants_seen_by,
    state_of,
)
from registry.models import ModelVersion
from web.forms.emergencies import EndEmergencyForm, ReviewEmergencyForm

MOST_GRANTS = 10
SAID: dict[str, Promise] = {
    IN_FORCE: gettext_lazy("In force"),
    OVER: gettext_lazy("Over"),
    REFUSED: gettext_lazy("Refused by the notary"),
    WAITING: gettext_lazy("Waits for the notary"),
}


def grants_of(caller: Caller, version: ModelVersion) -> list[dict[str, Any]]:
    """The newest grants of a version, and whether the caller may open their pages."""
    now = timezone.now()
    rows = list(grants_seen_by(caller).filter(version=version)[:MOST_GRANTS])
    if not rows:
        return []
    wanted = [row.proposal_id for row in rows]
    opens = set(proposals_seen_by(caller).filter(pk__in=wanted).values_list("pk", flat=True))
    return [
        {
            "grant": row,
            "state": (state := state_of(row, now)),
            "said": SAID[state],
            "opens": row.proposal_id in opens,
        }
        for row in rows
    ]


def emergency_of(
    caller: Caller, proposal: Proposal, given: Mapping[str, forms.Form]
) -> dict[str, Any]:
    """What the page of a confirmed emergency shows besides; nothing of any other proposal."""
    grant = grants().filter(proposal=proposal).first()
    if grant is None:
        return {}
    state = state_of(grant, timezone.now())
    return {
        "grant": grant,
        "state": state,
        "reviewed": getattr(grant, "review", None),
        "may_end": policies.may_end(caller, grant),
        "may_review": policies.may_review(caller, grant),
        "waits_for_review": state == OVER and not hasattr(grant, "review"),
        "end_form": given.get("end_form") or EndEmergencyForm(auto_id="end-%s"),
        "review_form": given.get("review_form") or ReviewEmergencyForm(auto_id="review-%s"),
    }
