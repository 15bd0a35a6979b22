"""Who raises, answers, closes and reopens findings; each answer is a sentence."""

from accounts.callers import Caller
from accounts.roles import Role, Scope
from common.decisions import Decision, allow, deny
from governance.models import Finding
from governance.policies import hand_in
from registry.models import ModelVersion

REVIEWERS = (Role.REVIEWER, Role.MANAGER, Role.COMPLIANCE)
OWNERS = (Role.CONTRIBUTOR, *REVIEWERS)


def may_raise_finding(caller: Caller, version: ModelVersion) -> Decision:
    """Reviewers, managers and compliance who had no hand in the version."""
    if not caller.may_use(Scope.SIGN):
        return deny("This token may not raise findings.")
    if not caller.has_role(version.model.team_id, *REVIEWERS):
        return deny("Only reviewers, managers and compliance of the owner team raise findings.")
    did = hand_in(version, caller)
    if did:
        return deny(f"You are a contributor to this version ({did}); another person must review.")
    return allow()


def may_answer_finding(caller: Caller, finding: Finding) -> Decision:
    """Its owner, and managers of the team for whoever has left."""
    if not caller.may_use(Scope.WRITE):
        return deny("This token may not answer findings.")
    team = finding.version.model.team_id
    if finding.owner_id == caller.person_id and caller.has_role(team, *OWNERS):
        return allow()
    if caller.has_role(team, Role.MANAGER):
        return allow()
    return deny("Only the owner of the finding, or a manager, may answer it.")


def may_judge_finding(caller: Caller, finding: Finding) -> Decision:
    """Whoever raised it or another reviewer: no contributor, and not its owner."""
    if not caller.may_use(Scope.SIGN):
        return deny("This token may not close or reopen findings.")
    if not caller.has_role(finding.version.model.team_id, *REVIEWERS):
        return deny(
            "Only reviewers, managers and compliance of the owner team close and reopen findings."
        )
    if finding.owner_id == caller.person_id:
        return deny("You own this finding; another person must judge your answer.")
    did = hand_in(finding.version, caller)
    if did:
        return deny(f"You are a contributor to this version ({did}); another person must judge.")
    return allow()
