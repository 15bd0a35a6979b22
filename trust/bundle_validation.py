"""The validation report of an approval: by a person without a hand in the version, in the log."""

from collections.abc import Mapping

from trust.approval import Approval
from trust.bundle_layout import evidence_member
from trust.bundle_members import BundleMembers
from trust.bundle_report import BundleReport
from trust.digests import digest_hex
from trust.fields import JsonObject, read_digest, read_objects
from trust.validations import VALIDATION, wrong_with_validation


def check_validation(
    members: BundleMembers,
    statement: JsonObject,
    approval: Approval,
    finished: Mapping[str, object],
    report: BundleReport,
) -> None:
    """Where a statement names a report, it is one. Raises Malformed.

    That it is there with its bytes is checked with all evidence.
    """
    for entry in read_objects(statement, "evidence"):
        if entry.get("kind") != VALIDATION:
            continue
        digest = read_digest(entry, "digest")
        path = evidence_member(digest_hex(approval.version_digest), digest_hex(digest))
        document = members.document(path) if members.has(path) else None
        if document is None:
            continue
        report.count("validation reports")
        for why in wrong_with_validation(document, digest, statement, finished):
            report.find(path, why)
