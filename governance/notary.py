"""The notary's second task: re-derive each quorum from the records, then sign the approval.

It trusts no status and no result of the web process: persons, contributors, gates, policy and the
stored bytes are looked at again.
"""

import logging
import uuid
from collections.abc import Iterable
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from audit.actions import Action
from audit.actors import SYSTEM
from audit.models import AuditEvent
from audit.services import record
from common.errors import DomainError
from common.failpoints import reached
from governance.evidence.elsewhere import require_approvable
from governance.evidence.gates import blocking
from governance.evidence.statements import build_statement, what_changed
from governance.findings.log import check_findings
from governance.findings.records import annex_of
from governance.models import Approval, Review, ReviewState, Signature, Waiver
from governance.notary_checks import Refused, check_manifest, check_policy, check_validation
from governance.policy.documents import Policy
from governance.reviewing.leaving import send_back
from governance.reviewing.signing import counting_signatures
from governance.selectors import statement_of
from registry.models import ModelVersion, Status
from registry.services import show_status
from trust.bundle_seal import parse_event
from trust.errors import TrustError
from trust.issuing import build_approval, sign_approval
from trust.keys import SigningKey
from trust.waivers import read_waivers

log = logging.getLogger("assay.notary")


def sign_waiting_approvals(key: SigningKey) -> int:
    """One round over the reviews whose quorum the web process reports; returns approvals made."""
    made = 0
    waiting = Review.objects.filter(state=ReviewState.QUORUM).values_list("pk", flat=True)
    for review_id in list(waiting):
        try:
            made += _decide(review_id, key)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            # Rows that no program can read must stop neither the other reviews nor the log.
            log.exception("Review %s cannot be decided upon; tried again later.", review_id)
    return made


def _decide(review_id: uuid.UUID, key: SigningKey) -> int:
    version_id = Review.objects.values_list("version_id", flat=True).get(pk=review_id)
    with transaction.atomic():
        ModelVersion.objects.select_for_update(no_key=True).get(pk=version_id)
        review = (
            Review.objects.select_for_update(of=("self",), no_key=True)
            .select_related("version__model", "policy__proposal")
            .get(pk=review_id)
        )
        if review.state != ReviewState.QUORUM:
            return 0
        try:
            signatures = _re_derive(review)
        except (Refused, DomainError) as refusal:
            _send_back(review, str(refusal))
            return 0
        except OSError:
            log.exception("The files of review %s cannot be read; tried again later.", review_id)
            return 0
        except (TrustError, ValueError, TypeError, LookupError, AttributeError):
            # Whoever writes to the tables past the services must not stop the notary.
            log.exception("The records of review %s are malformed.", review_id)
            _send_back(review, "The records of this review cannot be read.")
            return 0
        reached("approve.derived")
        _approve(review, signatures, key)
        reached("approve.recorded")
    reached("approve.committed")
    return 1


def _re_derive(review: Review) -> list[Signature]:
    if sha256(bytes(review.statement)).hexdigest() != review.statement_digest:
        raise Refused("The statement's bytes are not those of its digest.")
    statement = statement_of(review)
    if review.version.status == Status.QUARANTINED:
        raise Refused(f"The version is quarantined. {review.version.status_reason}")
    check_policy(review.policy)
    check_manifest(review.version)
    require_approvable(review.version)
    now, gates = build_statement(
        review=review.pk, version=review.version, policy=review.policy, scope=statement["scope"]
    )
    changed = what_changed(statement, now)
    if changed:
        raise Refused(f"Since the submission this has changed: {', '.join(changed)}.")
    failed = blocking(gates)
    if failed:
        raise Refused(f"Not passed: {', '.join(gate.gate for gate in failed)}.")
    check_findings(review.version)
    policy = Policy.read(review.policy.document)
    signatures = counting_signatures(review, policy)
    if len(signatures) < max(policy.signers, int(statement["signers_required"])):
        raise Refused("Fewer persons than the policy wants may sign for this version now.")
    _check_logged(Action.REVIEW_SIGNED, "signature", ("review", review.pk), signatures)
    _check_plan(review, statement)
    check_validation(review, statement)
    waivers = [gate.waiver for gate in gates if gate.waiver]
    _check_logged(Action.WAIVER_GIVEN, "waiver", ("version", review.version_id), waivers)
    return signatures


def _check_logged(
    action: Action,
    part: str,
    subject: tuple[str, uuid.UUID],
    given: Iterable[Signature] | Iterable[Waiver],
) -> None:
    """The columns of an event can say what its bytes do not, and outsiders see the bytes."""
    logged = AuditEvent.objects.filter(
        action=action.value, subject_type=subject[0], subject_id=str(subject[1])
    )
    events = [parse_event(bytes(leaf)) for leaf in logged.values_list("leaf", flat=True)]
    known = {
        (event.payload.get(part), event.person) for event in events if event.action == action.value
    }
    for row in given:
        if (f"sha256:{row.digest}", str(row.person_id)) not in known:
            raise Refused(f"A {part} has no event in the log.")


def _check_plan(review: Review, statement: dict[str, Any]) -> None:
    """In the log the plan of the evaluation comes before every run under it."""
    plans = [entry["digest"] for entry in statement["evidence"] if entry["kind"] == "plan"]
    if not plans:
        return
    logged = AuditEvent.objects.filter(
        action__in=(Action.PLAN_SEALED.value, Action.EVALUATION_REQUESTED.value),
        subject_type="version",
        subject_id=str(review.version_id),
    ).order_by("pk")
    events = [parse_event(bytes(leaf)) for leaf in logged.values_list("leaf", flat=True)]
    told = [event.action for event in events if event.payload.get("plan") == plans[0]]
    if told[:1] != [Action.PLAN_SEALED.value] or told.count(Action.PLAN_SEALED.value) != 1:
        raise Refused("The log does not tell of the plan before its run.")


def _send_back(review: Review, reason: str) -> None:
    log.warning("Quorum of review %s refused: %s", review.pk, reason)
    send_back(review, reason, SYSTEM)


def _approve(review: Review, signatures: list[Signature], key: SigningKey) -> Approval:
    statement = statement_of(review)
    identity, now = uuid.uuid4(), timezone.now()
    longest = now + timedelta(days=int(statement["validity_days"]))
    not_after = min([longest, *(waiver.not_after for waiver in read_waivers(statement))])
    evidence = {item["kind"]: item["digest"] for item in statement["evidence"]}
    envelope = sign_approval(
        build_approval(
            statement,
            approval=str(identity),
            statement_digest=f"sha256:{review.statement_digest}",
            signatures=[f"sha256:{s.digest}" for s in signatures],
            signers=[str(s.person_id) for s in signatures],
            golden_digest=evidence.get("golden"),
            issued_at=now,
            not_after=not_after,
            annex=annex_of(review.version_id).document,
        ),
        key,
    )
    approval = Approval.objects.create(
        id=identity,
        review=review,
        version=review.version,
        envelope=envelope,
        envelope_digest=sha256(envelope).hexdigest(),
        issued_at=now,
        not_after=not_after,
    )
    reached("approve.written")
    Review.objects.filter(pk=review.pk).update(
        state=ReviewState.APPROVED, closed_at=now, notary_note=""
    )
    show_status(review.version, Status.APPROVED)
    record(
        actor=SYSTEM,
        action=Action.VERSION_APPROVED,
        subject=("version", review.version_id),
        payload={
            "approval": str(identity),
            "envelope_digest": f"sha256:{approval.envelope_digest}",
            "version_digest": f"sha256:{review.version.digest}",
            "statement_digest": f"sha256:{review.statement_digest}",
        },
        related=[("review", review.pk), ("model", review.version.model_id)],
    )
    return approval
