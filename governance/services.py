"""Verbs of review and approval."""

import uuid
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.callers import Caller
from accounts.proving import Proof, prove, way_of
from audit.actions import Action
from audit.services import record
from common.errors import Conflict, Invalid
from common.failpoints import reached
from evaluation.criteria import PASSED
from governance import policies
from governance.evidence.elsewhere import require_approvable
from governance.evidence.gates import GateResult, blocking
from governance.evidence.statements import build_statement, what_changed
from governance.findings.records import Annex, annex_of, blocking_findings
from governance.models import (
    PolicyVersion,
    Review,
    ReviewState,
    Signature,
    SignDecision,
)
from governance.policy.documents import Policy
from governance.policy.scopes import default_scope, scope_of
from governance.policy.validity import holding, renewable_from, status_after
from governance.reviewing.signing import counting_signatures, make_record, words_to_sign
from governance.selectors import policy_for, statement_of
from governance.texts import written
from registry.models import ModelVersion, Status
from registry.services import show_status
from trust.canonical import canonical
from trust.passkeys import SIGN

LONGEST_TEXT = 4000
_CLOSED = (Status.RETIRED, Status.QUARANTINED, Status.IN_REVIEW, Status.QUORUM)
_ENDINGS = {
    SignDecision.REJECT: (ReviewState.REJECTED, Status.REJECTED, Action.REVIEW_REJECTED),
    SignDecision.REQUEST_CHANGES: (
        ReviewState.CHANGES_REQUESTED,
        Status.CHANGES_REQUESTED,
        Action.REVIEW_CHANGES_REQUESTED,
    ),
}


def _locked(review: Review) -> Review:
    ModelVersion.objects.select_for_update(no_key=True).get(pk=review.version_id)
    return (
        Review.objects.select_for_update(of=("self",), no_key=True)
        .select_related("version__model", "policy", "opened_by")
        .get(pk=review.pk)
    )


def dry_run(version: ModelVersion, policy: PolicyVersion | None = None) -> list[GateResult]:
    """The gates as they would be frozen now, under the policy in force; changes nothing.

    Raises Conflict.
    """
    policy = policy or policy_for(version.model)
    return build_statement(
        review=uuid.uuid4(),
        version=version,
        policy=policy,
        scope=default_scope(Policy.read(policy.document), elsewhere=not version.servable),
    )[1]


@transaction.atomic
def submit(
    *, caller: Caller, version: ModelVersion, scope: Mapping[str, Any] | None = None
) -> Review:
    """Ask for approval: freeze bytes, evidence, policy and gates into one statement.

    A version may be submitted with gates that have not passed, so that reviewers see it; it
    cannot be approved then, unless they are waived. `scope` says what for, as `scope_of` reads it.
    Raises NotAllowed, Conflict, Invalid.
    """
    policies.may_submit(caller, version.model.team_id).enforce()
    locked = ModelVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    require_approvable(version)
    if locked.status in _CLOSED:
        raise Conflict(f"A version that is {locked.get_status_display()} cannot be submitted.")
    _require_due(version)
    identity, policy = uuid.uuid4(), policy_for(version.model)
    asked = scope_of(scope or {}, policy=Policy.read(policy.document), version=version)
    statement, gates = build_statement(review=identity, version=version, policy=policy, scope=asked)
    body = canonical(statement)
    review = Review.objects.create(
        id=identity,
        version=version,
        policy=policy,
        statement=body,
        statement_digest=sha256(body).hexdigest(),
        opened_by=caller.user,
    )
    show_status(version, Status.IN_REVIEW)
    record(
        actor=caller.actor,
        action=Action.REVIEW_OPENED,
        subject=("review", review.pk),
        payload={
            "statement_digest": f"sha256:{review.statement_digest}",
            "version_digest": f"sha256:{version.digest}",
            "policy_digest": f"sha256:{policy.digest}",
            "gates_passed": sum(gate.state == PASSED for gate in gates),
            "gates_waived": len(statement["waivers"]),
            "gates": len(gates),
        },
        related=[("version", version.pk), ("model", version.model_id)],
    )
    return review


def _require_due(version: ModelVersion) -> None:
    approval = holding(version, timezone.now())
    if approval is None or hasattr(approval, "staleness"):
        return
    due = renewable_from(approval)
    if timezone.now() < due:
        raise Conflict(
            "This version is approved already; "
            f"it may be submitted for renewal from {due:%Y-%m-%d} on."
        )


def sign(
    *,
    caller: Caller,
    review: Review,
    statement_digest: str,
    decision: str,
    reason: str,
    password: str = "",
    code: str = "",
    annex_digest: str = "",
    passkey: Mapping[str, Any] | None = None,
    sign_in: uuid.UUID | None = None,
) -> Signature:
    """Sign the statement that was shown, with the password or a passkey in the same request.

    `statement_digest` and `annex_digest` are `sha256:<hex>` of what the signer saw (the annex's is
    left out where no condition was open), `code` what the authenticator app shows, where there is
    one, `passkey` the answer to a challenge for these very words, `sign_in` a question to the
    identity provider for them (see `governance.reviewing.asking`). Raises NotAllowed (no role, a
    contributor, wrong proof), Conflict (changed since it was shown), Invalid.
    """
    if decision not in SignDecision.values:
        raise Invalid("The decision is approve, request_changes or reject.", field="decision")
    reason = written(reason, "reason", LONGEST_TEXT)
    policy = Policy.read(review.policy.document)
    policies.may_sign(caller, review, policy).enforce()
    policies.may_prove(caller, policy, by=way_of(passkey, sign_in)).enforce()
    annex = annex_of(review.version_id)
    words = words_to_sign(caller, statement_digest, decision, reason, annex)
    proof = prove(
        caller=caller,
        act=SIGN,
        words=words,
        password=password,
        code=code,
        passkey=passkey,
        sign_in=sign_in,
    )
    shown = (statement_digest, annex_digest)
    reached("sign.allowed")
    signature = _sign(caller, review, shown, SignDecision(decision), reason, proof)
    reached("sign.done")
    return signature


@transaction.atomic
def _sign(
    caller: Caller,
    review: Review,
    shown: tuple[str, str],
    decision: SignDecision,
    reason: str,
    proof: Proof,
) -> Signature:
    review = _locked(review)
    policy = Policy.read(review.policy.document)
    policies.may_sign(caller, review, policy).enforce()
    annex = annex_of(review.version_id)
    require_shown(review, annex, shown)
    if decision == SignDecision.APPROVE:
        _require_current(review)
    digest = f"sha256:{review.statement_digest}"
    words = words_to_sign(caller, digest, decision.value, reason, annex)
    proof.hold(SIGN, words)
    role = policies.signing_role(caller, review.version.model.team_id, policy) or ""
    previous = Signature.objects.filter(review=review).order_by("-at").first()
    now = timezone.now()
    made = make_record(
        words,
        role=role,
        at=now,
        printed_name=caller.user.person.name,
        previous=previous.digest if previous else None,
        proof=proof,
    )
    signature = Signature.objects.create(
        review=review,
        statement_digest=review.statement_digest,
        annex_digest=annex.digest,
        person=caller.user.person,
        user=caller.user,
        role=role,
        decision=decision,
        reason=reason,
        record=made.body,
        digest=made.digest,
        salt=made.salt,
        printed_name=caller.user.person.name,
        at=now,
    )
    reached("sign.written")
    _record_signature(caller, review, signature, proof.method)
    _after_signature(caller, review, policy, decision)
    reached("sign.recorded")
    return signature


def require_shown(review: Review, annex: Annex, shown: tuple[str, str]) -> None:
    """The statement and the open conditions are those that were shown. Raises Conflict."""
    statement, conditions = shown
    if statement != f"sha256:{review.statement_digest}":
        raise Conflict("This is not the statement that was shown to you; load the review again.")
    if conditions.removeprefix("sha256:") != annex.digest:
        raise Conflict(
            "These are not the open conditions that were shown to you; load the review again.",
            field="annex_digest",
        )


def _require_current(review: Review) -> None:
    if review.version.status == Status.QUARANTINED:
        raise Conflict(f"This version is quarantined. {review.version.status_reason}")
    require_approvable(review.version)
    shown = statement_of(review)
    now, gates = build_statement(
        review=review.pk, version=review.version, policy=review.policy, scope=shown["scope"]
    )
    changed = what_changed(shown, now)
    if changed:
        raise Conflict(
            f"Since the submission this has changed: {', '.join(changed)}. "
            "Withdraw the review and submit the version again."
        )
    failed = blocking(gates)
    if failed:
        names = ", ".join(gate.gate for gate in failed)
        raise Conflict(f"These required gates have not passed: {names}.")
    require_none_blocks(review.version)


def require_none_blocks(version: ModelVersion) -> None:
    """Raises Conflict where findings stand in the way of an approval."""
    found = blocking_findings(version.pk)
    if found:
        names = ", ".join(f"F-{row.number}" for row in found)
        raise Conflict(f"These findings must be closed before an approval: {names}.")


def _record_signature(caller: Caller, review: Review, signature: Signature, method: str) -> None:
    record(
        actor=caller.actor,
        action=Action.REVIEW_SIGNED,
        subject=("review", review.pk),
        payload={
            "signature": f"sha256:{signature.digest}",
            "statement_digest": f"sha256:{review.statement_digest}",
            "decision": signature.decision,
            "role": signature.role,
            "method": method,
        },
        related=[("version", review.version_id), ("model", review.version.model_id)],
    )


def _after_signature(
    caller: Caller, review: Review, policy: Policy, decision: SignDecision
) -> None:
    about = [("version", review.version_id), ("model", review.version.model_id)]
    payload = {"statement_digest": f"sha256:{review.statement_digest}"}
    if decision in _ENDINGS:
        state, status, action = _ENDINGS[decision]
        _close(review, state)
        show_status(review.version, status_after(review.version, status, timezone.now()))
    elif len(counting_signatures(review, policy)) >= policy.signers:
        action = Action.REVIEW_QUORUM_REACHED
        _report_quorum(review)
    else:
        return
    record(
        actor=caller.actor,
        action=action,
        subject=("review", review.pk),
        payload=payload,
        related=about,
    )


def _report_quorum(review: Review) -> None:
    Review.objects.filter(pk=review.pk).update(state=ReviewState.QUORUM, notary_note="")
    show_status(review.version, Status.QUORUM)


def reconsider(caller: Caller, version: ModelVersion) -> None:
    """Report the quorum of an open review that waited for a finding alone; a part of closing it."""
    review = version.reviews.filter(state=ReviewState.OPEN).first()
    if review is None:
        return
    review = _locked(review)
    policy = Policy.read(review.policy.document)
    enough = len(counting_signatures(review, policy)) >= policy.signers
    if review.state != ReviewState.OPEN or not enough or blocking_findings(version.pk):
        return
    _report_quorum(review)
    record(
        actor=caller.actor,
        action=Action.REVIEW_QUORUM_REACHED,
        subject=("review", review.pk),
        payload={"statement_digest": f"sha256:{review.statement_digest}"},
        related=[("version", review.version_id), ("model", version.model_id)],
    )


def _close(review: Review, state: ReviewState) -> None:
    Review.objects.filter(pk=review.pk).update(state=state, closed_at=timezone.now())
    review.state = state


@transaction.atomic
def withdraw(*, caller: Caller, review: Review) -> Review:
    """Take a review back; its signatures no longer count. Raises NotAllowed, Conflict."""
    review = _locked(review)
    policies.may_withdraw(caller, review).enforce()
    if review.state not in (ReviewState.OPEN, ReviewState.QUORUM):
        raise Conflict("This review is closed already.")
    _take_back(caller, review)
    show_status(review.version, status_after(review.version, Status.DRAFT, timezone.now()))
    return review


def take_back_open_review(caller: Caller, version: ModelVersion) -> None:
    """Close the renewal of a version whose approval is being revoked; a part of that verb."""
    review = version.reviews.filter(state__in=(ReviewState.OPEN, ReviewState.QUORUM)).first()
    if review is not None:
        _take_back(caller, _locked(review))


def _take_back(caller: Caller, review: Review) -> None:
    _close(review, ReviewState.WITHDRAWN)
    record(
        actor=caller.actor,
        action=Action.REVIEW_WITHDRAWN,
        subject=("review", review.pk),
        payload={"statement_digest": f"sha256:{review.statement_digest}"},
        related=[("version", review.version_id), ("model", review.version.model_id)],
    )
