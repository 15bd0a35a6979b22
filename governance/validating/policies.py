"""Who writes validation reports."""

from accounts.callers import Caller
from accounts.roles import Scope
from common.decisions import Decision, allow, deny
from governance.findings.policies import REVIEWERS
from governance.models import Review
from governance.policies import hand_in


def may_validate(caller: Caller, review: Review) -> Decision:
    """Reviewers, managers and compliance of the owner team who had no hand in the version."""
    if not caller.may_use(Scope.SIGN):
        return deny("This token may not write validation reports.")
    if not caller.has_role(review.version.model.team_id, *REVIEWERS):
        return deny("Only reviewers, managers and compliance of the owner team validate a version.")
    did = hand_in(review.version, caller)
    if did:
        return deny(f"You are a contributor to this version ({did}); another person must validate.")
    return allow()
