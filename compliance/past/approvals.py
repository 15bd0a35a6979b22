"""The approval that the gate went by at a moment, and who and what stood behind it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Q, When

from common.errors import Conflict
from governance.approvals.answering import Answering
from governance.keys.recorded import recorded_of
from governance.models import Approval, Signature, Waiver
from governance.selectors import (
    approval_keys,
    approving_signatures,
    statement_of,
    trusted_keys,
    waivers_named,
)
from registry.models import ModelVersion
from trust.approval import Approval as Signed
from trust.approval import Verdict, artifact_digests_of, verify_approval, why_stale_at
from trust.errors import TrustError
from trust.fields import as_object, read_objects
from trust.scope import WHOLE
from trust.strict_json import parse_strict


@dataclass(frozen=True)
class Spoken:
    """A signature or waiver as it is shown: with name, meaning, moment and method."""

    row: Signature | Waiver
    record: Mapping[str, Any]

    @classmethod
    def of(cls, row: Signature | Waiver) -> "Spoken":
        """With the parsed record; empty where its bytes are no record."""
        try:
            return cls(row, as_object(parse_strict(bytes(row.record)), "the record"))
        except TrustError:
            return cls(row, {})

    @property
    def meaning(self) -> str:
        """What the person said with it."""
        return str(self.record.get("meaning", ""))

    @property
    def method(self) -> str:
        """How the person was asked who he is."""
        return str(self.record.get("method", ""))


@dataclass(frozen=True)
class Behind:
    """Who and what stood behind an approval: signatures, waivers, evidence by digest."""

    signatures: list[Spoken]
    waivers: list[Spoken]
    evidence: list[dict[str, str]]


def approval_then(version: ModelVersion, moment: datetime) -> Approval | None:
    """The newest approval given by then that was not over; else the newest that was."""
    over = Q(not_after__lte=moment) | Q(revocation__at__lte=moment)
    return (
        Approval.objects.filter(version=version, issued_at__lte=moment)
        .select_related("revocation__by__person", "staleness", "review__policy")
        .alias(is_over=Case(When(over, then=True), default=False))
        .order_by("is_over", "-issued_at", "pk")
        .first()
    )


def revoked_by(approval: Approval, moment: datetime) -> bool:
    """Whether the approval had been revoked by the moment."""
    revocation = getattr(approval, "revocation", None)
    return revocation is not None and revocation.at <= moment


def judged(
    version: ModelVersion,
    approval: Approval | None,
    moment: datetime,
    alias: str = "",
    share: int = WHOLE,
) -> tuple[str, str]:
    """Whether the approval held at the moment, with the reason if not, as the gate would say.

    For a share of the calls of an alias, where one is given: then one for use elsewhere does not
    hold. The envelope is checked with the keys that are trusted now.
    """
    if approval is None:
        return Answering.UNAPPROVED, "It had no approval."
    if revoked_by(approval, moment):
        return Answering.REVOKED, "The approval had been revoked."
    if approval.not_after <= moment:
        return Answering.EXPIRED, "The approval had expired."
    try:
        verdict = _verdict(version, approval, moment, serving=bool(alias))
    except Conflict as error:
        return Answering.UNTRUSTED, error.reason
    if not verdict.ok or verdict.approval is None:
        return Answering.UNTRUSTED, verdict.reason
    return _bounded(verdict.approval, approval, moment, (alias, share))


def _bounded(
    signed: Signed, approval: Approval, moment: datetime, asked: tuple[str, int]
) -> tuple[str, str]:
    """What the envelope says besides: how long it is served on when stale, and for which alias."""
    stale = getattr(approval, "staleness", None)
    if stale and stale.at <= moment and (late := why_stale_at(signed, moment, stale.since)):
        return Answering.STALE, late
    (alias, share), limits = asked, signed.limits
    outside = ""
    if alias:
        outside = limits.why_not_under(alias) or limits.why_not_for_share(share)
    return (Answering.OUT_OF_SCOPE, outside) if outside else (Answering.LIVE, "")


def _verdict(
    version: ModelVersion, approval: Approval, moment: datetime, *, serving: bool
) -> Verdict:
    try:
        manifest = as_object(parse_strict(bytes(version.manifest)), "the manifest")
        files = artifact_digests_of(tuple(read_objects(manifest, "artifacts")))
    except TrustError:
        files = {}
    return verify_approval(
        bytes(approval.envelope),
        approval_keys(trusted_keys()),
        version_digest=f"sha256:{version.digest}",
        artifact_digests=files,
        now=moment,
        recorded=recorded_of(approval),
        serving=serving,
    )


def behind(approval: Approval) -> Behind:
    """What the statement of the approval's review names, and the signatures that carried it."""
    statement = statement_of(approval.review)
    signatures = approving_signatures(approval.review).filter(at__lte=approval.issued_at)
    return Behind(
        signatures=[Spoken.of(row) for row in signatures],
        waivers=[Spoken.of(row) for row in waivers_named(statement)],
        evidence=list(statement["evidence"]),
    )


def in_force_around(version: ModelVersion, moment: datetime) -> tuple[datetime, datetime]:
    """From when to when the version was approved without a gap, around a moment at which it was.

    A renewal begins before its forerunner ends; the end may lie in the future.
    """
    spans = sorted(
        (row.issued_at, _end(row))
        for row in Approval.objects.filter(version=version)
        .select_related("revocation", "staleness")
        .only("issued_at", "not_after", "revocation__at", "staleness__until")
    )
    begin, end = moment, moment
    joined: list[tuple[datetime, datetime]] = []
    for start, stop in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], stop))
        else:
            joined.append((start, stop))
    for start, stop in joined:
        if start <= moment < stop:
            begin, end = start, stop
    return begin, end


def _end(approval: Approval) -> datetime:
    ends = [approval.not_after]
    if hasattr(approval, "revocation"):
        ends.append(approval.revocation.at)
    if hasattr(approval, "staleness"):
        ends.append(approval.staleness.until)
    return min(ends)


def policy_of(approval: Approval) -> dict[str, Any]:
    """The revision under which it was given, as its statement names it."""
    policy = json.loads(bytes(approval.review.statement))["policy"]
    return dict(policy)
