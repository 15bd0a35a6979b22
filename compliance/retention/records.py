"""What holds and their ends say, as the canonical JSON whose digest stands in the log."""

from typing import Any

from compliance.retention.models import Held, HoldLift, LegalHold
from trust.bundle_retention import HOLD_LIFTED, HOLD_PLACED, HOLD_TYPES
from trust.times import format_moment


def held_in(hold: LegalHold) -> dict[str, Any]:
    """What a hold is on, in ids and digests."""
    if hold.dataset:
        rows = f"sha256:{hold.dataset.blob_id}"
        return {"kind": hold.kind, "dataset": str(hold.dataset_id), "digest": rows}
    said: dict[str, Any] = {"kind": hold.kind, "model": str(hold.model_id)}
    if hold.version:
        said["version"] = f"sha256:{hold.version.digest}"
    if hold.kind == Held.PREDICTIONS and hold.since:
        said["since"] = format_moment(hold.since)
        said["until"] = format_moment(hold.until) if hold.until else None
    return said


def record_of_hold(hold: LegalHold) -> dict[str, Any]:
    """The record of a hold."""
    return {
        "type": HOLD_TYPES[HOLD_PLACED],
        "id": str(hold.pk),
        "on": held_in(hold),
        "reference": hold.reference,
        "reason": hold.reason,
        "person": str(hold.person_id),
        "user": str(hold.user_id),
        "at": format_moment(hold.at),
    }


def record_of_lift(lift: HoldLift, method: str) -> dict[str, Any]:
    """The record of its end; `method` is how the person was asked who he is."""
    return {
        "type": HOLD_TYPES[HOLD_LIFTED],
        "hold": f"sha256:{lift.hold.digest}",
        "reason": lift.reason,
        "method": method,
        "person": str(lift.person_id),
        "user": str(lift.user_id),
        "at": format_moment(lift.at),
    }
