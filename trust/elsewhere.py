"""Versions that this instance never runs, and the approvals of their use elsewhere.

One rule for issuing, gate, fsck and verifier: what names no inputs and outputs in its manifest is
run elsewhere, its approval says so, and nothing is ever answered under such an approval.
"""

from trust.errors import Malformed
from trust.fields import JsonObject

# In statement and approval, only where the version is run elsewhere: others read as before.
USE, ELSEWHERE = "use", "elsewhere"
NEVER_SERVES = "The approval is for use elsewhere: it never serves here."
NOT_RUN_HERE = "The version has no interface of inputs and outputs, so it is never served."


def is_run_elsewhere(manifest: JsonObject) -> bool:
    """Whether a version's manifest names no inputs and outputs, so that nothing here can run it."""
    return manifest.get("signature") is None


def why_never_served(manifest: JsonObject) -> str:
    """A sentence if no approval and no emergency grant lets the version answer, else empty."""
    return NOT_RUN_HERE if is_run_elsewhere(manifest) else ""


def read_use(document: JsonObject) -> bool:
    """Whether a statement or an approval is for use elsewhere. Raises Malformed."""
    if USE not in document:
        return False
    if document[USE] != ELSEWHERE:
        raise Malformed("it is for a use that is not known")
    return True
