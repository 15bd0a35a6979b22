"""The part of a bundle's story in which a reviewer finds something."""

from typing import Any

from trust.bundle_layout import attachment_member, finding_member
from trust.digests import digest_hex, digest_of

FOUND_BY, OWNER, CLOSED_BY = "person-ben", "person-ada", "person-cleo"
DUE = "2026-12-31"
FILE = b"rows of winter"


def add_findings(story: Any, version: str) -> dict[str, Any]:
    """One that blocked and was closed, and a condition; the annex that names it."""
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
    story.event(
        "finding.closed", {"finding": digests[0], "version_digest": version}, person=CLOSED_BY
    )
    return {"conditions": [{"digest": digests[1], "due_on": DUE}]}
