"""Where in a review a finding or a remark may stand: at a gate, a section or a figure."""

from governance.evidence.gates import run_gates
from governance.evidence.subjects import look_at
from governance.models import ReviewState
from governance.policy.documents import Policy
from governance.selectors import policy_for, statement_of
from registry.models import ModelVersion

SECTIONS = (
    "section:evaluation",
    "section:plan",
    "section:explanation",
    "section:parity",
    "section:card",
    "section:files",
)
FIGURES = (
    "figure:confusion_matrix",
    "figure:roc_curve",
    "figure:pr_curve",
    "figure:calibration",
    "figure:mean_abs_shap",
    "figure:beeswarm",
    "figure:waterfall",
    "figure:image_attribution",
)


def gates_of(version: ModelVersion) -> list[str]:
    """The names of the gates of the open review, or of the policy in force, in their order."""
    review = version.reviews.filter(state__in=(ReviewState.OPEN, ReviewState.QUORUM)).first()
    if review is not None:
        return [gate["gate"] for gate in statement_of(review)["gates"]]
    policy = Policy.read(policy_for(version.model).document)
    return list(dict.fromkeys(gate.gate for gate in run_gates(look_at(version, policy))))


def anchors_of(version: ModelVersion) -> set[str]:
    """Everything at which something may be said about the version."""
    return {*gates_of(version), *SECTIONS, *FIGURES}
