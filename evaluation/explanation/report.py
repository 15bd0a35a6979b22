"""The explanation report: which features move a model's answers, over all rows and in each."""

import hashlib
import platform
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.errors import Invalid
from common.steering import Progress, Steering
from evaluation.answers import answer
from evaluation.explanation import image, tabular
from evaluation.explanation.agreement import agreement
from evaluation.explanation.explained import Explained
from evaluation.explanation.kernel import is_exact
from evaluation.explanation.scoring import Scoring
from evaluation.explanation.summary import beeswarm, global_list, local_rows
from evaluation.features import Features, as_inputs
from evaluation.reporting.contender import Contender
from runtimes.schema import Signature

TYPE = "assay/explanation/1"
ROWS = 100
AGREEMENT_ROWS = 20
MAX_CHANNELS = 4

Explainer = tabular.Tabular | image.Image


def explain(
    subject: Contender,
    features: Features,
    *,
    background: Features,
    dataset: Mapping[str, Any],
    seed: int,
    on_progress: Progress,
    should_stop: Callable[[], bool],
    rows: int = ROWS,
    budget: int | None = None,
) -> dict[str, Any]:
    """Explain up to `rows` rows of `features`, drawn by `seed`, as "assay/explanation/1".

    For models with one input of row shape (features,), or (channels, height, width) for small
    images, that give probabilities or a value. `background` are rows to compare with, best from
    the training data; `budget` is the number of coalitions a row. `dataset` are JSON facts that
    go into the report as given. Explained is the probability of the positive class, of each
    row's predicted class if there are more than two, or the value of a regression.

    Raises Invalid (other models, data as in `as_inputs`, rows or budget too low) and Cancelled.
    """
    began = time.perf_counter()
    signature = subject.signature
    _require_explainable(signature)
    _require_enough(rows, budget)
    name = signature.inputs[0].name
    inputs = as_inputs(features, signature)[name]
    compared = as_inputs(background, signature)[name]
    steering = Steering(on_progress, should_stop)
    explainer, drawn = _explainer(
        Scoring(subject.model, signature, steering), compared, seed, budget
    )
    chosen = _draw(len(inputs), rows, seed)
    answer(subject.model, {name: inputs[chosen]}, signature, threshold=None, steering=steering)
    found, agreed = _explain_twice(explainer, inputs, chosen, seed, steering)
    return {
        "type": TYPE,
        "subject": subject.facts(),
        "dataset": dict(dataset),
        "task": signature.task,
        **_how(explainer, drawn),
        "seed": seed,
        "rows": len(chosen),
        "additivity_error": found.additivity_error,
        "seed_agreement": agreed,
        **_values(explainer, found, signature.classes),
        "versions": _versions(),
        "seconds": round(time.perf_counter() - began, 3),
    }


def _require_explainable(signature: Signature) -> None:
    reason = None
    shape = signature.inputs[0].shape
    if len(signature.inputs) != 1:
        reason = "Only models with one input are explained."
    elif signature.answer().kind == "label":
        reason = "A model that gives labels without probabilities is not explained."
    elif len(shape) not in (1, 3):
        reason = "Only rows of features and images (channels, height, width) are explained."
    elif len(shape) == 1 and shape[0] > tabular.MAX_FEATURES:
        reason = f"Only models of up to {tabular.MAX_FEATURES} features are explained."
    elif len(shape) == 3 and shape[0] > MAX_CHANNELS:
        reason = f"Only images of up to {MAX_CHANNELS} channels are explained."
    if reason:
        raise Invalid(reason, field="model")


def _require_enough(rows: int, budget: int | None) -> None:
    if rows < 1:
        raise Invalid("At least one row is needed.", field="rows")
    if budget is not None and budget < 2:
        raise Invalid("At least two coalitions are needed.", field="budget")


def _explainer(
    scoring: Scoring, compared: NDArray[np.generic], seed: int, budget: int | None
) -> tuple[Explainer, NDArray[np.generic]]:
    """The explainer for this kind of model, and the background rows that it uses."""
    tensor = scoring.signature.inputs[0]
    if len(tensor.shape) == 3:
        mean = compared.astype(np.float64).mean(axis=0)
        fields = len(image.Grid(*tensor.shape[1:]).names)
        tries = budget or image.default_budget(fields)
        return image.Image(scoring, mean, budget=tries), compared
    width = tensor.shape[0]
    tries = budget or tabular.default_budget(width)
    drawn = compared[_draw(len(compared), tabular.background_rows(width, tries), seed)]
    names = tensor.features or tuple(f"feature {number}" for number in range(width))
    return tabular.Tabular(scoring, drawn.astype(np.float64), names, budget=tries), drawn


def _explain_twice(
    explainer: Explainer,
    inputs: NDArray[np.generic],
    chosen: NDArray[np.int64],
    seed: int,
    steering: Steering,
) -> tuple[Explained, dict[str, Any]]:
    """All chosen rows, and how well the first of them agree with another seed."""
    found = _explain_rows(explainer, inputs[chosen], chosen, seed, "explain", steering)
    few = chosen[:AGREEMENT_ROWS]
    again = _explain_rows(explainer, inputs[few], few, seed + 1, "explain again", steering)
    return found, agreement(found.values[: len(few)], again.values, (seed, seed + 1))


def _explain_rows(
    explainer: Explainer,
    rows: NDArray[np.generic],
    chosen: NDArray[np.int64],
    seed: int,
    stage: str,
    steering: Steering,
) -> Explained:
    table = explainer.scoring.table(rows)
    columns = explainer.scoring.columns(table)
    values = np.zeros((len(rows), len(explainer.names)))
    bases = np.zeros(len(rows))
    for index, (row, number) in enumerate(zip(rows, chosen.tolist(), strict=True)):
        steering.step(stage, index, len(rows))
        own_seed = int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
        values[index], bases[index] = explainer.values(row, int(columns[index]), own_seed)
    steering.step(stage, len(rows), len(rows))
    outputs = table[np.arange(len(rows)), columns]
    return Explained(chosen, rows, columns, values, bases, outputs)


def _draw(available: int, wanted: int, seed: int) -> NDArray[np.int64]:
    random = np.random.default_rng(seed)
    return np.sort(random.choice(available, min(available, wanted), replace=False))


def _values(
    explainer: Explainer, found: Explained, classes: tuple[str, ...] | None
) -> dict[str, Any]:
    names = explainer.names
    is_tabular = isinstance(explainer, tabular.Tabular)
    return {
        "features": list(names),
        "grid": None if isinstance(explainer, tabular.Tabular) else _grid_facts(explainer.grid),
        "global": global_list(names, found.values),
        "beeswarm": beeswarm(names, found.values, found.rows) if is_tabular else [],
        "local": local_rows(found, classes),
    }


def _how(explainer: Explainer, drawn: NDArray[np.generic]) -> dict[str, Any]:
    budget = explainer.budget
    return {
        "method": {
            "name": "Kernel SHAP",
            "library": "shap",
            "kind": "tabular" if isinstance(explainer, tabular.Tabular) else "image",
            "regularisation": "none",
            "exact": is_exact(len(explainer.names), budget),
        },
        "explained": explainer.scoring.explained(),
        "budget": budget,
        "background": _background_facts(drawn, explainer),
    }


def _background_facts(rows: NDArray[np.generic], explainer: Explainer) -> dict[str, Any]:
    data = np.ascontiguousarray(rows, dtype=rows.dtype.newbyteorder("<")).tobytes()
    return {
        "rows": len(rows),
        "used_as": "rows" if isinstance(explainer, tabular.Tabular) else "mean image",
        "digest": "sha256:" + hashlib.sha256(data).hexdigest(),
    }


def _grid_facts(grid: image.Grid) -> dict[str, int]:
    return {
        "rows": grid.rows,
        "columns": grid.columns,
        "height": grid.height,
        "width": grid.width,
    }


def _versions() -> dict[str, str]:
    packages = {name: version(name) for name in ("shap", "numpy", "onnxruntime")}
    return {"python": platform.python_version(), **packages}
