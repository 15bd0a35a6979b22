"""Who may read the log as a whole, and who may take it out of the house."""

from accounts.callers import Caller
from accounts.roles import Role, Scope
from common.decisions import Decision, allow, deny

# The log is one for the whole instance, so a role in any team counts.
WHOLE_LOG = (Role.COMPLIANCE, Role.MANAGER)


def may_read_tree(caller: Caller) -> Decision:
    """Checkpoints, keys and growth say nothing about anybody: every caller may keep them."""
    if not caller.may_use(Scope.READ):
        return deny("This token may not read.")
    return allow()


def may_read_log(caller: Caller) -> Decision:
    """Compliance, managers and administrators read every event."""
    if not caller.may_use(Scope.READ):
        return deny("This token may not read.")
    if caller.is_admin or caller.teams_with(*WHOLE_LOG):
        return allow()
    return deny("Only compliance, managers and administrators read the whole log.")


def may_read_exports(caller: Caller) -> Decision:
    """Compliance and managers: a bundle holds evidence and records of every team."""
    if not caller.may_use(Scope.READ):
        return deny("This token may not read.")
    if caller.teams_with(*WHOLE_LOG):
        return allow()
    return deny("Only compliance and managers make and read exports.")


def may_export(caller: Caller) -> Decision:
    """The same persons ask for a bundle."""
    if not caller.may_use(Scope.WRITE):
        return deny("This token may not ask for an export.")
    if caller.teams_with(*WHOLE_LOG):
        return allow()
    return deny("Only compliance and managers make and read exports.")


def may_read_records(caller: Caller) -> Decision:
    """Prediction records are read by token scope here and by team in the query."""
    if not caller.may_use(Scope.READ):
        return deny("This token may not read.")
    return allow()
