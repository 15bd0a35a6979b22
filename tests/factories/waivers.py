"""A policy that the stage's version does not meet, and waivers of what it finds."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from governance.evidence.gates import GateResult
from governance.models import PolicyVersion, Waiver
from governance.policy.documents import DEFAULTS
from governance.services import dry_run
from governance.waivers.services import waive
from registry.models import ModelVersion
from tests.cast import password_of, the_team, who
from tests.factories.policies import publish_policy

ACCURACY = "metric:accuracy"
WAIVABLE = ["metric:*", "card"]
REASON = "It screens; a person decides on every case."


def strict_policy(limit: float = 0.9999, **changes: Any) -> PolicyVersion:
    """The team's own policy: an accuracy that nothing reaches, which may be waived."""
    document = DEFAULTS["medium"].as_dict() | {
        "metrics": [{"metric": "accuracy", "limit": limit, "bound": "value"}],
        "waivable": WAIVABLE,
    }
    return publish_policy(
        caller=who("mira"),
        name="strict",
        tier="medium",
        team=the_team(),
        document=document | changes,
    )


def gate_of(version: ModelVersion, name: str = ACCURACY) -> GateResult:
    """A gate as it stands now."""
    return next(gate for gate in dry_run(version) if gate.gate == name)


def in_days(days: int) -> date:
    """A day from today on, in UTC."""
    return (datetime.now(UTC) + timedelta(days=days)).date()


def give(name: str, version: ModelVersion, **wishes: Any) -> Waiver:
    """A waiver of the accuracy for thirty days, unless wished otherwise."""
    gate = wishes.get("gate", ACCURACY)
    found = [row for row in dry_run(version) if row.gate == gate]
    given: dict[str, Any] = {
        "caller": who(name),
        "version": version,
        "gate": gate,
        "gate_digest": found[0].digest if found else "",
        "reason": REASON,
        "expires_on": in_days(30),
        "password": password_of(name),
    }
    return waive(**(given | wishes))
