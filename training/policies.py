"""Who may make versions by jobs."""

from uuid import UUID

from accounts.callers import Caller
from accounts.roles import Role, Scope
from common.decisions import Decision, allow, deny


def may_train(caller: Caller, team: UUID) -> Decision:
    """Contributors and managers of the owner team train and compress."""
    if not caller.may_use(Scope.WRITE):
        return deny("This token may not start jobs.")
    if caller.has_role(team, Role.CONTRIBUTOR, Role.MANAGER):
        return allow()
    return deny("Only contributors and managers of the owner team may train or compress.")
