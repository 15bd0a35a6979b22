"""Who may read the log, of which teams, and who may take records out of the house."""

from uuid import UUID

from accounts.callers import Caller
from accounts.models import Team
from accounts.roles import Scope
from common.decisions import Decision, allow, deny
from registry.policies import KEEPERS


def may_read_tree(caller: Caller) -> Decision:
    """Checkpoints, keys and growth say nothing about anybody: every caller may keep them."""
    if not caller.may_use(Scope.READ):
        return deny("This token may not read.")
    return allow()


def may_read_log(caller: Caller) -> Decision:
    """Compliance and managers read the events of their teams, administrators every event."""
    if not caller.may_use(Scope.READ):
        return deny("This token may not read.")
    if caller.is_admin or caller.teams_with(*KEEPERS):
        return allow()
    return deny("Only compliance, managers and administrators read the log.")


def may_read_whole_log(caller: Caller) -> Decision:
    """Administrators, and compliance or managers of every team: a new team ends it for these."""
    reads = may_read_log(caller)
    if not reads or caller.is_admin or _keeps_every_team(caller):
        return reads
    return deny("You read the events of your teams only: there are teams in which you are neither.")


def _keeps_every_team(caller: Caller) -> bool:
    kept = caller.teams_with(*KEEPERS)
    return bool(kept) and not Team.objects.exclude(pk__in=kept).exists()


def may_read_exports(caller: Caller) -> Decision:
    """Whoever may ask for an export now reads those of the same scope, whoever asked then."""
    if not caller.may_use(Scope.READ):
        return deny("This token may not read.")
    if caller.teams_with(*KEEPERS):
        return allow()
    return deny("Only compliance and managers make and read exports.")


def may_read_all_exports(caller: Caller) -> Decision:
    """Those of everything and of periods hold the records of every team."""
    return _of_every_team(caller, may_read_exports(caller))


def may_export(caller: Caller, team: UUID) -> Decision:
    """A model's bundle is for compliance and managers of the team that owns the model."""
    asks = may_ask_for_exports(caller)
    if not asks or caller.has_role(team, *KEEPERS):
        return asks
    return deny("Only compliance and managers of the owner team export its records.")


def may_export_all(caller: Caller) -> Decision:
    """A bundle of everything or of a period holds the records of every team."""
    return _of_every_team(caller, may_ask_for_exports(caller))


def may_ask_for_exports(caller: Caller) -> Decision:
    """Whether there is any scope that the caller may ask for."""
    if not caller.may_use(Scope.WRITE):
        return deny("This token may not ask for an export.")
    if caller.teams_with(*KEEPERS):
        return allow()
    return deny("Only compliance and managers make and read exports.")


def _of_every_team(caller: Caller, of_some: Decision) -> Decision:
    if not of_some or _keeps_every_team(caller):
        return of_some
    return deny("Only compliance or managers of every team export the records of all teams.")


def may_read_records(caller: Caller) -> Decision:
    """Prediction records are read by token scope here and by team in the query."""
    if not caller.may_use(Scope.READ):
        return deny("This token may not read.")
    return allow()
