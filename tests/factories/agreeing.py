"""What takes two persons, done by two: proposed, and confirmed as it was shown."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from accounts.callers import Caller, caller_for
from accounts.models import Proposal, Team, User
from accounts.proposals.services import confirm, propose
from accounts.roles import Role
from governance.models import PolicyVersion

REASON = "As was agreed upon."
PasswordOf = Callable[[str], str]


def agree(
    kind: str,
    wish: Mapping[str, Any],
    *,
    proposer: Caller,
    confirmer: Caller,
    password: PasswordOf,
) -> Proposal:
    """One person proposes, another confirms."""
    proposal = propose(
        caller=proposer,
        kind=kind,
        wish=wish,
        reason=REASON,
        password=password(proposer.user.username),
    )
    return confirm(
        caller=confirmer,
        proposal=proposal,
        digest=f"sha256:{proposal.digest}",
        password=password(confirmer.user.username),
    )


def give_roles(
    team: Team,
    grants: Iterable[tuple[str, str]],
    *,
    proposer: Caller,
    confirmer: Caller,
    password: PasswordOf,
) -> Proposal:
    """Roles that sign or administer, as (login, role)."""
    wish = {
        "team": team.slug,
        "grants": [{"username": name, "role": Role(role).value} for name, role in grants],
    }
    return agree("roles", wish, proposer=proposer, confirmer=confirmer, password=password)


def published(
    *,
    caller: Caller,
    name: str,
    tier: str,
    team: Team | None,
    document: Mapping[str, Any],
    password: PasswordOf,
    confirmer: Caller | None = None,
) -> PolicyVersion:
    """A policy that the caller proposed and somebody who may confirmed."""
    wish = {
        "name": name,
        "tier": tier,
        "team": team.slug if team else None,
        "document": dict(document),
    }
    proposal = agree(
        "policy",
        wish,
        proposer=caller,
        confirmer=confirmer or _second(caller, team),
        password=password,
    )
    return PolicyVersion.objects.get(proposal=proposal)


def _second(caller: Caller, team: Team | None) -> Caller:
    """Somebody else who may confirm a policy; of the team, where it has such a person."""
    others = User.objects.exclude(person=caller.person_id).filter(is_active=True)
    keeps = others.filter(
        person__memberships__team=team,
        person__memberships__role__in=(Role.MANAGER, Role.COMPLIANCE),
    )
    found = keeps.first() or others.filter(is_admin=True).first()
    assert found is not None
    return caller_for(found, via="session")
