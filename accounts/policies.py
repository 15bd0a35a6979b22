"""Who may manage people, roles and tokens."""

from uuid import UUID

from accounts.callers import Caller
from accounts.models import Membership, Passkey, Proposal, User
from accounts.roles import Role, Scope
from common.decisions import Decision, allow, deny


def may_change_profile(caller: Caller) -> Decision:
    """Everybody for his own login, in a session."""
    if caller.scopes is not None:
        return deny("A token cannot change the settings of its login.")
    return allow()


def may_manage_factor(caller: Caller) -> Decision:
    """Everybody his own, with the password in the request; a token needs the scope for it."""
    if caller.may_use(Scope.ADMIN):
        return allow()
    return deny("This token may not change the second factor of its person.")


def may_change_passkey(caller: Caller, passkey: Passkey) -> Decision:
    """Everybody his own."""
    if passkey.person_id != caller.person_id:
        return deny("This passkey is another person's.")
    return may_manage_factor(caller)


def keeps_sessions(caller: Caller) -> Decision:
    """Administrators of the instance, or of a team."""
    if not caller.may_use(Scope.ADMIN):
        return deny("This token may not see or end sessions.")
    if caller.is_admin or caller.teams_with(Role.ADMIN):
        return allow()
    return deny("Only administrators see and end the sessions of other persons.")


def may_manage_sessions(caller: Caller, user: User) -> Decision:
    """Everybody those of his own login; administrators those of the people whom they look after."""
    keeps = keeps_sessions(caller)
    if user.pk == caller.user.pk:
        return allow() if caller.may_use(Scope.ADMIN) else keeps
    if not keeps or caller.is_admin:
        return keeps
    mine = caller.teams_with(Role.ADMIN)
    if Membership.objects.filter(person=user.person_id, team__in=mine).exists():
        return allow()
    return deny("This person has no role in a team that you administer.")


def may_manage_people(caller: Caller) -> Decision:
    """Administrators of the instance enter persons, logins and teams."""
    if caller.is_admin:
        return allow()
    return deny("Only an administrator of this instance may manage people and teams.")


def may_manage_roles(caller: Caller, team: UUID | None) -> Decision:
    """Administrators of the instance or of the team give and take roles."""
    if not caller.may_use(Scope.ADMIN):
        return deny("This token may not manage roles.")
    if caller.is_admin or (team and caller.has_role(team, Role.ADMIN)):
        return allow()
    return deny("Only an administrator may give or take roles in this team.")


def keeps_people(caller: Caller) -> Decision:
    """Whoever may propose or decide what takes two persons, or looks after a team."""
    if caller.is_admin or caller.teams_with(Role.ADMIN, Role.MANAGER, Role.COMPLIANCE):
        return allow()
    return deny("Only administrators, managers and compliance see proposals of others.")


def may_confirm_roles(caller: Caller, team: UUID | None) -> Decision:
    """Whoever might propose them, and managers of the team, who know its people."""
    if caller.is_admin:
        return allow()
    if not caller.may_use(Scope.SIGN):
        return deny("This token may not confirm proposals.")
    if team and caller.has_role(team, Role.ADMIN, Role.MANAGER):
        return allow()
    return deny("Only an administrator, or a manager of the team, may confirm its roles.")


def may_confirm_logins(caller: Caller) -> Decision:
    """Another administrator of the instance."""
    if caller.is_admin:
        return allow()
    return deny("Only another administrator of this instance may confirm this.")


def may_take_half(caller: Caller, proposal: Proposal) -> Decision:
    """Whoever proposed the way in, or confirmed it, while he administers the instance."""
    if caller.person_id not in (proposal.proposer_id, proposal.decider_id):
        return deny("Only whoever proposed this and whoever confirmed it get a half.")
    return may_manage_people(caller)


def may_decline(caller: Caller, proposal: Proposal, may_confirm: Decision) -> Decision:
    """Whoever might confirm it, and did not propose it."""
    if proposal.proposer_id == caller.person_id:
        return deny("You proposed this; you may withdraw it.")
    return may_confirm


def may_take_back(caller: Caller, proposal: Proposal) -> Decision:
    """Whoever proposed it."""
    if not (caller.may_use(Scope.SIGN) or caller.may_use(Scope.ADMIN)):
        return deny("This token may not withdraw proposals.")
    if proposal.proposer_id == caller.person_id:
        return allow()
    return deny("Only whoever proposed this may withdraw it.")


def may_manage_tokens(caller: Caller) -> Decision:
    """In a session everybody his own; a token needs the scope for it, or a stolen one would outlive
    its own end in those that it made."""
    if caller.may_use(Scope.ADMIN):
        return allow()
    return deny("This token may not make or end tokens.")


def may_make_token(caller: Caller, scopes: set[str]) -> Decision:
    """Whoever manages tokens; a token cannot make one that is stronger than itself."""
    if caller.scopes is not None and not scopes <= caller.scopes:
        return deny("A token cannot make a token with more scopes than its own.")
    return may_manage_tokens(caller)
