"""The part of a bundle's story in which a reviewer finds something."""

from typing import Any

from trust.bundle_layout import (
    attachment_member,
    finding_amendment_member,
    finding_member,
    finding_move_member,
)
from trust.digests import digest_hex, digest_of

FOUND_BY, OWNER, CLOSED_BY = "person-ben", "person-ada", "person-cleo"
DUE = "2026-12-31"
FILE = b"rows of winter"
SHOWN = b"figures of winter"
LATER = "2027-01-31"


def add_findings(story: Any, version: str) -> dict[str, Any]:
    """One that blocked, was answered and closed, and a condition; the annex that names it."""
    records: list[dict[str, Any]] = [
        {
            "type": "assay/finding/1",
            "version_digest": version,
            "effect": effect,
            "text": "Winter is not in the rows.",
            "owner": OWNER,
            "due_on": DUE,
            "person": FOUND_BY,
            "attachments": [{"name": "a.txt", "digest": digest_of(FILE), "size": len(FILE)}],
        }
        for effect in ("blocking", "condition")
    ]
    story.edit_findings(records)
    story.files[attachment_member(digest_hex(digest_of(FILE)))] = FILE
    digests = [story.put(finding_member, record) for record in records]
    for record, digest in zip(records, digests, strict=True):
        said = {"finding": digest, "version_digest": version, "effect": record["effect"]}
        story.event("finding.raised", said, person=str(record["person"]))
    _answer(story, digests[0], version)
    story.event(
        "finding.closed", {"finding": digests[0], "version_digest": version}, person=CLOSED_BY
    )
    named = {"digest": digests[1], "due_on": DUE}
    return {"conditions": [_amend(story, digests[1], version) if story.amended else named]}


def _answer(story: Any, finding: str, version: str) -> None:
    """With a file, by its owner."""
    said = {"attachments": [{"name": "b.txt", "digest": digest_of(SHOWN), "size": len(SHOWN)}]}
    story.files[attachment_member(digest_hex(digest_of(SHOWN)))] = SHOWN
    record = {"type": "assay/finding-move/1", "finding": finding, "move": "answered", **said}
    move = story.put(finding_move_member, record)
    told = {"finding": finding, "version_digest": version, "move": move, **said}
    story.event("finding.answered", told, person=OWNER)


def _amend(story: Any, finding: str, version: str) -> dict[str, Any]:
    """Another day, by who closed the other one; how the annex names the condition then."""
    record: dict[str, Any] = {
        "type": "assay/finding-amendment/1",
        "finding": finding,
        "was_owner": OWNER,
        "was_due_on": DUE,
        "owner": OWNER,
        "due_on": LATER,
        "text": "There is no winter before January.",
        "person": CLOSED_BY,
    }
    story.amended(record)
    amendment = story.put(finding_amendment_member, record)
    told = {"finding": finding, "version_digest": version, "amendment": amendment, "due_on": LATER}
    story.event("finding.amended", told, person=CLOSED_BY)
    return {"digest": finding, "due_on": LATER, "amendment": amendment}
