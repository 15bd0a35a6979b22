"""Attached files: what names them, and that a bundle holds them."""

from collections.abc import Mapping
from itertools import chain

from trust.bundle_layout import attachment_member
from trust.bundle_members import BundleMembers
from trust.bundle_report import BundleReport
from trust.digests import digest_hex
from trust.errors import Malformed
from trust.fields import JsonObject, read_digest, read_objects

NAMING_ACTIONS = ("review.commented", "finding.raised", "finding.answered")
_NAMING_FOLDERS = ("findings/", "finding-moves/")


def attached_to(said: JsonObject) -> list[str]:
    """The digests of the files that an event names, or the record of a finding or an answer.

    Raises Malformed.
    """
    if "attachments" not in said:
        return []
    return [read_digest(entry, "digest") for entry in read_objects(said, "attachments")]


def check_attachments(
    members: BundleMembers, told: set[str], deleted: Mapping[str, str], report: BundleReport
) -> None:
    """Every file that a disclosed event (`told`), a finding or an answer names is there, but for
    those that the log says were deleted: these are not.

    That its bytes have the digest that the member is called by is checked with all such members.
    """
    named = dict.fromkeys(told, "the log")
    naming = chain.from_iterable(members.folder(folder, ".json") for folder in _NAMING_FOLDERS)
    for member, _name in naming:
        try:
            named |= dict.fromkeys(attached_to(members.document(member) or {}), member)
        except Malformed as error:
            report.find(member, str(error))
    for digest, where in sorted(named.items()):
        report.count("attached files")
        path = attachment_member(digest_hex(digest))
        if digest in deleted:
            if members.has(path):
                report.find(path, f"the log says that it was {deleted[digest]}, but it is here")
        elif not members.has(path):
            report.find(path, f"{where} names it, but it is not in the bundle")
