"""The approval policy as a document, and the three that every instance starts with."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from accounts.roles import Role
from evaluation.criteria import Floor, Margin, SliceFloor
from governance.policy.fields import KINDS_OF_EVIDENCE
from governance.policy.reading import read_fields, written
from trust.elsewhere import ASKED_ELSEWHERE, rules_for
from trust.methods import DEMAND, DEMAND_PASSKEY
from trust.scope import ScopeBounds, read_bounds


@dataclass(frozen=True)
class Policy:
    """What a version needs to be approved; what each part says stands in `policy_fields`.

    Parts with a default ask nothing there.
    """

    metrics: tuple[Floor, ...]
    evidence: tuple[str, ...]
    signers: int
    roles: tuple[str, ...]
    validity_days: int
    outage_grace_s: int
    waivable: tuple[str, ...] = ()
    second_factor: bool = False
    sealed_plan: bool = False
    slices: tuple[SliceFloor, ...] = ()
    no_regression: tuple[Margin, ...] = ()
    mcnemar: float | None = None
    latency_ms: float | None = None
    size_bytes: int | None = None
    licences: tuple[str, ...] = ()
    lineage: bool = False
    sandbox: str = ""
    evidence_days: int | None = None
    stale_grace_s: int | None = None
    scope_aliases: tuple[str, ...] = ()
    scope_environments: tuple[str, ...] = ()
    scope_traffic_share: int | None = None
    scope_required: tuple[str, ...] = ()
    passkey: bool = False
    emergency_hours: int = 0
    validation_report: bool = False
    explanation_shift: float | None = None
    elsewhere_evidence: tuple[str, ...] = ()
    elsewhere_licences: tuple[str, ...] = ()
    elsewhere_lineage: bool = False
    elsewhere_validation_report: bool = False
    elsewhere_evidence_days: int | None = None
    elsewhere_size_bytes: int | None = None

    @property
    def demands(self) -> dict[str, object]:
        """How signers have to show who they are, as a document says it."""
        return {DEMAND: self.second_factor, DEMAND_PASSKEY: self.passkey}

    @property
    def asks_apart(self) -> bool:
        """Whether it says apart what is asked of versions that are used elsewhere."""
        return ASKED_ELSEWHERE in self.as_dict()

    def asked_of(self, *, elsewhere: bool) -> "Policy":
        """What it asks of versions that are served here, or of those that are used elsewhere."""
        return Policy.read(rules_for(self.as_dict(), elsewhere=elsewhere))

    @property
    def scope(self) -> ScopeBounds:
        """What a submission may ask to be approved for."""
        return read_bounds(self.as_dict())

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Policy":
        """The policy of a document. Raises Invalid naming the field at fault."""
        return cls(**read_fields(document))

    def as_dict(self) -> dict[str, Any]:
        """The document in its one form, without the later parts that ask nothing."""
        return written({field.name: getattr(self, field.name) for field in fields(self)})


def _default(accuracy: float, bound: str, signers: int, days: int, grace: int) -> Policy:
    return Policy(
        metrics=(
            Floor("accuracy", accuracy, bound),
            Floor("f1_macro", accuracy, "value"),
            Floor("r2", 0.0, "value"),
        ),
        evidence=KINDS_OF_EVIDENCE,
        signers=signers,
        roles=(Role.REVIEWER.value, Role.MANAGER.value),
        validity_days=days,
        outage_grace_s=grace,
    )


DEFAULTS = {
    "low": _default(0.7, "value", 1, 730, 86400),
    "medium": _default(0.8, "value", 2, 365, 3600),
    "high": replace(
        _default(0.85, "interval", 2, 180, 0),
        no_regression=(Margin("accuracy", 0.02), Margin("f1_macro", 0.02)),
        mcnemar=0.05,
        sandbox="rlimits-only",
        evidence_days=180,
    ),
}
