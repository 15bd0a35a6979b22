"""Who may ask for measurements and explanations."""

from uuid import UUID

from accounts.callers import Caller
from accounts.roles import Role, Scope
from common.decisions import Decision, allow, deny


def may_evaluate(caller: Caller, team: UUID) -> Decision:
    """Contributors, managers and reviewers; whoever asks becomes a contributor to the evidence."""
    if not caller.may_use(Scope.WRITE):
        return deny("This token may not start jobs.")
    if caller.has_role(team, Role.CONTRIBUTOR, Role.MANAGER):
        return allow()
    return deny("Only contributors and managers of the owner team may start an evaluation.")
