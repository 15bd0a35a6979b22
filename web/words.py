"""Words for names that records, policies and the API use: the one place where pages look them up.

A name that is not here is shown as it is: that of another program's version, say.
"""

from collections.abc import Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Role
from evaluation.metrics.catalogue import BY_NAME
from governance.policy.fields import SEALED_PLAN
from training.models import CompressionMethod
from training.recipes import RECIPES
from trust.elsewhere import ASKED_ELSEWHERE
from trust.methods import OIDC, PASSKEY, PASSWORD, PASSWORD_AND_TOTP
from trust.validations import VALIDATION
from trust.waivers import EVERY_METRIC
from web.vocabulary import spoken

ABOUT_A_METRIC = ("metric", "slice", "no_regression")
_GATES: dict[str, Promise] = {
    "admission": gettext_lazy("Checked file"),
    "evaluation": gettext_lazy("Evaluation report"),
    "explanation": gettext_lazy("Explanation report"),
    "golden": gettext_lazy("Golden rows"),
    "card": gettext_lazy("Model card complete"),
    "parity": gettext_lazy("Compared with its parent"),
    SEALED_PLAN: gettext_lazy("Criteria sealed before the run"),
    "mcnemar": gettext_lazy("McNemar test against champion"),
    "latency": gettext_lazy("Time for one row, ms"),
    "size": gettext_lazy("Size, bytes"),
    "licence": gettext_lazy("Licence allowed"),
    "lineage": gettext_lazy("Lineage complete"),
    "sandbox": gettext_lazy("Confinement of the check"),
    "evidence_age": gettext_lazy("Age of the evidence, days"),
    "explanation_shift": gettext_lazy("Shift of explanations"),
    "validation_report": gettext_lazy("Validation report"),
    EVERY_METRIC: gettext_lazy("Every limit on a metric"),
}
_WORDS: dict[str, Mapping[str, str | Promise]] = {
    "thing": {
        "model": gettext_lazy("model"),
        "version": gettext_lazy("version"),
        "review": gettext_lazy("review"),
        "dataset": gettext_lazy("dataset"),
        "policy": gettext_lazy("policy"),
        "job": gettext_lazy("job"),
        "export": gettext_lazy("export"),
        "pack": gettext_lazy("pack"),
        "person": gettext_lazy("person"),
        "user": gettext_lazy("login"),
        "team": gettext_lazy("team"),
        "token": gettext_lazy("token"),
        "proposal": gettext_lazy("proposal"),
        "log": gettext_lazy("log"),
        "predictions": gettext_lazy("predictions"),
        "retention": gettext_lazy("retention"),
    },
    "evidence": {
        "sandbox": gettext_lazy("Check of the file"),
        "evaluation": gettext_lazy("Evaluation report"),
        "explanation": gettext_lazy("Explanation report"),
        "golden": gettext_lazy("Golden rows"),
        "parity": gettext_lazy("Comparison with the parent"),
        "plan": gettext_lazy("Criteria"),
        "card": gettext_lazy("Model card"),
        VALIDATION: gettext_lazy("Validation report"),
    },
    "made": {
        "uploaded": gettext_lazy("Uploaded"),
        "trained": gettext_lazy("Trained"),
        "compressed": gettext_lazy("Compressed"),
        "declared": gettext_lazy("Declared"),
        CompressionMethod.INT8_DYNAMIC.value: gettext_lazy("Quantised to int8, dynamically"),
        CompressionMethod.INT8_STATIC.value: gettext_lazy("Quantised to int8, statically"),
        CompressionMethod.PRUNE.value: gettext_lazy("Pruned"),
        **{name: gettext_lazy(recipe.title) for name, recipe in RECIPES.items()},
    },
    "split": {
        "train": gettext_lazy("training"),
        "validation": gettext_lazy("validation"),
        "test": gettext_lazy("test"),
        "calibration": gettext_lazy("calibration"),
    },
    "split_chosen": {
        "train": gettext_lazy("Training"),
        "validation": gettext_lazy("Validation"),
        "test": gettext_lazy("Test (held out)"),
        "calibration": gettext_lazy("Calibration"),
    },
    "file": {
        "model": gettext_lazy("Model"),
        "weights": gettext_lazy("Weights"),
        "tokenizer": gettext_lazy("Tokenizer"),
        "sidecar": gettext_lazy("Further file"),
    },
    "proof": {
        PASSWORD: gettext_lazy("password"),
        PASSWORD_AND_TOTP: gettext_lazy("password and code of the authenticator app"),
        PASSKEY: gettext_lazy("passkey"),
        OIDC: gettext_lazy("sign-in at the identity provider"),
    },
    "role": dict(Role.choices),
    "task": {
        "binary": gettext_lazy("Two classes"),
        "multiclass": gettext_lazy("Several classes"),
        "regression": gettext_lazy("A number"),
    },
    "output": {
        "probabilities": gettext_lazy("Probabilities"),
        "label": gettext_lazy("Class"),
        "value": gettext_lazy("Value"),
    },
    "format": {"csv": "CSV", "npz": "NPZ", "parquet": "Parquet"},
    "level": {
        "none": gettext_lazy("not at all"),
        "rlimits-only": gettext_lazy("by limits on the process alone"),
        "no-namespaces": gettext_lazy("without namespaces"),
        "full": gettext_lazy("fully"),
    },
    "bound": {
        "value": gettext_lazy("the value"),
        "interval": gettext_lazy("the interval"),
    },
    "required": {
        "consumers": gettext_lazy("Consumers"),
        "purpose": gettext_lazy("Purpose"),
        "traffic_share": gettext_lazy("Share of the traffic"),
    },
    "part": {
        "artifacts": gettext_lazy("files"),
        "evidence": gettext_lazy("evidence"),
        "policy": gettext_lazy("policy"),
        "gates": gettext_lazy("gates"),
        "waivers": gettext_lazy("waivers"),
        "scope": gettext_lazy("what it is approved for"),
        "version_digest": gettext_lazy("version"),
        "signers_required": gettext_lazy("the number of signatures"),
        "validity_days": gettext_lazy("how long it holds"),
        "outage_grace_s": gettext_lazy("the grace"),
        "stale_grace_s": gettext_lazy("the grace of a stale approval"),
        "use": gettext_lazy("whether it serves here"),
    },
    "loss": {
        "auto": gettext_lazy("as the task wants it"),
        "cross_entropy": gettext_lazy("cross entropy"),
        "bce": gettext_lazy("binary cross entropy"),
        "mse": gettext_lazy("mean squared error"),
    },
}

_OF_POLICIES = {
    "evidence": "evidence",
    "signers.roles": "role",
    "sandbox": "level",
    "scope_required": "required",
    "bound": "bound",
}
"""Which words the values of a policy's field, or of a column of its tables, have."""
_COLUMNS: dict[str, Promise] = {
    "metric": gettext_lazy("Metric"),
    "limit": gettext_lazy("Limit"),
    "bound": gettext_lazy("Bound"),
    "margin": gettext_lazy("Margin"),
    "least_rows": gettext_lazy("Least rows"),
    "columns": gettext_lazy("Features"),
}


def word(name: object, kind: str) -> str:
    """What a name of this kind is called on pages."""
    return str(_WORDS[kind].get(str(name), name))


def lazy_words_of(names: Iterable[str], kind: str) -> list[tuple[str, str | Promise]]:
    """The same of choices that stand before it is known who reads them."""
    return [(name, _WORDS[kind][name]) for name in names]


def words_of(names: Iterable[str], kind: str) -> list[tuple[str, str]]:
    """Names with their words, as the choices of a form."""
    return [(name, word(name, kind)) for name in names]


def metric_title(name: str) -> str:
    """A metric's name for people."""
    return spoken(BY_NAME[name].title) if name in BY_NAME else name


def gate_title(name: str) -> str:
    """A gate's name for people."""
    about, _colon, named = name.partition(":")
    if named in BY_NAME and about in ABOUT_A_METRIC:
        words = {"metric": metric_title(named)}
        if about == "slice":
            return _("%(metric)s, worst slice") % words
        return words["metric"] if about == "metric" else _("%(metric)s against champion") % words
    return str(_GATES.get(name, name))


def policy_word(value: str, field: str) -> str:
    """What a value of a policy's field, or of a column, is called."""
    if field == "waivable":
        return gate_title(value)
    if field == "metric":
        return metric_title(value)
    kind = _OF_POLICIES.get(field.removeprefix(f"{ASKED_ELSEWHERE}."))
    return word(value, kind) if kind else value


def column_title(name: str) -> str:
    """The title of a column of a policy's tables."""
    return str(_COLUMNS.get(name, name))
