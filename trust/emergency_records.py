"""Whether an emergency grant rests on what it says: the proposal, the policy, two persons."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from trust.bundle_seal import LogEvent
from trust.emergency import EMERGENCY_HOURS, LONGEST_EMERGENCY_HOURS, Emergency
from trust.fields import JsonObject, read_count, read_object, read_text
from trust.methods import shows_second_factor

PROPOSAL_TYPE = "assay/proposal/1"
EMERGENCY_KIND = "emergency"
_OPENED, _CONFIRMED = "proposal.opened", "proposal.confirmed"


@dataclass(slots=True)
class EmergencyLog:
    """What a log tells of emergency grants and of the proposals behind them."""

    granted: dict[tuple[str, str], int] = field(default_factory=dict)
    """(grant, digest of its envelope) -> its place in the log"""
    ended: dict[str, datetime] = field(default_factory=dict)
    """grant -> the first end"""
    steps: dict[object, list[LogEvent]] = field(default_factory=dict)
    """digest of a proposal -> its opening and confirmation, in order"""

    def add(self, event: LogEvent, index: int) -> None:
        """Take in one event. Raises Malformed for a payload without its fields."""
        payload = event.payload
        if event.action == "emergency.granted":
            key = (read_text(payload, "emergency"), read_text(payload, "envelope_digest"))
            self.granted.setdefault(key, index)
        elif event.action == "emergency.ended":
            grant = read_text(payload, "emergency")
            self.ended[grant] = min(event.at, self.ended.get(grant, event.at))
        elif event.action in (_OPENED, _CONFIRMED) and payload.get("kind") == EMERGENCY_KIND:
            self.steps.setdefault(payload.get("digest"), []).append(event)


@dataclass(frozen=True, slots=True)
class TwoPersons:
    """Who proposed and who confirmed, and when it was confirmed."""

    proposer: str
    confirmer: str
    at: datetime


def two_who_agreed(steps: Iterable[LogEvent]) -> TwoPersons | None:
    """The two different persons of whom a proposal's events tell that both showed a second
    factor; None where there are none. The first confirmation counts."""
    opener: str | None = None
    for event in steps:
        person = event.person
        if not isinstance(person, str) or not shows_second_factor(event.payload.get("method")):
            continue
        if event.action == _OPENED:
            opener = opener or person
        elif opener is not None and person != opener:
            return TwoPersons(opener, person, event.at)
    return None


def wrong_with_emergency(
    emergency: Emergency, proposal: JsonObject, policy: JsonObject, steps: Iterable[LogEvent]
) -> Iterator[str]:
    """Why the proposal, the policy and the log do not carry the grant. Raises Malformed.

    `proposal` and `policy` are the documents whose digests it names, `steps` the events that tell
    of the proposal's digest.
    """
    details, hours = read_object(proposal, "details"), policy.get(EMERGENCY_HOURS, 0)
    agreed = two_who_agreed(steps)
    most = hours if isinstance(hours, int) and not isinstance(hours, bool) else 0
    asked = min(read_count(details, "hours"), LONGEST_EMERGENCY_HOURS)
    wrong = {
        "its proposal is not one for an emergency": (
            proposal.get("type") != PROPOSAL_TYPE or proposal.get("kind") != EMERGENCY_KIND
        ),
        "two persons agreed to another version": (
            details.get("version_digest") != emergency.version_digest
        ),
        "two persons agreed to another alias": details.get("alias") != emergency.alias,
        "two persons agreed to another environment": (
            details.get("environment") != emergency.environment
        ),
        "two persons agreed under another policy": (
            details.get("policy") != emergency.policy_digest
        ),
        "two persons agreed for another reason": proposal.get("reason") != emergency.reason,
        "the policy does not allow an emergency grant of this length": not 0 < asked <= most,
        "one of its persons contributed to the version": bool(
            {*emergency.persons} & {*emergency.contributors}
        ),
        "the log tells of no two persons who agreed to it with a second factor": agreed is None,
    }
    if agreed is not None:
        wrong |= {
            "the log names other persons for it": (
                (agreed.proposer, agreed.confirmer) != emergency.persons
            ),
            "it lasts longer than two persons agreed to": (
                emergency.not_after > agreed.at + timedelta(hours=asked)
            ),
        }
    yield from (why for why, is_so in wrong.items() if is_so)
