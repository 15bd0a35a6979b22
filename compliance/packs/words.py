"""Words that packs print for the names in records: English, as packs are, whoever asks."""

from collections.abc import Iterable, Mapping
from typing import Any

from audit.actions import Action
from evaluation.metrics.catalogue import BY_NAME
from evaluation.metrics.contract import Metric
from governance.policy.fields import SEALED_PLAN
from trust.elsewhere import is_run_elsewhere
from trust.gates import SHIFT
from trust.methods import OIDC, PASSKEY, PASSWORD, PASSWORD_AND_TOTP

GATES = {
    "admission": "Checked file: level of confinement",
    "evaluation": "Evaluation report",
    "explanation": "Explanation report",
    "golden": "Answers frozen for replay",
    "card": "Model card: required fields that are empty",
    "parity": "Compared with its parent",
    SEALED_PLAN: "Criteria sealed before the run",
    "mcnemar": "McNemar test against the champion",
    "latency": "Time for one row, ms",
    "size": "Size of the files, bytes",
    "licence": "Licence of those allowed",
    "lineage": "Lineage: where the version comes from",
    "sandbox": "Confinement of the check of the file",
    "evidence_age": "Oldest report, and the days for which it counts",
    "validation_report": "Validation report: its rating",
    SHIFT: "Share of the importance on other features",
}
REPORTS = {
    "sandbox": "check of the model file in a sandbox",
    "evaluation": "evaluation",
    "golden": "answers frozen for replay",
    "explanation": "explanation by SHAP values",
    "parity": "comparison with its parent",
    "plan": "criteria sealed before the run",
    "validation": "validation report",
    "card": "model card",
}
METHODS = {
    PASSWORD: "password",
    PASSWORD_AND_TOTP: "password and authenticator app",
    PASSKEY: "passkey",
    OIDC: "fresh sign-in at the identity provider",
}
TASKS = {
    "binary": "classification into two classes",
    "multiclass": "classification into several classes",
    "regression": "regression",
}
JOBS = {"training.run": "training", "training.compress": "compression"}
REFUSALS = {
    "not-approved": "no valid approval",
    "out-of-scope": "outside the scope of the approval",
    "not-found": "there is nothing of this name",
    "not-allowed": "the caller may not ask this",
    "invalid": "the input does not fit",
    "too-large": "the input is too large",
    "unavailable": "not available at that moment",
    "conflict": "in conflict with the state of the model",
    "not_authenticated": "the caller was not known",
    "authentication_failed": "the caller was not known",
    "throttled": "too many requests",
    "parse_error": "the input could not be read",
    "unsupported_media_type": "the input could not be read",
}
_EVENTS = frozenset(one.value for one in Action)
_BOUNDS = {"value": "value", "interval": "worse end of the 95 % interval"}
_OF_METRICS = {
    "metric": "{}",
    "slice": "{}, worst slice",
    "no_regression": "{} against the champion",
}


def gate(name: str) -> str:
    """A gate by its name in statements."""
    about, _colon, named = name.partition(":")
    if about in _OF_METRICS and named in BY_NAME:
        return _OF_METRICS[about].format(metric(named))
    return GATES.get(name, name)


def metric(name: str) -> str:
    """A metric by its name in reports."""
    known: Metric | None = BY_NAME.get(name)
    return known.title if known else name


def limit(name: str, value: float, bound: str) -> str:
    """A limit of a policy or plan: what has to be at least or at most so much."""
    known = BY_NAME.get(name)
    which = "at most" if known and known.direction == "lower" else "at least"
    return f"{_BOUNDS.get(bound, bound)} {which} {value:g}"


def reports(kinds: Iterable[str]) -> str:
    """Kinds of reports, strung together."""
    return ", ".join(REPORTS.get(kind, kind) for kind in kinds)


def method(name: str) -> str:
    """How a person was asked who he is; empty where a record does not say it."""
    return METHODS.get(name, name)


def event(action: str) -> str:
    """What the log tells by an event; its name there where the program no longer knows it."""
    return Action(action).sentence if action in _EVENTS else action


def made(kind: str, manifest: Mapping[str, Any]) -> str:
    """How a version came: what was declared for use elsewhere was not uploaded to be served."""
    return "declared, run elsewhere" if is_run_elsewhere(dict(manifest)) else kind


def plain(value: Any) -> str | int | float | bool | None:
    """A parameter in a cell: a list without its brackets."""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return value if isinstance(value, str | int | float | bool | None) else str(value)
