"""An emergency grant on the page of its proposal."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils import timezone

from accounts.callers import Caller
from accounts.models import Proposal
from governance.emergencies import policies
from governance.emergencies.selectors import OVER, grants, state_of
from web.forms.emergencies import EndEmergencyForm, ReviewEmergencyForm


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
