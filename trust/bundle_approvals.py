"""Every approval of a bundle, re-derived: bytes, statement, persons, gates, evidence."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from trust.approval import Approval, artifact_digests_of, read_approval, read_stale_grace
from trust.bundle_conditions import check_conditions
from trust.bundle_gates import check_answers
from trust.bundle_layout import (
    evidence_member,
    policy_member,
    signature_member,
    statement_member,
    version_manifest_member,
)
from trust.bundle_log import LogFacts
from trust.bundle_members import BundleMembers
from trust.bundle_plans import check_plan
from trust.bundle_report import BundleReport
from trust.bundle_validation import check_validation
from trust.bundle_waivers import check_gates
from trust.digests import digest_hex
from trust.dsse import MAX_ENVELOPE_BYTES
from trust.elsewhere import is_run_elsewhere, read_use, rules_for, why_never_served
from trust.emergency import Emergency
from trust.errors import Malformed, TrustError, Untrusted
from trust.fields import (
    JsonObject,
    read_count,
    read_digest,
    read_object,
    read_objects,
    read_text,
    read_texts,
)
from trust.keys import TreeBound, TrustedKeys
from trust.merkle import HASH_BYTES, root_of
from trust.passkeys import SIGN, SIGN_WORDS, wrong_with_method
from trust.scope import read_bounds, wrong_with_scope
from trust.waivers import read_waivers

REVIEW_STATEMENT_TYPE = "assay/review-statement/1"
SIGNATURE_RECORD_TYPE = "assay/signature/1"
VERSION_MANIFEST_TYPE = "assay/manifest/1"
Find = Callable[[str], None]
Held = Callable[[int | None, TreeBound], bool]


@dataclass(frozen=True, slots=True)
class ApprovedVersion:
    """An approval whose envelope a trusted key signed, and its version's manifest."""

    approval: Approval
    manifest: JsonObject


def read_approvals(
    members: BundleMembers,
    keys: TrustedKeys,
    facts: LogFacts,
    held: Held,
    report: BundleReport,
) -> dict[str, ApprovedVersion]:
    """Check every approval; return those that a trusted key signed, by id."""
    approved: dict[str, ApprovedVersion] = {}
    for member, name in members.folder("approvals/", ".dsse.json"):
        report.count("approvals")
        try:
            place = facts.approved.get((name, members.digests[member]))
            approval = read_approval(
                members.read(member, MAX_ENVELOPE_BYTES), keys, partial(held, place)
            )
            if approval.id != name:
                raise Untrusted("it is the approval of another id")
        except TrustError as error:
            report.find(member, str(error))
            continue
        if (name, members.digests[member]) not in facts.approved:
            report.find(member, "the log has no event that this approval was given")
        if approval.elsewhere:
            _check_elsewhere(approval, member, facts, report)
        manifest = _check_version(members, approval, member, report)
        _check_statement(members, approval, manifest, facts, report)
        approved[name] = ApprovedVersion(approval, manifest)
    return approved


def _check_elsewhere(
    approval: Approval, member: str, facts: LogFacts, report: BundleReport
) -> None:
    report.count("approvals for use elsewhere, which never serve")
    if approval.version_digest in facts.pointed_at:
        report.find(member, "an alias was moved to its version, though it is for use elsewhere")


def recorder(leaves: bytes) -> Held:
    """Whether the log held the event at a place when a key ended, judged by all its leaf hashes."""
    known: dict[TreeBound, bool] = {}

    def held(place: int | None, end: TreeBound) -> bool:
        if end not in known:
            size = end.size * HASH_BYTES
            parts = (leaves[at : at + HASH_BYTES] for at in range(0, size, HASH_BYTES))
            known[end] = size <= len(leaves) and root_of(parts) == end.root
        return place is not None and place < end.size and known[end]

    return held


def _require_member(members: BundleMembers, member: str, digest: str, report: BundleReport) -> bool:
    """Whether the member that an approval refers to is there; every defect is a finding."""
    if not members.has(member):
        report.find(member, "an approval refers to it, but it is not in the bundle")
    elif members.digests[member] != digest:
        report.find(member, "an approval refers to it with another digest")
    return members.has(member)


def _named_document(
    members: BundleMembers, member: str, digest: str, report: BundleReport
) -> JsonObject:
    """The document that an approval refers to; empty, with a finding, if it is not there."""
    if not _require_member(members, member, digest, report):
        return {}
    return members.document(member) or {}


def _check_version(
    members: BundleMembers, approval: Approval, member: str, report: BundleReport
) -> JsonObject:
    folder = digest_hex(approval.version_digest)
    path = version_manifest_member(folder)
    manifest = _named_document(members, path, approval.version_digest, report)
    if manifest:
        compare_with_manifest(manifest, approval, member, report)
    return manifest


def compare_with_manifest(
    manifest: JsonObject, said: Approval | Emergency, member: str, report: BundleReport
) -> None:
    """Whether what was signed names the artifacts, the model and the number of the version."""
    path = version_manifest_member(digest_hex(said.version_digest))
    if manifest.get("type") != VERSION_MANIFEST_TYPE:
        report.find(path, f"it is not of the type {VERSION_MANIFEST_TYPE}")
    try:
        listed = artifact_digests_of(tuple(read_objects(manifest, "artifacts")))
        if listed != artifact_digests_of(said.artifacts):
            report.find(member, "its artifacts are not those of the version's manifest")
        if said.subject_name not in version_names(manifest):
            report.find(member, "its subject is not called as the version is")
        never = why_never_served(manifest) if isinstance(said, Emergency) else ""
        if never:
            report.find(member, never.removesuffix("."))
    except Malformed as error:
        report.find(path, str(error))


def version_names(manifest: JsonObject) -> tuple[str, str]:
    """ "<model name>/<number>" and "<model id>/<number>". Raises Malformed."""
    model, number = read_object(manifest, "model"), read_count(manifest, "number")
    return f"{read_text(model, 'name')}/{number}", f"{read_text(model, 'id')}/{number}"


def _check_statement(
    members: BundleMembers,
    approval: Approval,
    manifest: JsonObject,
    facts: LogFacts,
    report: BundleReport,
) -> None:
    path = statement_member(approval.review)
    statement = _named_document(members, path, approval.statement_digest, report)
    if not statement:
        return

    def find(problem: str) -> None:
        report.find(path, problem)

    try:
        compare_statement(statement, approval, manifest, find)
        whole = _check_policy(members, statement, approval, report)
        policy = rules_for(whole, elsewhere=approval.elsewhere)
        for problem in beyond_the_policy(approval, policy):
            find(problem)
        _check_evidence(members, statement, approval, report)
        check_plan(members, statement, approval, facts, report)
        check_validation(members, statement, approval, facts.validated, report)
        check_conditions(members, statement, approval, facts, report)
        check_gates(members, statement, policy, approval, facts, report)
        check_answers(members, statement, policy, manifest, approval, facts, report)
        _check_quorum(members, statement, policy, approval, facts, report)
    except Malformed as error:
        find(str(error))


def compare_statement(
    statement: JsonObject, approval: Approval, manifest: JsonObject, find: Find
) -> None:
    """Find what the approval says otherwise than the signed statement.

    `manifest` is the version's, empty where it is not known. Raises Malformed.
    """
    same: dict[str, tuple[object, object]] = {
        "type": (statement.get("type"), REVIEW_STATEMENT_TYPE),
        "review": (statement.get("review"), approval.review),
        "version": (statement.get("version_digest"), approval.version_digest),
        "artifacts": (
            artifact_digests_of(tuple(read_objects(statement, "artifacts"))),
            artifact_digests_of(approval.artifacts),
        ),
        "evidence": (statement.get("evidence"), list(approval.evidence)),
        "runtime": (statement.get("runtime"), approval.runtime),
        "scope": (statement.get("scope"), approval.scope),
        "grace when stale": (read_stale_grace(statement), approval.stale_grace),
        "use": (read_use(statement), approval.elsewhere),
        "list of waivers": (read_waivers(statement), approval.waivers),
        "outage grace": (
            statement.get("outage_grace_s"),
            int(approval.outage_grace.total_seconds()),
        ),
    }
    if manifest:
        same["model"] = (statement.get("model"), manifest.get("model"))
        same["number"] = (statement.get("number"), manifest.get("number"))
        if is_run_elsewhere(manifest) != approval.elsewhere:
            find("it is approved for serving and cannot be served, or the other way round")
    for what, (signed, approved) in same.items():
        if signed != approved:
            find(f"the {what} that was signed is not the one that was approved")
    longest = timedelta(days=min(read_count(statement, "validity_days"), 100_000))
    if approval.not_after - approval.issued_at > longest:
        find("the approval is valid for longer than was signed")


def beyond_the_policy(approval: Approval, policy: JsonObject) -> Iterator[str]:
    """What the approval's scope asks for beyond its policy. Raises Malformed."""
    for _part, why in wrong_with_scope(approval.limits, read_bounds(policy)):
        yield why.removesuffix(".")


def _check_policy(
    members: BundleMembers, statement: JsonObject, approval: Approval, report: BundleReport
) -> JsonObject:
    if read_object(statement, "policy").get("digest") != approval.policy_digest:
        report.find(
            statement_member(approval.review),
            "the policy that was signed is not the one that was approved",
        )
    path = policy_member(digest_hex(approval.policy_digest))
    return _named_document(members, path, approval.policy_digest, report)


def _check_evidence(
    members: BundleMembers, statement: JsonObject, approval: Approval, report: BundleReport
) -> None:
    golden: list[str | None] = []
    for entry in read_objects(statement, "evidence"):
        kind, digest = read_text(entry, "kind"), read_digest(entry, "digest")
        golden += [digest] if kind == "golden" else []
        path = evidence_member(digest_hex(approval.version_digest), digest_hex(digest))
        _require_member(members, path, digest, report)
        report.count("pieces of evidence")
    if approval.golden_digest not in (golden or [None]):
        report.find(
            statement_member(approval.review),
            "the approval's golden rows are not among the evidence",
        )


def _check_quorum(
    members: BundleMembers,
    statement: JsonObject,
    policy: JsonObject,
    approval: Approval,
    facts: LogFacts,
    report: BundleReport,
) -> None:
    persons: list[str] = []
    contributors = read_texts(statement, "contributors")
    for digest in approval.signatures:
        path = signature_member(digest_hex(digest))
        record = _named_document(members, path, digest, report)
        report.count("signatures")
        unproved = list(wrong_with_method(record, policy, SIGN, SIGN_WORDS, facts.passkeys))
        for problem in unproved if record else []:
            report.find(path, problem)
        if record and not unproved:
            persons += _check_signature(record, digest, approval, contributors, facts, report)
    path = statement_member(approval.review)
    if len(set(persons)) != len(persons):
        report.find(path, "one person signed more than once")
    if sorted(set(persons)) != sorted(approval.signers):
        report.find(path, "the persons who signed are not those whom the approval names")
    needed = max(1, read_count(statement, "signers_required"))
    if len(set(persons)) < needed:
        report.find(path, f"{len(set(persons))} persons approved, {needed} are required")


def _check_signature(
    record: JsonObject,
    digest: str,
    approval: Approval,
    contributors: list[str],
    facts: LogFacts,
    report: BundleReport,
) -> list[str]:
    """The person, if the record approves this statement; every defect is a finding."""
    path = signature_member(digest_hex(digest))
    person = record.get("person")
    wrong = {
        f"it is not of the type {SIGNATURE_RECORD_TYPE}": (
            record.get("type") != SIGNATURE_RECORD_TYPE
        ),
        "it signs another statement": record.get("statement_digest") != approval.statement_digest,
        "its decision is not to approve": record.get("decision") != "approve",
        "its person contributed to the version": person in contributors,
        "the log has no event that it was given": digest not in facts.signed,
        "the log names another person for it": facts.signed.get(digest, person) != person,
    }
    problems = [problem for problem, is_so in wrong.items() if is_so]
    for problem in problems:
        report.find(path, problem)
    return [person] if isinstance(person, str) and not problems else []
