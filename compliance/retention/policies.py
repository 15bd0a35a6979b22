"""Who places and lifts holds; each answer is a sentence."""

from uuid import UUID

from accounts.callers import Caller
from accounts.roles import Role, Scope
from common.decisions import Decision, allow, deny
from compliance.retention.models import LegalHold


def may_hold(caller: Caller, team: UUID) -> Decision:
    """Compliance of the owner team."""
    if not caller.may_use(Scope.SIGN):
        return deny("This token may not place or lift legal holds.")
    if caller.has_role(team, Role.COMPLIANCE):
        return allow()
    return deny("Only compliance of the owner team places and lifts legal holds.")


def may_lift(caller: Caller, hold: LegalHold, team: UUID) -> Decision:
    """Compliance, and another person than the one who placed it."""
    may = may_hold(caller, team)
    if may and hold.person_id == caller.person_id:
        return deny("You placed this hold; another person of compliance lifts it.")
    return may


def may_propose_deletion(caller: Caller, team: UUID | None) -> Decision:
    """Managers of the owner team."""
    if not caller.may_use(Scope.SIGN):
        return deny("This token may not propose deletions.")
    if team and caller.has_role(team, Role.MANAGER):
        return allow()
    return deny("Only managers of the owner team propose to delete.")


def may_confirm_deletion(caller: Caller, team: UUID | None) -> Decision:
    """Compliance of the owner team."""
    if not caller.may_use(Scope.SIGN):
        return deny("This token may not confirm deletions.")
    if team and caller.has_role(team, Role.COMPLIANCE):
        return allow()
    return deny("Only compliance of the owner team confirms a deletion.")
