"""The approval policy as a document, and the three that every instance starts with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.roles import Role
from common.errors import Invalid
from evaluation.criteria import Floor, read_floors
from evaluation.metrics.catalogue import BY_NAME
from trust.methods import DEMAND
from trust.waivers import EVERY_METRIC, NEVER_WAIVED

TYPE = "assay/policy/1"
KINDS_OF_EVIDENCE = ("evaluation", "explanation", "golden", "card")
MOST_SIGNERS = 10
LONGEST_VALIDITY_DAYS = 1825
LONGEST_GRACE_S = 7 * 86400
# The field of a policy that wants it, and the gate's name.
SEALED_PLAN = "sealed_plan"
WAIVABLE = (
    "evaluation",
    "explanation",
    "card",
    "parity",
    SEALED_PLAN,
    EVERY_METRIC,
    *(f"metric:{name}" for name in BY_NAME),
)
_KEYS = {
    "type",
    "metrics",
    "evidence",
    "signers",
    "validity_days",
    "outage_grace_s",
    "waivable",
    DEMAND,
    SEALED_PLAN,
}


@dataclass(frozen=True)
class Policy:
    """What a version needs to be approved; `waivable` names the gates that may be waived.

    With `second_factor` only those sign and waive who show one.
    With `sealed_plan` the criteria of the evaluation are sealed before its run, and met.
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

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Policy":
        """The policy of a document. Raises Invalid naming the field at fault."""
        unknown = sorted(set(document) - _KEYS)
        if unknown:
            raise Invalid("A policy has no such field.", field=unknown[0])
        if document.get("type", TYPE) != TYPE:
            raise Invalid(f"The type is {TYPE}.", field="type")
        signers = _mapping(document.get("signers"), "signers", {"count", "roles"})
        roles = _names(signers.get("roles"), "signers.roles", tuple(Role.values))
        if not roles:
            raise Invalid("Name at least one role that signs.", field="signers.roles")
        if not set(roles) <= {Role.REVIEWER.value, Role.MANAGER.value, Role.COMPLIANCE.value}:
            raise Invalid("Only reviewers, managers and compliance sign.", field="signers.roles")
        return cls(
            metrics=read_floors(document.get("metrics", []), "metrics"),
            evidence=_names(document.get("evidence", []), "evidence", KINDS_OF_EVIDENCE),
            signers=_whole(signers.get("count"), "signers.count", 1, MOST_SIGNERS),
            roles=roles,
            validity_days=_whole(
                document.get("validity_days"), "validity_days", 1, LONGEST_VALIDITY_DAYS
            ),
            outage_grace_s=_whole(
                document.get("outage_grace_s"), "outage_grace_s", 0, LONGEST_GRACE_S
            ),
            waivable=_waivable(document.get("waivable", [])),
            second_factor=_truth(document.get(DEMAND, False), DEMAND),
            sealed_plan=_truth(document.get(SEALED_PLAN, False), SEALED_PLAN),
        )

    def as_dict(self) -> dict[str, Any]:
        """The document in its one form.

        Without `waivable`, `second_factor` and `sealed_plan` where they ask nothing: so read the
        policies from before there were any.
        """
        later: dict[str, Any] = {"waivable": list(self.waivable)} if self.waivable else {}
        later |= {DEMAND: True} if self.second_factor else {}
        later |= {SEALED_PLAN: True} if self.sealed_plan else {}
        return {
            "type": TYPE,
            "metrics": [floor.as_dict() for floor in self.metrics],
            "evidence": list(self.evidence),
            "signers": {"count": self.signers, "roles": list(self.roles)},
            "validity_days": self.validity_days,
            "outage_grace_s": self.outage_grace_s,
        } | later


def _mapping(value: object, field: str, keys: set[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Invalid("This must be an object.", field=field)
    unknown = sorted(set(value) - keys)
    if unknown:
        raise Invalid("There is no such field.", field=f"{field}.{unknown[0]}")
    return value


def _whole(value: object, field: str, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Invalid(f"This must be a whole number from {low} to {high}.", field=field)
    return value


def _truth(value: object, field: str) -> bool:
    if not isinstance(value, bool):
        raise Invalid("This must be true or false.", field=field)
    return value


def _names(value: object, field: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Invalid("This must be a list of names.", field=field)
    for item in value:
        if item not in allowed:
            raise Invalid(f"{item!r} is none of {', '.join(allowed)}.", field=field)
    return tuple(dict.fromkeys(value))


def _waivable(value: object) -> tuple[str, ...]:
    for item in value if isinstance(value, list) else []:
        if isinstance(item, str) and item in NEVER_WAIVED:
            raise Invalid(f"The gate {item} can never be waived.", field="waivable")
    return _names(value, "waivable", WAIVABLE)


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
    "high": _default(0.85, "interval", 2, 180, 0),
}
