"""Verbs on approved versions: promote, revoke, retire."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.callers import Caller
from accounts.proving import Proof, prove
from audit.actions import Action
from audit.services import record
from common.errors import Conflict
from governance import policies
from governance.aliases import check_alias
from governance.emergencies.services import end_emergencies_of
from governance.models import Approval, ReviewState, Revocation
from governance.selectors import deciding_approval, standing, trusted_keys
from governance.services import take_back_open_review
from governance.splits.ending import end_split_under, end_splits_of
from governance.texts import written
from registry.models import Alias, AliasMove, ModelVersion, RegisteredModel, Status
from registry.services import show_status
from runtimes.schema import Signature as Schema
from trust.canonical import canonical
from trust.digests import digest_of
from trust.passkeys import REVOKE
from trust.scope import UNBOUNDED, WHOLE

LONGEST_REASON = 2000


def approval_that_holds(
    version: ModelVersion, alias: str, now: datetime, percent: int = WHOLE
) -> Approval:
    """The approval under which a version may answer this share of an alias's calls now.

    Raises Conflict.
    """
    approval = deciding_approval(version, now)
    if approval is None:
        raise Conflict(f"{version} has no approval, so no alias can point at it.")
    verdict = standing(version, approval, keys=trusted_keys(), now=now)
    if not verdict.ok:
        raise Conflict(f"{version} cannot be promoted. {verdict.reason}")
    limits = verdict.approval.limits if verdict.approval else UNBOUNDED
    outside = limits.why_not_under(alias) or limits.why_not_for_share(percent)
    if outside:
        what = f"be promoted to {alias}" if percent == WHOLE else f"answer a share of {alias}"
        raise Conflict(f"{version} cannot {what}. {outside}")
    return approval


def schema_differences(holder: ModelVersion | None, version: ModelVersion) -> list[str]:
    """What would break the callers of the alias's present holder."""
    if holder is None or holder.pk == version.pk:
        return []
    return Schema.parse(version.signature).compatible_with(Schema.parse(holder.signature))


def refuse_a_break(
    holder: ModelVersion | None, version: ModelVersion, alias: str, accepted: bool
) -> list[str]:
    """What callers of the alias would notice. Raises Conflict unless it is accepted."""
    differences = schema_differences(holder, version)
    if differences and not accepted:
        raise Conflict(
            f"Callers of {alias} would break: {' '.join(differences)} "
            "Send accept_schema_change if this is meant."
        )
    return differences


@transaction.atomic
def promote(
    *,
    caller: Caller,
    version: ModelVersion,
    alias: str,
    reason: str,
    accept_schema_change: bool = False,
) -> AliasMove:
    """Move an alias to an approved version; the former holder stays in the history, and a split
    of the alias ends.

    Raises NotAllowed; Conflict without an approval that holds now for the alias, if that points
    there already, or if callers of the alias would break and nobody said that this is meant;
    Invalid.
    """
    # Not against new versions of the model: only moves and splits of its aliases wait.
    model = RegisteredModel.objects.select_for_update(no_key=True).get(pk=version.model_id)
    policies.may_promote(caller, model.team_id).enforce()
    reason = written(reason, "reason", LONGEST_REASON)
    check_alias(alias)
    approval = approval_that_holds(version, alias, timezone.now())
    holder = Alias.objects.filter(model=model, name=alias).select_related("version").first()
    former = holder.version if holder else None
    if former and former.pk == version.pk:
        raise Conflict(f"{alias} points at {version} already.")
    differences = refuse_a_break(former, version, alias, accept_schema_change)
    if holder:
        end_split_under(caller=caller, alias=holder, to=version, reason=reason)
    row = holder or Alias(model=model, name=alias)
    row.version = version
    row.save()
    move = AliasMove.objects.create(
        model=model,
        alias=alias,
        from_version=former,
        to_version=version,
        approval_id=approval.pk,
        reason=reason,
        by=caller.user,
    )
    _record_move(caller, move, former, version, len(differences))
    return move


def _record_move(
    caller: Caller,
    move: AliasMove,
    former: ModelVersion | None,
    version: ModelVersion,
    differences: int,
) -> None:
    record(
        actor=caller.actor,
        action=Action.ALIAS_MOVED,
        subject=("model", move.model_id),
        payload={
            "alias": move.alias,
            "from": f"sha256:{former.digest}" if former else None,
            "to": f"sha256:{version.digest}",
            "approval": str(move.approval_id),
            "schema_differences": differences,
        },
        related=[("version", version.pk), *([("version", former.pk)] if former else [])],
    )


def revoke(
    *,
    caller: Caller,
    version: ModelVersion,
    reason: str,
    password: str = "",
    code: str = "",
    passkey: Mapping[str, Any] | None = None,
    sign_in: UUID | None = None,
) -> Revocation:
    """End the version's approval and its emergency grants; every connected inference process
    follows within a second.

    `passkey` is the answer to a challenge for these very words, `sign_in` a question to the
    identity provider for them (see `governance.reviewing.asking`), given instead of password and
    code. Raises NotAllowed (no role, wrong proof), Conflict (nothing to revoke), Invalid.
    """
    policies.may_revoke(caller, version.model.team_id).enforce()
    reason = written(reason, "reason", LONGEST_REASON)
    words = words_to_revoke(caller, version, reason)
    proof = prove(
        caller=caller,
        act=REVOKE,
        words=words,
        password=password,
        code=code,
        passkey=passkey,
        sign_in=sign_in,
    )
    with transaction.atomic():
        revocation = end_approvals(caller, version, reason, proof)
        end_emergencies_of(caller=caller, version=version, reason=reason)
    return revocation


def words_to_revoke(caller: Caller, version: ModelVersion, reason: str) -> dict[str, str]:
    """What a proof commits to that revokes."""
    return {
        "person": str(caller.person_id),
        "user": str(caller.user.pk),
        "version_digest": f"sha256:{version.digest}",
        "reason": reason,
    }


@transaction.atomic
def end_approvals(
    caller: Caller, version: ModelVersion, reason: str, proof: Proof | None = None
) -> Revocation:
    """End every approval of a version and its open review; a part of the verbs that do so.

    Raises Conflict where there is none.
    """
    ModelVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    approvals = _unended(version)
    if not approvals:
        raise Conflict("This version has no approval that could be revoked.")
    if proof:
        proof.hold(REVOKE, words_to_revoke(caller, version, reason))
    take_back_open_review(caller, version)
    revocations = [_end(caller, version, approval, reason, proof) for approval in approvals]
    end_splits_of(caller=caller, version=version, reason=reason)
    show_status(version, Status.REVOKED, reason)
    return revocations[-1]


def _unended(version: ModelVersion) -> list[Approval]:
    """All that a revocation must end: a renewed version has two approvals in force for a while."""
    return list(version.approvals.filter(revocation=None).order_by("issued_at"))


def _end(
    caller: Caller,
    version: ModelVersion,
    approval: Approval,
    reason: str,
    proof: Proof | None = None,
) -> Revocation:
    signed = canonical(proof.assertion) if proof and proof.assertion else None
    revocation = Revocation.objects.create(
        approval=approval, reason=reason, by=caller.user, assertion=signed
    )
    told = {"method": proof.method} if proof else {}
    told |= {"assertion": digest_of(signed)} if signed else {}
    record(
        actor=caller.actor,
        action=Action.APPROVAL_REVOKED,
        subject=("version", version.pk),
        payload={"approval": str(approval.pk), "version_digest": f"sha256:{version.digest}"} | told,
        related=[("model", version.model_id), ("review", approval.review_id)],
    )
    return revocation


@transaction.atomic
def retire(*, caller: Caller, version: ModelVersion, reason: str) -> ModelVersion:
    """Take a version out of use for good; an approval or emergency grant that it has ends.

    Raises NotAllowed, Conflict while an alias points at it or a review is open, Invalid.
    """
    policies.may_retire(caller, version.model.team_id).enforce()
    reason = written(reason, "reason", LONGEST_REASON)
    locked = ModelVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    if locked.aliases.exists():
        raise Conflict("An alias points at this version; move it first.")
    if locked.splits.exists():
        raise Conflict("This version answers a share of an alias's calls; end the split first.")
    if locked.status == Status.RETIRED:
        raise Conflict("This version is retired already.")
    if locked.reviews.filter(state__in=(ReviewState.OPEN, ReviewState.QUORUM)).exists():
        raise Conflict("A review of this version is open; withdraw it first.")
    for approval in _unended(version):
        _end(caller, version, approval, reason)
    end_emergencies_of(caller=caller, version=version, reason=reason)
    show_status(version, Status.RETIRED, reason)
    record(
        actor=caller.actor,
        action=Action.VERSION_RETIRED,
        subject=("version", version.pk),
        payload={"version_digest": f"sha256:{version.digest}"},
        related=[("model", version.model_id)],
    )
    return version
