"""Is this approval valid for these bytes? The one answer, for gate, fsck and verifier alike.

An approval is an in-toto Statement v1 in a DSSE envelope, signed by the notary.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from trust.digests import digest_from_hex, digest_hex
from trust.dsse import verify_envelope
from trust.elsewhere import NEVER_SERVES, USE, read_use
from trust.errors import Malformed, TrustError, Untrusted
from trust.fields import (
    JsonObject,
    as_object,
    read_count,
    read_digest,
    read_moment,
    read_object,
    read_objects,
    read_text,
    read_texts,
    require_keys,
)
from trust.findings import Annex, read_annex
from trust.keys import TreeBound, TrustedKeys
from trust.scope import UNBOUNDED, Scope, read_scope
from trust.strict_json import parse_strict
from trust.waivers import NamedWaiver, read_waivers

IN_TOTO_PAYLOAD_TYPE = "application/vnd.in-toto+json"
IN_TOTO_STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
APPROVAL_PREDICATE_TYPE = "urn:assay:approval:v1"
CLOCK_LEEWAY = timedelta(seconds=60)
MAX_OUTAGE_GRACE_S = 366 * 24 * 3600
_PREDICATE_KEYS = (
    "approval",
    "review",
    "statement_digest",
    "policy_digest",
    "signatures",
    "signers",
    "artifacts",
    "evidence",
    "golden_digest",
    "issued_at",
    "not_after",
    "outage_grace_s",
    "scope",
    "runtime",
)
# Only where a gate was waived: approvals without waivers read as they did before there were any.
_PREDICATE_WAIVERS = "waivers"
# Only where the policy states it: how long the approval is served after a newer card or policy.
STALE_GRACE = "stale_grace_s"
# Only where the signers accepted conditions.
_PREDICATE_ANNEX = "annex"
_PREDICATE_OPTIONAL = (_PREDICATE_WAIVERS, STALE_GRACE, _PREDICATE_ANNEX, USE)

Recorded = Callable[[TreeBound], bool]


def never_recorded(_end: TreeBound) -> bool:
    """No tree is known to have held it."""
    return False


ArtifactDigests = Mapping[tuple[str, str], str]
"""(role, name) -> "sha256:<hex>"."""


@dataclass(frozen=True, slots=True)
class Approval:
    """What a signed approval says. `artifacts` and the rest are as in the predicate.

    `limits` is `scope`, read; `elsewhere` says that nothing is ever answered under it.
    """

    id: str
    review: str
    subject_name: str
    version_digest: str
    statement_digest: str
    policy_digest: str
    signatures: tuple[str, ...]
    signers: tuple[str, ...]
    artifacts: tuple[JsonObject, ...]
    evidence: tuple[JsonObject, ...]
    golden_digest: str | None
    issued_at: datetime
    not_after: datetime
    outage_grace: timedelta
    scope: JsonObject
    runtime: JsonObject
    waivers: tuple[NamedWaiver, ...] = ()
    limits: Scope = UNBOUNDED
    stale_grace: timedelta | None = None
    annex: Annex = field(default_factory=Annex)
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the approval holds, a sentence why not (empty if ok), and what was readable.

    `approval` is set as soon as a trusted key's signature was found, even if `ok` is false.
    """

    ok: bool
    reason: str
    approval: Approval | None


def verify_approval(
    envelope_bytes: bytes,
    keys: TrustedKeys,
    *,
    version_digest: str,
    artifact_digests: ArtifactDigests,
    now: datetime,
    revoked_at: datetime | None = None,
    stale_since: datetime | None = None,
    recorded: Recorded = never_recorded,
    serving: bool = True,
) -> Verdict:
    """Decide whether this envelope approves exactly these bytes at the moment `now`.

    `keys` are the trusted approval keys, `version_digest` and `artifact_digests` what the
    caller hashed itself. `revoked_at` is the moment of a revocation the caller knows of,
    `stale_since` that of a newer card or policy, `recorded` is as in `read_approval`. Without
    `serving` an approval for use elsewhere may hold too; only who answers nothing asks so.
    Never raises for bad input: an envelope that cannot be read is one that does not hold.
    """
    try:
        approval = read_approval(envelope_bytes, keys, recorded)
    except TrustError as error:
        return Verdict(False, f"The approval cannot be trusted: {error}.", None)
    reason = (
        _wrong_version(approval, version_digest)
        or _wrong_artifacts(approval, artifact_digests)
        or (why_not_served(approval) if serving else "")
        or why_not_at(approval, now)
        or _revoked(now, revoked_at)
        or why_stale_at(approval, now, stale_since)
    )
    return Verdict(not reason, reason, approval)


def read_approval(
    envelope_bytes: bytes, keys: TrustedKeys, recorded: Recorded = never_recorded
) -> Approval:
    """The approval inside an envelope signed by one of `keys`.

    `recorded` says of a tree at which a key ended whether it held this approval: an ended key
    counts for no other. Raises Malformed, Untrusted.
    """
    name, digest, predicate = read_statement(
        envelope_bytes, keys, recorded, APPROVAL_PREDICATE_TYPE, "approval"
    )
    return _read_predicate(name, digest, predicate)


def read_statement(
    envelope_bytes: bytes, keys: TrustedKeys, recorded: Recorded, kind: str, called: str
) -> tuple[str, str, JsonObject]:
    """Name and digest of the subject, and the predicate, of a statement of the predicate type
    `kind` that one of `keys` signed; `called` names it in what is raised.

    `recorded` is as in `read_approval`. Raises Malformed, Untrusted.
    """
    payload, signers = verify_envelope(envelope_bytes, keys, IN_TOTO_PAYLOAD_TYPE)
    ends = [keys.bounds.get(key) for key in signers]
    if not any(end is None or recorded(end) for end in ends):
        raise Untrusted(
            f"the key that signed has ended, and the log did not hold the {called} then"
        )
    statement = as_object(parse_strict(payload), "the statement")
    if statement.get("_type") != IN_TOTO_STATEMENT_TYPE:
        raise Untrusted("the payload is not an in-toto statement")
    if statement.get("predicateType") != kind:
        raise Untrusted(f"the statement is not an {called}")
    require_keys(statement, ("_type", "subject", "predicateType", "predicate"), "the statement")
    name, digest = _read_subject(statement)
    return name, digest, read_object(statement, "predicate")


def why_not_served(approval: Approval) -> str:
    """A sentence if nothing is ever answered under the approval, whenever that is, else empty."""
    return NEVER_SERVES if approval.elsewhere else ""


def why_not_at(approval: Approval, moment: datetime) -> str:
    """A sentence if the approval is not yet or no longer valid at `moment`, else empty."""
    if moment < approval.issued_at - CLOCK_LEEWAY:
        return "The approval was not issued yet."
    if moment >= approval.not_after:
        return "The approval has expired."
    return ""


def why_stale_at(approval: Approval, moment: datetime, since: datetime | None) -> str:
    """A sentence if the approval has been stale for longer than it says, else empty."""
    if since is None or approval.stale_grace is None or moment < since + approval.stale_grace:
        return ""
    return "The approval is stale, and the grace that it states is over: renew it."


def _wrong_version(approval: Approval, version_digest: str) -> str:
    if approval.version_digest != version_digest:
        return "The approval is for another version."
    return ""


def _wrong_artifacts(approval: Approval, wanted: ArtifactDigests) -> str:
    if artifact_digests_of(approval.artifacts) != dict(wanted):
        return "The approval is for other artifacts."
    return ""


def _revoked(now: datetime, revoked_at: datetime | None) -> str:
    # A clock that runs behind must not keep a revoked approval alive.
    if revoked_at is not None and revoked_at <= now + CLOCK_LEEWAY:
        return "The approval was revoked."
    return ""


def artifact_digests_of(artifacts: tuple[JsonObject, ...]) -> dict[tuple[str, str], str]:
    """(role, name) -> digest of a document's list of artifacts. Raises Malformed."""
    digests: dict[tuple[str, str], str] = {}
    for artifact in artifacts:
        require_keys(artifact, ("role", "name", "sha256", "size"), "an artifact")
        read_count(artifact, "size")
        key = (read_text(artifact, "role"), read_text(artifact, "name"))
        if key in digests:
            raise Malformed("an artifact is listed twice")
        digests[key] = digest_from_hex(digest_hex(read_text(artifact, "sha256")))
    return digests


def _read_subject(statement: JsonObject) -> tuple[str, str]:
    subjects = read_objects(statement, "subject")
    if len(subjects) != 1:
        raise Malformed("a statement has exactly one subject")
    require_keys(subjects[0], ("name", "digest"), "the subject")
    digest = read_object(subjects[0], "digest")
    require_keys(digest, ("sha256",), "the subject's digest")
    return read_text(subjects[0], "name"), digest_from_hex(read_text(digest, "sha256"))


def _read_predicate(subject_name: str, version_digest: str, predicate: JsonObject) -> Approval:
    require_keys(predicate, _PREDICATE_KEYS, "the approval", optional=_PREDICATE_OPTIONAL)
    artifacts, elsewhere = tuple(read_objects(predicate, "artifacts")), read_use(predicate)
    if not artifact_digests_of(artifacts) and not elsewhere:
        raise Malformed("an approval lists at least one artifact")
    limits = read_scope(read_object(predicate, "scope"))
    if limits.is_for_no_alias != elsewhere:
        raise Malformed("an approval is for use elsewhere and for no alias, or neither")
    grace = read_count(predicate, "outage_grace_s")
    if grace > MAX_OUTAGE_GRACE_S:
        raise Malformed("the outage grace is longer than a year")
    golden = predicate["golden_digest"]
    return Approval(
        id=read_text(predicate, "approval"),
        review=read_text(predicate, "review"),
        subject_name=subject_name,
        version_digest=version_digest,
        statement_digest=read_digest(predicate, "statement_digest"),
        policy_digest=read_digest(predicate, "policy_digest"),
        signatures=tuple(read_texts(predicate, "signatures")),
        signers=tuple(read_texts(predicate, "signers")),
        artifacts=artifacts,
        evidence=tuple(read_objects(predicate, "evidence")),
        golden_digest=None if golden is None else read_digest(predicate, "golden_digest"),
        issued_at=read_moment(predicate, "issued_at"),
        not_after=read_moment(predicate, "not_after"),
        outage_grace=timedelta(seconds=grace),
        scope=read_object(predicate, "scope"),
        runtime=read_object(predicate, "runtime"),
        waivers=_read_named_waivers(predicate),
        limits=limits,
        stale_grace=read_stale_grace(predicate),
        annex=read_annex(predicate),
        elsewhere=elsewhere,
    )


def read_stale_grace(document: JsonObject) -> timedelta | None:
    """How long a stale approval is served; None where it never goes stale. Raises Malformed."""
    if STALE_GRACE not in document:
        return None
    seconds = read_count(document, STALE_GRACE)
    if seconds > MAX_OUTAGE_GRACE_S:
        raise Malformed("the grace of a stale approval is longer than a year")
    return timedelta(seconds=seconds)


def _read_named_waivers(predicate: JsonObject) -> tuple[NamedWaiver, ...]:
    if _PREDICATE_WAIVERS not in predicate:
        return ()
    waivers, end = read_waivers(predicate), read_moment(predicate, "not_after")
    if not waivers:
        raise Malformed("an approval without waivers does not speak of them")
    if any(waiver.not_after < end for waiver in waivers):
        raise Malformed("the approval outlives a waiver")
    return waivers
