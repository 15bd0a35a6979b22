"""Emergency grants: a version that two persons let answer under one alias for some hours.

Signed by the notary as a statement of a type of its own, so that no reader takes it for an
approval, and no approval for it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from trust.approval import (
    CLOCK_LEEWAY,
    ArtifactDigests,
    Recorded,
    artifact_digests_of,
    never_recorded,
    read_statement,
)
from trust.errors import Malformed, TrustError
from trust.fields import (
    JsonObject,
    read_digest,
    read_moment,
    read_objects,
    read_text,
    read_texts,
    require_keys,
)
from trust.keys import TrustedKeys

EMERGENCY_PREDICATE_TYPE = "urn:assay:emergency:v1"
# The field of a policy that says for how many hours, and so whether at all.
EMERGENCY_HOURS = "emergency_hours"
LONGEST_EMERGENCY_HOURS = 72
_EMERGENCY_KEYS = (
    "emergency",
    "proposal_digest",
    "policy_digest",
    "persons",
    "contributors",
    "artifacts",
    "golden_digest",
    "alias",
    "environment",
    "reason",
    "issued_at",
    "not_after",
)


@dataclass(frozen=True, slots=True)
class Emergency:
    """What a signed grant says. `persons` are whoever proposed it and whoever confirmed it."""

    id: str
    subject_name: str
    version_digest: str
    proposal_digest: str
    policy_digest: str
    persons: tuple[str, str]
    contributors: tuple[str, ...]
    artifacts: tuple[JsonObject, ...]
    golden_digest: str | None
    alias: str
    environment: str
    reason: str
    issued_at: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class EmergencyVerdict:
    """Whether the grant holds, a sentence why not (empty if ok), and what was readable."""

    ok: bool
    reason: str
    emergency: Emergency | None


def verify_emergency(
    envelope_bytes: bytes,
    keys: TrustedKeys,
    *,
    version_digest: str,
    artifact_digests: ArtifactDigests,
    alias: str,
    environment: str,
    now: datetime,
    ended_at: datetime | None = None,
) -> EmergencyVerdict:
    """Decide whether this envelope lets exactly these bytes answer under `alias` at `now`.

    `keys` are the trusted approval keys, the digests what the caller hashed itself, `ended_at`
    the moment of an end before its time. A key that has ended vouches for no grant. Never raises
    for bad input.
    """
    try:
        emergency = read_emergency(envelope_bytes, keys)
    except TrustError as error:
        return EmergencyVerdict(False, f"The emergency grant cannot be trusted: {error}.", None)
    wrong = {
        "The emergency grant is for another version.": emergency.version_digest != version_digest,
        "The emergency grant is for other artifacts.": (
            artifact_digests_of(emergency.artifacts) != dict(artifact_digests)
        ),
        "The emergency grant is for another alias.": emergency.alias != alias,
        "The emergency grant is for another environment.": emergency.environment != environment,
        # A clock that runs behind must not keep an ended grant alive.
        "The emergency grant was ended.": ended_at is not None and ended_at <= now + CLOCK_LEEWAY,
    }
    reason = next((why for why, is_so in wrong.items() if is_so), "")
    reason = reason or why_no_emergency_at(emergency, now)
    return EmergencyVerdict(not reason, reason, emergency)


def read_emergency(
    envelope_bytes: bytes, keys: TrustedKeys, recorded: Recorded = never_recorded
) -> Emergency:
    """The grant inside an envelope signed by one of `keys`; `recorded` as in `read_approval`.

    Raises Malformed, Untrusted.
    """
    name, digest, predicate = read_statement(
        envelope_bytes, keys, recorded, EMERGENCY_PREDICATE_TYPE, "emergency grant"
    )
    require_keys(predicate, _EMERGENCY_KEYS, "the emergency grant")
    persons = read_texts(predicate, "persons")
    issued_at, not_after = read_moment(predicate, "issued_at"), read_moment(predicate, "not_after")
    if len(persons) != 2 or persons[0] == persons[1]:
        raise Malformed("an emergency grant names two different persons")
    if not_after - issued_at > timedelta(hours=LONGEST_EMERGENCY_HOURS):
        raise Malformed(f"an emergency grant lasts at most {LONGEST_EMERGENCY_HOURS} hours")
    artifacts, environment = tuple(read_objects(predicate, "artifacts")), predicate["environment"]
    if not artifact_digests_of(artifacts) or not isinstance(environment, str):
        raise Malformed("an emergency grant lists its artifacts and says in which environment")
    golden = predicate["golden_digest"]
    return Emergency(
        id=read_text(predicate, "emergency"),
        subject_name=name,
        version_digest=digest,
        proposal_digest=read_digest(predicate, "proposal_digest"),
        policy_digest=read_digest(predicate, "policy_digest"),
        persons=(persons[0], persons[1]),
        contributors=tuple(read_texts(predicate, "contributors")),
        artifacts=artifacts,
        golden_digest=None if golden is None else read_digest(predicate, "golden_digest"),
        alias=read_text(predicate, "alias"),
        environment=environment,
        reason=read_text(predicate, "reason"),
        issued_at=issued_at,
        not_after=not_after,
    )


def why_no_emergency_at(emergency: Emergency, moment: datetime) -> str:
    """A sentence if the grant is not yet or no longer in force at `moment`, else empty."""
    if moment < emergency.issued_at - CLOCK_LEEWAY:
        return "The emergency grant was not given yet."
    if moment >= emergency.not_after:
        return "The emergency grant is over."
    return ""
