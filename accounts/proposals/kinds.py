"""What may be proposed: the table of kinds, by names that are resolved where they are used.

Some kinds belong to apps above this one; hence the names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from django.utils.module_loading import import_string

from accounts.callers import Caller
from accounts.models import Proposal, Team
from common.decisions import Decision
from common.errors import Invalid

Details = dict[str, Any]
Thing = tuple[str, object]

KINDS = {
    "policy": "governance.policy.publishing.POLICY",
    "roles": "accounts.proposals.roles.ROLES",
    "administrator": "accounts.proposals.logins.ADMINISTRATOR",
    "second_factor_reset": "accounts.proposals.logins.SECOND_FACTOR_RESET",
    "password": "accounts.ways_in.proposed.PASSWORD",
    "reopening": "accounts.ways_in.proposed.REOPENING",
    "identity": "accounts.oidc.proposed.IDENTITY",
    "deletion": "compliance.retention.deletion.DELETION",
    "dataset_deletion": "compliance.retention.dataset_deletion.DATASET_DELETION",
    "emptying": "compliance.retention.emptying.EMPTYING",
    "retention": "compliance.retention.rules.RETENTION",
    "emergency": "governance.emergencies.kind.EMERGENCY",
}
KIND_CHOICES = [(kind, kind) for kind in KINDS]
# Both persons must show a second factor, whatever the policy says.
WITH_SECOND_FACTOR = frozenset(("emergency",))
# Neither of the two may be the person whom it is about.
BY_OTHERS = frozenset(("password", "reopening", "second_factor_reset"))
# Each of the two gets a half, for which he shows a password.
HALVED = frozenset(("password", "reopening"))


@dataclass(frozen=True)
class Draft:
    """What exactly is to be done, as plain JSON with ids in place of names; `team` decides over it
    or, where it is None, the instance's administrators."""

    details: Details
    team: Team | None


class Kind(Protocol):
    """One kind of thing that takes two persons."""

    def may_propose(self, caller: Caller, team: UUID | None) -> Decision:
        """Whether the caller has the authority to want it."""

    def may_confirm(self, caller: Caller, team: UUID | None) -> Decision:
        """Whether the caller has the authority to confirm it, if another person proposed it."""

    def draft(self, caller: Caller, wish: Mapping[str, Any]) -> Draft:
        """Read a wish. Raises NotAllowed, NotFound, Invalid naming the field, Conflict."""

    def before(self, details: Details) -> Details:
        """What is there now that it would change; another one at the confirmation refuses it."""

    def related(self, details: Details) -> list[Thing]:
        """Whose histories tell of it."""

    def execute(self, proposal: Proposal, details: Details, caller: Caller) -> None:
        """Do it, in the transaction of the confirmation by `caller`, and tell the log."""


def kind_named(name: str) -> Kind:
    """The kind of that name. Raises Invalid."""
    if name not in KINDS:
        raise Invalid(f"There is no such kind of proposal; say {', '.join(KINDS)}.", field="kind")
    found: Kind = import_string(KINDS[name])
    return found
