"""The waivers of an approval, re-derived: record, person, policy, moment, finding."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from trust.approval import Approval
from trust.bundle_layout import statement_member, waiver_member
from trust.bundle_log import LogFacts
from trust.bundle_members import BundleMembers
from trust.bundle_report import BundleReport
from trust.digests import digest_hex
from trust.errors import Malformed
from trust.fields import JsonObject, read_moment, read_object, read_objects, read_text, read_texts
from trust.gate_answers import rows_in
from trust.passkeys import WAIVE, WAIVE_WORDS, KnownProofs, wrong_with_method
from trust.waivers import WAIVER_RECORD_TYPE, NamedWaiver, may_be_waived, read_waivers

_PARTS_OF_A_GATE = ("gate", "state", "measured", "limit")


class WaiverFacts(Protocol):
    """What a log tells of waivers, by the digest of the record."""

    @property
    def waived(self) -> Mapping[str, object]:
        """The person who gave it."""

    @property
    def waivers_withdrawn(self) -> Mapping[str, datetime]:
        """When it was withdrawn."""

    @property
    def passkeys(self) -> KnownProofs:
        """The passkeys of persons, and their accounts at providers."""


def check_gates(
    members: BundleMembers,
    statement: JsonObject,
    policy: JsonObject,
    approval: Approval,
    facts: LogFacts,
    report: BundleReport,
) -> None:
    """Every gate that the policy names was asked, and every required one passed, or its finding is
    waived by a record that is in the bundle."""

    def path(waiver: NamedWaiver) -> str:
        return waiver_member(digest_hex(waiver.digest))

    def record_of(waiver: NamedWaiver) -> JsonObject | None:
        report.count("waivers")
        if not members.has(path(waiver)):
            report.find(path(waiver), "an approval refers to it, but it is not in the bundle")
            return None
        return members.document(path(waiver)) or {}

    for problem in wrong_with_gates(statement, policy, approval, facts, record_of):
        where = path(problem.waiver) if problem.waiver else statement_member(approval.review)
        report.find(where, problem.why)


@dataclass(frozen=True, slots=True)
class GateProblem:
    """What is wrong with a waiver, or, where that is None, with the gates of the statement."""

    waiver: NamedWaiver | None
    why: str


def wrong_with_gates(
    statement: JsonObject,
    policy: JsonObject,
    approval: Approval,
    facts: WaiverFacts,
    record_of: Callable[[NamedWaiver], JsonObject | None],
) -> Iterator[GateProblem]:
    """Why the gates of a statement do not carry its approval. Raises Malformed.

    `policy` is what is asked of versions of that kind (`rules_for`). `record_of` gives the record
    of a waiver, None where that is missing and has been said so.
    """
    for name in _left_out(statement, policy, approval):
        yield GateProblem(None, f"the gate {name!r} that the policy asks for is not in it")
    open_gates = _open_gates(statement)
    waivable = read_texts(policy, "waivable") if "waivable" in policy else []
    for waiver in read_waivers(statement):
        record = record_of(waiver)
        if record is None:
            continue
        try:
            wrong = _wrong_with_waiver(record, waiver, statement, approval, facts)
            wrong["the policy lets nobody waive this gate"] = not may_be_waived(
                waiver.gate, waivable
            )
            unproved = wrong_with_method(record, policy, WAIVE, WAIVE_WORDS, facts.passkeys)
            wrong |= dict.fromkeys(unproved, True)
            wrong["it is for another finding"] = not _take_gate(record, waiver, open_gates)
        except Malformed as error:
            wrong = {str(error): True}
        yield from (GateProblem(waiver, why) for why, is_so in wrong.items() if is_so)
    for gate in open_gates:
        name = read_text(gate, "gate")
        yield GateProblem(None, f"the required gate {name!r} is neither passed nor waived")


def _left_out(statement: JsonObject, policy: JsonObject, approval: Approval) -> Iterator[str]:
    """Gates that nobody needs reports to name, and that the statement does not have.

    Which metrics a task has is told by reports (`bundle_gates`), but of what is run elsewhere each
    one is asked.
    """
    asked = read_texts(policy, "evidence") if "evidence" in policy else []
    if policy.get("sealed_plan") is True:
        asked.append("sealed_plan")
    if approval.elsewhere:
        asked += [f"metric:{read_text(row, 'metric')}" for row in rows_in(policy, "metrics")]
    held = {gate.get("gate") for gate in read_objects(statement, "gates")}
    yield from (name for name in asked if name not in held)


def _open_gates(statement: JsonObject) -> list[JsonObject]:
    """The required gates that have not passed."""
    found = []
    for gate in read_objects(statement, "gates"):
        name, required = read_text(gate, "gate"), gate.get("required")
        if not isinstance(required, bool):
            raise Malformed(f"gate {name!r} does not say whether it is required")
        if required and gate.get("state") != "passed":
            found.append(gate)
    return found


def _take_gate(record: JsonObject, waiver: NamedWaiver, open_gates: list[JsonObject]) -> bool:
    """Whether the waiver is for one of the gates; that one is no longer open then."""
    finding = read_object(record, "finding")
    for gate in open_gates:
        if gate.get("gate") == waiver.gate and all(
            finding.get(part) == gate.get(part) for part in _PARTS_OF_A_GATE
        ):
            open_gates.remove(gate)
            return True
    return False


def _wrong_with_waiver(
    record: JsonObject,
    waiver: NamedWaiver,
    statement: JsonObject,
    approval: Approval,
    facts: WaiverFacts,
) -> dict[str, bool]:
    """What may be wrong with a waiver's record, and whether it is."""
    person, given = record.get("person"), read_moment(record, "at")
    withdrawn = facts.waivers_withdrawn.get(waiver.digest, approval.issued_at)
    evidence = [entry.get("digest") for entry in read_objects(statement, "evidence")]
    cited = read_object(record, "finding").get("evidence")
    return {
        f"it is not of the type {WAIVER_RECORD_TYPE}": record.get("type") != WAIVER_RECORD_TYPE,
        "it is for another version": record.get("version_digest") != approval.version_digest,
        "it is under another policy": record.get("policy_digest") != approval.policy_digest,
        "it is for other evidence": cited is not None and cited not in evidence,
        "it ends at another moment": read_moment(record, "not_after") != waiver.not_after,
        "it was not in force when the version was approved": (
            not given <= approval.issued_at < waiver.not_after
        ),
        "it was withdrawn before the version was approved": withdrawn < approval.issued_at,
        "its person contributed to the version": person in read_texts(statement, "contributors"),
        "the log has no event that it was given": waiver.digest not in facts.waived,
        "the log names another person for it": facts.waived.get(waiver.digest, person) != person,
    }
