"""Who raises, answers, closes, reopens and amends findings; each answer is a sentence."""

from uuid import UUID

from accounts.callers import Caller
from accounts.roles import Role, Scope
from common.decisions import Decision, allow, deny
from governance.findings.models import FindingAmendment
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
    owners = _owners(finding)
    if owners[-1] == caller.person_id and caller.has_role(team, *OWNERS):
        return allow()
    if caller.has_role(team, Role.MANAGER):
        return allow()
    return deny("Only the owner of the finding, or a manager, may answer it.")


def may_judge_finding(caller: Caller, finding: Finding) -> Decision:
    """Whoever raised it or another reviewer: no contributor, and nobody who owns or owned it."""
    return _may_decide(caller, finding, "close and reopen", "another person must judge")


def may_amend_finding(caller: Caller, finding: Finding) -> Decision:
    """Whoever may judge it: neither gives himself more time nor a way to judge his own answer."""
    return _may_decide(caller, finding, "amend", "another person must change owner or day")


def _may_decide(caller: Caller, finding: Finding, act: str, otherwise: str) -> Decision:
    if not caller.may_use(Scope.SIGN):
        return deny(f"This token may not {act} findings.")
    if not caller.has_role(finding.version.model.team_id, *REVIEWERS):
        return deny(f"Only reviewers, managers and compliance of the owner team {act} findings.")
    if caller.person_id in _owners(finding):
        return deny(f"You own this finding, or owned it; {otherwise}.")
    did = hand_in(finding.version, caller)
    if did:
        return deny(f"You are a contributor to this version ({did}); {otherwise}.")
    return allow()


def _owners(finding: Finding) -> list[UUID]:
    """Everybody who was ever to answer it, as it stands in the tables now; the last one is now."""
    later = FindingAmendment.objects.filter(finding=finding).order_by("position")
    return [finding.owner_id, *later.values_list("owner", flat=True)]
