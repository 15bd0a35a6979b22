"""Who may submit, sign, promote, revoke and publish; each answer is a sentence."""

from uuid import UUID

from accounts.callers import Caller
from accounts.factors.codes import has_factor
from accounts.passkeys.records import has_passkey
from accounts.roles import Role, Scope
from common.decisions import Decision, allow, deny
from common.errors import A_PASSKEY, AN_APP
from governance.findings.records import annex_of
from governance.models import Comment, Review, ReviewState, Waiver
from governance.policy.documents import Policy
from registry.models import ModelVersion, VersionContributor
from trust.methods import OIDC, PASSKEY

HANDS = {
    "uploaded": "uploaded it",
    "trained": "asked for its training",
    "compressed": "asked for its compression",
    "plan": "chose its criteria",
    "evaluation": "chose its evaluation",
    "explanation": "chose its explanation",
    "card": "edited its card",
}


def may_submit(caller: Caller, team: UUID) -> Decision:
    """Contributors and managers ask for a review."""
    if not caller.may_use(Scope.WRITE):
        return deny("This token may not submit.")
    if caller.has_role(team, Role.CONTRIBUTOR, Role.MANAGER):
        return allow()
    return deny("Only contributors and managers of the owner team may submit a version.")


def may_comment(caller: Caller, team: UUID) -> Decision:
    """Everybody who reads the review may comment, but consumers."""
    if not caller.may_use(Scope.WRITE):
        return deny("This token may not write comments.")
    if caller.has_role(team, Role.CONTRIBUTOR, Role.REVIEWER, Role.MANAGER, Role.COMPLIANCE):
        return allow()
    return deny("Only members who read the evidence may comment.")


def may_resolve(caller: Caller, comment: Comment) -> Decision:
    """Whoever wrote the first comment of the thread, and those who review."""
    if not caller.may_use(Scope.WRITE):
        return deny("This token may not resolve threads.")
    if comment.author.person_id == caller.person_id:
        return allow()
    team = comment.review.version.model.team_id
    if caller.has_role(team, Role.REVIEWER, Role.MANAGER, Role.COMPLIANCE):
        return allow()
    return deny("Only whoever wrote it, a reviewer, a manager or compliance may resolve a thread.")


def signing_role(caller: Caller, team: UUID, policy: Policy) -> str | None:
    """The first role of the policy's list that the caller has in the team."""
    held = caller.roles.get(team, frozenset())
    return next((role for role in policy.roles if role in held), None)


def may_sign(caller: Caller, review: Review, policy: Policy) -> Decision:
    """Persons with a signing role who had no hand in the version; no role is above this."""
    version = review.version
    if not caller.may_use(Scope.SIGN):
        return deny("This token may not sign.")
    if review.state != ReviewState.OPEN:
        return deny(f"The review is closed for signatures: {review.get_state_display()}.")
    if signing_role(caller, version.model.team_id, policy) is None:
        return deny(f"The policy wants a signature of: {', '.join(policy.roles)}.")
    did = hand_in(version, caller)
    if did:
        return deny(f"You are a contributor to this version ({did}); another person must sign.")
    signed = review.signatures.filter(person=caller.person_id)
    if signed.filter(annex_digest=annex_of(version.pk).digest).exists():
        return deny("You have signed this statement already.")
    return _shows_factor(caller, policy)


def may_look(caller: Caller, review: Review, policy: Policy) -> Decision:
    """Those who might sign are asked later what they have seen: reading it again is theirs."""
    if not caller.may_use(Scope.WRITE):
        return deny("This token may not note what was read.")
    if signing_role(caller, review.version.model.team_id, policy) is None:
        return deny("Looks are remembered of persons whose role signs.")
    if hand_in(review.version, caller):
        return deny("Looks are remembered of persons who had no hand in the version.")
    return allow()


def may_assign(caller: Caller, review: Review) -> Decision:
    """Whoever opened the review, managers and reviewers say who is asked to sign it."""
    if not caller.may_use(Scope.WRITE):
        return deny("This token may not assign reviews.")
    if review.opened_by.person_id == caller.person_id:
        return allow()
    if caller.has_role(review.version.model.team_id, Role.MANAGER, Role.REVIEWER):
        return allow()
    return deny("Only whoever opened the review, a manager or a reviewer may assign it.")


def _shows_factor(caller: Caller, policy: Policy) -> Decision:
    """Whoever has an authenticator app is asked for its code in the request that signs."""
    if policy.passkey and not has_passkey(caller.person_id):
        return deny("The policy demands a passkey: register one first.", wants=(A_PASSKEY,))
    if policy.second_factor and not (has_factor(caller.person_id) or has_passkey(caller.person_id)):
        return deny(
            "The policy demands a second factor: set up an authenticator app, or register a "
            "passkey, first.",
            wants=(AN_APP, A_PASSKEY),
        )
    return allow()


def may_prove(caller: Caller, policy: Policy, *, by: str) -> Decision:
    """Whether the policy takes this method for a proof; a password's may have a code besides."""
    if policy.passkey and by != PASSKEY:
        return deny("The policy demands a passkey: sign with yours.")
    if policy.second_factor and by == OIDC:
        return deny(
            "The policy demands a second factor, and a sign-in at the identity provider shows none."
        )
    if policy.second_factor and by != PASSKEY and not has_factor(caller.person_id):
        return deny("The policy demands a second factor: sign with your passkey.")
    return allow()


def hand_in(version: ModelVersion, caller: Caller) -> str:
    """What the person did for the version; empty where that is nothing."""
    hand = VersionContributor.objects.filter(version=version, person=caller.person_id).first()
    return HANDS.get(hand.reason, "had a hand in it") if hand else ""


def may_waive(caller: Caller, version: ModelVersion, policy: Policy) -> Decision:
    """Persons who might sign for the version: a signing role, and no hand in it."""
    if not caller.may_use(Scope.SIGN):
        return deny("This token may not waive a gate.")
    if signing_role(caller, version.model.team_id, policy) is None:
        return deny(f"A gate is waived by one of: {', '.join(policy.roles)}.")
    did = hand_in(version, caller)
    if did:
        return deny(f"You are a contributor to this version ({did}); another person must waive.")
    return _shows_factor(caller, policy)


def may_withdraw_waiver(caller: Caller, waiver: Waiver) -> Decision:
    """Whoever gave the waiver, a manager, or compliance."""
    if not caller.may_use(Scope.SIGN):
        return deny("This token may not withdraw a waiver.")
    if waiver.person_id == caller.person_id:
        return allow()
    if caller.has_role(waiver.version.model.team_id, Role.MANAGER, Role.COMPLIANCE):
        return allow()
    return deny("Only whoever gave the waiver, a manager or compliance may withdraw it.")


def may_withdraw(caller: Caller, review: Review) -> Decision:
    """Whoever opened the review, or a manager, takes it back."""
    if not caller.may_use(Scope.WRITE):
        return deny("This token may not withdraw.")
    if review.opened_by.person_id == caller.person_id:
        return allow()
    if caller.has_role(review.version.model.team_id, Role.MANAGER):
        return allow()
    return deny("Only whoever opened the review, or a manager, may withdraw it.")


def may_promote(caller: Caller, team: UUID) -> Decision:
    """Managers move aliases."""
    if not caller.may_use(Scope.SIGN):
        return deny("This token may not move aliases.")
    if caller.has_role(team, Role.MANAGER):
        return allow()
    return deny("Only managers of the owner team may move an alias.")


def may_retire(caller: Caller, team: UUID) -> Decision:
    """Managers take versions out of use."""
    if not caller.may_use(Scope.SIGN):
        return deny("This token may not retire versions.")
    if caller.has_role(team, Role.MANAGER):
        return allow()
    return deny("Only managers of the owner team may retire a version.")


def may_revoke(caller: Caller, team: UUID) -> Decision:
    """Managers and compliance stop a model."""
    if not caller.may_use(Scope.SIGN):
        return deny("This token may not revoke.")
    if caller.has_role(team, Role.MANAGER, Role.COMPLIANCE):
        return allow()
    return deny("Only managers and compliance of the owner team may revoke an approval.")


def may_publish_policy(caller: Caller, team: UUID | None) -> Decision:
    """A team's managers publish for the team; the instance's policies are its administrators'."""
    if not caller.may_use(Scope.SIGN):
        return deny("This token may not publish policies.")
    if team is None:
        if caller.is_admin:
            return allow()
        return deny("Only an administrator publishes policies for every team.")
    if caller.has_role(team, Role.MANAGER):
        return allow()
    return deny("Only managers of the team may publish its policies.")


def may_confirm_policy(caller: Caller, team: UUID | None) -> Decision:
    """Whoever might propose it, compliance of the team, and administrators."""
    if not caller.may_use(Scope.SIGN):
        return deny("This token may not confirm policies.")
    if caller.is_admin or (team and caller.has_role(team, Role.MANAGER, Role.COMPLIANCE)):
        return allow()
    if team is None:
        return deny("Only another administrator confirms policies for every team.")
    return deny("Only managers, compliance or administrators may confirm the team's policies.")
