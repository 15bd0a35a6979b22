"""The approval policy as a document, and the three that every instance starts with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.roles import Role
from common.errors import Invalid
from evaluation.metrics.catalogue import BY_NAME
from trust.methods import DEMAND
from trust.waivers import EVERY_METRIC, NEVER_WAIVED

TYPE = "assay/policy/1"
KINDS_OF_EVIDENCE = ("evaluation", "explanation", "golden", "card")
BOUNDS = ("value", "interval")
MOST_SIGNERS = 10
MOST_FLOORS = 100
LONGEST_VALIDITY_DAYS = 1825
LONGEST_GRACE_S = 7 * 86400
WAIVABLE = (
    "evaluation",
    "explanation",
    "card",
    "parity",
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
}


@dataclass(frozen=True)
class Floor:
    """A limit on a metric: at least `limit` where higher is better, else at most.

    With `bound` "interval" the worse end of the 95 % interval must meet the limit.
    """

    metric: str
    limit: float
    bound: str


@dataclass(frozen=True)
class Policy:
    """What a version needs to be approved; `waivable` names the gates that may be waived.

    With `second_factor` only those sign and waive who show one.
    """

    metrics: tuple[Floor, ...]
    evidence: tuple[str, ...]
    signers: int
    roles: tuple[str, ...]
    validity_days: int
    outage_grace_s: int
    waivable: tuple[str, ...] = ()
    second_factor: bool = False

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
            metrics=_floors(document.get("metrics", [])),
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
        )

    def as_dict(self) -> dict[str, Any]:
        """The document in its one form.

        Without `waivable` and `second_factor` where they are empty: so read the policies from
        before there were any.
        """
        waivable = {"waivable": list(self.waivable)} if self.waivable else {}
        demand = {DEMAND: True} if self.second_factor else {}
        return (
            {
                "type": TYPE,
                "metrics": [
                    {"metric": f.metric, "limit": f.limit, "bound": f.bound} for f in self.metrics
                ],
                "evidence": list(self.evidence),
                "signers": {"count": self.signers, "roles": list(self.roles)},
                "validity_days": self.validity_days,
                "outage_grace_s": self.outage_grace_s,
            }
            | waivable
            | demand
        )


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


def _floors(value: object) -> tuple[Floor, ...]:
    if not isinstance(value, list):
        raise Invalid("This must be a list.", field="metrics")
    if len(value) > MOST_FLOORS:
        raise Invalid(f"A policy has at most {MOST_FLOORS} floors.", field="metrics")
    return tuple(_floor(item, f"metrics[{n}]") for n, item in enumerate(value))


def _floor(value: object, field: str) -> Floor:
    item = _mapping(value, field, {"metric", "limit", "bound"})
    metric, limit, bound = item.get("metric"), item.get("limit"), item.get("bound", "value")
    if not isinstance(metric, str) or metric not in BY_NAME:
        raise Invalid(f"There is no metric {metric!r}.", field=f"{field}.metric")
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not abs(limit) <= 1e12:
        raise Invalid("The limit must be a number.", field=f"{field}.limit")
    if bound not in BOUNDS:
        raise Invalid("The bound is value or interval.", field=f"{field}.bound")
    return Floor(metric, float(limit), str(bound))


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
