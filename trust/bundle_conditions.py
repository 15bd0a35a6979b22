"""The findings of an approval, re-derived: none that blocks was open, each condition was signed."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from trust.approval import Approval
from trust.bundle_layout import (
    finding_amendment_member,
    finding_member,
    signature_member,
    statement_member,
)
from trust.bundle_log import LogFacts
from trust.bundle_members import BundleMembers
from trust.bundle_report import BundleReport
from trust.digests import digest_hex
from trust.errors import Malformed
from trust.fields import JsonObject, read_texts
from trust.findings import (
    AMENDMENT_RECORD_TYPE,
    CONDITION,
    FINDING_RECORD_TYPE,
    Amended,
    AtApproval,
    FindingLog,
    NamedCondition,
    read_annex,
)


@dataclass(frozen=True, slots=True)
class FindingProblem:
    """What is wrong: with a finding, a signature, or, where both are None, with the approval."""

    why: str
    finding: str | None = None
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class FindingRecords:
    """The records by digest, None where one is missing and that is said elsewhere."""

    finding: Callable[[str], JsonObject | None]
    amendment: Callable[[str], JsonObject | None]
    signature: Callable[[str], JsonObject | None]


def check_conditions(
    members: BundleMembers,
    statement: JsonObject,
    approval: Approval,
    facts: LogFacts,
    report: BundleReport,
) -> None:
    """What a bundle shows of the findings of an approval's version."""

    def cited(path: str) -> JsonObject | None:
        if not members.has(path):
            report.find(path, "an approval refers to it, but it is not in the bundle")
            return None
        return members.document(path) or {}

    def finding(digest: str) -> JsonObject | None:
        report.count("conditions")
        return cited(finding_member(digest_hex(digest)))

    def amendment(digest: str) -> JsonObject | None:
        return cited(finding_amendment_member(digest_hex(digest)))

    def signature(digest: str) -> JsonObject | None:
        path = signature_member(digest_hex(digest))
        return members.document(path) if members.has(path) else None

    records = FindingRecords(finding, amendment, signature)
    for problem in wrong_with_findings(statement, approval, facts.findings, records):
        where = statement_member(approval.review)
        if problem.finding:
            where = finding_member(digest_hex(problem.finding))
        if problem.signature:
            where = signature_member(digest_hex(problem.signature))
        report.find(where, problem.why)


def wrong_with_findings(
    statement: JsonObject, approval: Approval, log: FindingLog, records: FindingRecords
) -> Iterator[FindingProblem]:
    """Why the findings of a version do not carry its approval. Raises Malformed."""
    then = log.at_approval.get(approval.id, AtApproval(approval.version_digest))
    barred = read_texts(statement, "contributors")
    if then.version != approval.version_digest:
        yield FindingProblem("the log says that another version was approved")
    yield from _left_open(then, approval, log)
    yield from _moved_by(then, barred)
    for condition in approval.annex.conditions:
        record = records.finding(condition.digest)
        found = [] if record is None else _wrong_with_condition(record, condition, approval, log)
        found += _wrong_with_amendment(
            condition, then.amended.get(condition.digest, ()), records.amendment
        )
        for why in found:
            yield FindingProblem(why, finding=condition.digest)
    yield from _accepted(approval, records.signature)


def _left_open(then: AtApproval, approval: Approval, log: FindingLog) -> Iterator[FindingProblem]:
    for digest in sorted(then.open):
        if log.raised[digest].effect != CONDITION:
            yield FindingProblem("it blocked the version when that was approved", finding=digest)
    conditions = {digest for digest in then.open if log.raised[digest].effect == CONDITION}
    if conditions != {condition.digest for condition in approval.annex.conditions}:
        yield FindingProblem("the conditions that it names are not those that were open")


def _moved_by(then: AtApproval, contributors: Iterable[str]) -> Iterator[FindingProblem]:
    barred = set(contributors)
    for digest, person in sorted(then.closed_by.items()):
        if person in barred:
            yield FindingProblem("a contributor to the version closed it", finding=digest)
    for digest, amended in sorted(then.amended.items()):
        if any(said.person in barred for said in amended):
            yield FindingProblem(
                "a contributor to the version gave it another owner or day", finding=digest
            )


def _wrong_with_condition(
    record: JsonObject, condition: NamedCondition, approval: Approval, log: FindingLog
) -> list[str]:
    raised = log.raised.get(condition.digest)
    wrong = {
        f"it is not of the type {FINDING_RECORD_TYPE}": record.get("type") != FINDING_RECORD_TYPE,
        "it is about another version": record.get("version_digest") != approval.version_digest,
        "it is no condition": record.get("effect") != CONDITION,
        "it is due on another day": (
            condition.amendment is None and record.get("due_on") != condition.due_on
        ),
        "the log names another person for it": (
            raised is not None and raised.person != record.get("person")
        ),
    }
    return [why for why, is_so in wrong.items() if is_so]


def _wrong_with_amendment(
    condition: NamedCondition,
    told: tuple[Amended, ...],
    record_of: Callable[[str], JsonObject | None],
) -> list[str]:
    """That a condition names the last change of its owner or day, and that this says its day."""
    if condition.amendment != (told[-1].digest if told else None):
        return ["the approval names another owner or day of it than the log told of then"]
    record = record_of(condition.amendment) if condition.amendment else None
    if record is None:
        return []
    wrong = {
        f"its amendment is not of the type {AMENDMENT_RECORD_TYPE}": (
            record.get("type") != AMENDMENT_RECORD_TYPE
        ),
        "its amendment is of another finding": record.get("finding") != condition.digest,
        "by its amendment it is due on another day": (
            {record.get("due_on"), told[-1].due_on} != {condition.due_on}
        ),
        "the log names another person for its amendment": (told[-1].person != record.get("person")),
    }
    return [why for why, is_so in wrong.items() if is_so]


def _accepted(
    approval: Approval, signature_of: Callable[[str], JsonObject | None]
) -> Iterator[FindingProblem]:
    for digest in approval.signatures:
        record = signature_of(digest)
        if record is None:
            continue
        try:
            same = read_annex(record) == approval.annex
        except Malformed as error:
            yield FindingProblem(str(error), signature=digest)
            continue
        if not same:
            yield FindingProblem(
                "its person was shown other conditions than the approval names", signature=digest
            )
