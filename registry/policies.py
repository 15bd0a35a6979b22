"""Who may see and change models, versions and datasets."""

from uuid import UUID

from accounts.callers import Caller
from accounts.roles import Role, Scope
from common.decisions import Decision, allow, deny

WRITERS = (Role.CONTRIBUTOR, Role.MANAGER)
READERS = (Role.CONTRIBUTOR, Role.REVIEWER, Role.MANAGER, Role.COMPLIANCE, Role.ADMIN)
# They answer for a team's records: they read its part of the log and export its models.
KEEPERS = (Role.COMPLIANCE, Role.MANAGER)


def may_read(caller: Caller, team: UUID) -> Decision:
    """Members of the owner team read; consumers too, since they must know what they call."""
    if not caller.may_use(Scope.READ):
        return deny("This token may not read.")
    if team in caller.teams:
        return allow()
    return deny("You do not belong to the team that owns this.")


def may_read_evidence(caller: Caller, team: UUID) -> Decision:
    """Everybody in the team but consumers reads files, evidence and reviews."""
    if not caller.may_use(Scope.READ):
        return deny("This token may not read.")
    if caller.has_role(team, *READERS):
        return allow()
    return deny("Consumers see the model's description and interface, not its evidence.")


def may_import(caller: Caller) -> Decision:
    """Contributors and managers of any team check and import lines of the register; of each line
    `may_contribute` decides."""
    if not caller.may_use(Scope.WRITE):
        return deny("This token may not change anything.")
    # The answer shows what each line changes, so it shows what stands there.
    if not caller.may_use(Scope.READ):
        return deny("This token may not read the register.")
    if caller.teams_with(*WRITERS):
        return allow()
    return deny("Only contributors and managers of a team import lines of the register.")


def may_contribute(caller: Caller, team: UUID) -> Decision:
    """Contributors and managers of a team register, train, evaluate, compress and submit."""
    if not caller.may_use(Scope.WRITE):
        return deny("This token may not change anything.")
    if caller.has_role(team, *WRITERS):
        return allow()
    return deny("Only contributors and managers of the owner team may do this.")
