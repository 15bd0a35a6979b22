"""Versions that this instance never runs, and the approvals of their use elsewhere.

One rule for issuing, gate, fsck and verifier: what names no inputs and outputs in its manifest is
run elsewhere, its approval says so, and nothing is ever answered under such an approval.
"""

from trust.errors import Malformed
from trust.fields import JsonObject, read_object

# In statement and approval, only where the version is run elsewhere: others read as before.
USE, ELSEWHERE = "use", "elsewhere"
NEVER_SERVES = "The approval is for use elsewhere: it never serves here."
NOT_RUN_HERE = "The version has no interface of inputs and outputs, so it is never served."
# The part of a policy that says what is asked of a version that is run elsewhere, in the place of
# all these. Who signs, how, for how long and what may be waived is never said there.
ASKED_ELSEWHERE = "elsewhere"
ASKED_OF_EVIDENCE = frozenset(
    (
        "metrics",
        "slices",
        "no_regression",
        "mcnemar",
        "latency_ms",
        "size_bytes",
        "licences",
        "lineage",
        "sandbox",
        "evidence_days",
        "evidence",
        "sealed_plan",
        "explanation_shift",
        "validation_report",
    )
)


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


def rules_for(policy: JsonObject, *, elsewhere: bool) -> JsonObject:
    """What a policy asks of versions that are run here, or of those that are run elsewhere.

    Without a part for these all of it is asked of them too, so what needs a run blocks them.
    Raises Malformed.
    """
    rules = {name: value for name, value in policy.items() if name != ASKED_ELSEWHERE}
    if not elsewhere or ASKED_ELSEWHERE not in policy:
        return rules
    own = read_object(policy, ASKED_ELSEWHERE)
    if not own or not own.keys() <= ASKED_OF_EVIDENCE:
        raise Malformed("the policy's part for use elsewhere is none")
    return {name: rules[name] for name in rules if name not in ASKED_OF_EVIDENCE} | own
