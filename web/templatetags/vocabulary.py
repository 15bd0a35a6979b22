"""The one vocabulary of states: for each its word, its tone and its icon.

Colour never stands alone, so each entry has all three.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Look:
    """How a state is shown; `tone` is ok, warn, bad, wait or empty for neutral."""

    word: str | Promise
    tone: str
    icon: str


STATES: dict[str, Look] = {
    "draft": Look(_("Draft"), "", "edit"),
    "in_review": Look(_("In review"), "wait", "wait"),
    "changes_requested": Look(_("Changes requested"), "warn", "msg"),
    "quorum_reached": Look(_("Quorum reached"), "wait", "check"),
    "approved": Look(_("Approved"), "ok", "check"),
    "emergency": Look(_("Emergency"), "bad", "warn"),
    "stale": Look(_("Stale"), "warn", "wait"),
    "live": Look(_("Live"), "ok", "live"),
    "not_served_unapproved": Look(_("Not served: never approved"), "bad", "stop"),
    "not_served_revoked": Look(_("Not served: revoked"), "bad", "stop"),
    "not_served_expired": Look(_("Not served: expired"), "bad", "stop"),
    "not_served_untrusted": Look(_("Not served: approval not trusted"), "bad", "stop"),
    "not_served_quarantined": Look(_("Not served: quarantined"), "bad", "stop"),
    "not_served_refused": Look(_("Not served: refused at load"), "bad", "stop"),
    "not_served_out_of_scope": Look(_("Not served: outside the scope"), "bad", "stop"),
    "not_served_stale": Look(_("Not served: stale for too long"), "bad", "stop"),
    "unset": Look(_("Not set"), "", "dash"),
    "rejected": Look(_("Rejected"), "bad", "x"),
    "revoked": Look(_("Revoked"), "bad", "stop"),
    "retired": Look(_("Retired"), "", "archive"),
    "quarantined": Look(_("Quarantined"), "bad", "warn"),
    "withdrawn": Look(_("Withdrawn"), "", "x"),
    "open": Look(_("Open"), "wait", "wait"),
    "confirmed": Look(_("Confirmed"), "ok", "check"),
    "declined": Look(_("Declined"), "bad", "x"),
    "lapsed": Look(_("Lapsed"), "", "archive"),
    "used": Look(_("Used"), "ok", "check"),
    "ended": Look(_("Ended"), "", "x"),
    "closed": Look(_("Closed"), "", "archive"),
    "finding_open": Look(_("Open"), "warn", "warn"),
    "finding_answered": Look(_("Answered"), "wait", "msg"),
    "finding_closed": Look(_("Closed"), "", "check"),
    "resolved": Look(_("Resolved"), "ok", "check"),
    "held": Look(_("Held"), "warn", "key"),
    "lifted": Look(_("Lifted"), "", "archive"),
    "overdue": Look(_("Overdue"), "bad", "wait"),
    "without_approval": Look(_("No valid approval"), "bad", "stop"),
    "queued": Look(_("Queued"), "", "wait"),
    "running": Look(_("Running"), "wait", "loop"),
    "succeeded": Look(_("Succeeded"), "ok", "check"),
    "failed": Look(_("Failed"), "bad", "x"),
    "cancelled": Look(_("Cancelled"), "", "stop"),
    "waiting": Look(_("Waiting"), "wait", "wait"),
    "active": Look(_("Active"), "ok", "check"),
    "expired": Look(_("Expired"), "warn", "wait"),
    "verified": Look(_("Verified"), "ok", "check"),
    "clean": Look(_("Clean"), "ok", "check"),
}

GATE_STATES: dict[str, Look] = {
    "passed": Look(_("Passed"), "ok", "okc"),
    "failed": Look(_("Failed"), "bad", "xc"),
    "warning": Look(_("Warning"), "warn", "warn"),
    "waived": Look(_("Waived"), "warn", "warn"),
    "waiting": Look(_("Waiting"), "wait", "wait"),
    "not_measured": Look(_("Not measured"), "bad", "info"),
}


def key(state: object) -> str:
    """The vocabulary's key of a state, however it is written: "In review" is "in_review"."""
    return str(state).strip().lower().replace(" ", "_").replace("-", "_")


def look(state: object) -> Look:
    """How a state is shown; an unknown one is shown neutrally under its own name."""
    return STATES.get(key(state)) or Look(str(state), "", "dash")


def gate_look(state: object, *, required: bool) -> Look:
    """How a gate's result is shown; what is only advised warns instead of failing."""
    name = key(state)
    if not required and name in ("failed", "not_measured"):
        icon = "warn" if name == "failed" else "info"
        word = GATE_STATES["warning" if name == "failed" else name].word
        return Look(word, "warn", icon)
    return GATE_STATES.get(name) or Look(str(state), "", "dash")
