"""Policies of the cast: proposed by whoever wants them, confirmed by another."""

from collections.abc import Mapping
from typing import Any

from accounts.callers import Caller
from accounts.models import Team
from governance.models import PolicyVersion
from tests.cast import password_of
from tests.factories.agreeing import published


def publish_policy(
    *,
    caller: Caller,
    name: str,
    tier: str,
    team: Team | None,
    document: Mapping[str, Any],
    confirmer: Caller | None = None,
) -> PolicyVersion:
    """A revision in force. Raises what proposing it raises."""
    return published(
        caller=caller,
        name=name,
        tier=tier,
        team=team,
        document=document,
        password=password_of,
        confirmer=confirmer,
    )
