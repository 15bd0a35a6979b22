"""Who grants an emergency, ends one and reviews it."""

from uuid import UUID

from accounts.callers import Caller
from accounts.roles import Role, Scope
from common.decisions import Decision, allow, deny
from governance.models import EmergencyGrant
from governance.policies import hand_in
from registry.models import ModelVersion


def may_grant(caller: Caller, team: UUID | None) -> Decision:
    """Managers of the owner team: one proposes, another confirms."""
    if not caller.may_use(Scope.SIGN):
        return deny("This token may not grant an emergency.")
    if team is not None and caller.has_role(team, Role.MANAGER):
        return allow()
    return deny("Only managers of the owner team grant an emergency, two of them.")


def had_no_hand(caller: Caller, version: ModelVersion) -> Decision:
    """As under a signature: who worked on it does not let it through."""
    did = hand_in(version, caller)
    if did:
        return deny(f"You are a contributor to this version ({did}); another person must do this.")
    return allow()


def may_end(caller: Caller, grant: EmergencyGrant) -> Decision:
    """Managers and compliance stop what answers."""
    if not caller.may_use(Scope.SIGN):
        return deny("This token may not end an emergency grant.")
    if caller.has_role(grant.version.model.team_id, Role.MANAGER, Role.COMPLIANCE):
        return allow()
    return deny("Only managers and compliance of the owner team may end an emergency grant.")


def may_review(caller: Caller, grant: EmergencyGrant) -> Decision:
    """A manager or compliance, neither of the two who granted it, and no contributor."""
    if not caller.may_use(Scope.SIGN):
        return deny("This token may not review an emergency grant.")
    if not caller.has_role(grant.version.model.team_id, Role.MANAGER, Role.COMPLIANCE):
        return deny("Only managers and compliance of the owner team review an emergency grant.")
    if caller.person_id in (grant.proposal.proposer_id, grant.proposal.decider_id):
        return deny("You granted it; a third person must review it.")
    return had_no_hand(caller, grant.version)
