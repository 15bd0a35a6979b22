"""Server-made figures: pure functions from the reports' JSON to safe markup.

A new figure is one function here and one line in `FIGURES`; templates draw it with
`{% figure "name" data %}`.
"""

from collections.abc import Callable

from django.utils.safestring import SafeString

from web.figures.curves import calibration, pr_curve, roc_curve, training_curves
from web.figures.history import metric_history
from web.figures.matrix import confusion_matrix
from web.figures.shap import beeswarm, image_attribution, mean_abs_shap, waterfall
from web.figures.strips import interval_strip, sparkline

FIGURES: dict[str, Callable[..., SafeString]] = {
    "roc_curve": roc_curve,
    "pr_curve": pr_curve,
    "calibration": calibration,
    "confusion_matrix": confusion_matrix,
    "mean_abs_shap": mean_abs_shap,
    "beeswarm": beeswarm,
    "waterfall": waterfall,
    "image_attribution": image_attribution,
    "training_curves": training_curves,
    "interval_strip": interval_strip,
    "sparkline": sparkline,
    "metric_history": metric_history,
}

__all__ = [
    "FIGURES",
    "beeswarm",
    "calibration",
    "confusion_matrix",
    "image_attribution",
    "interval_strip",
    "mean_abs_shap",
    "metric_history",
    "pr_curve",
    "roc_curve",
    "sparkline",
    "training_curves",
    "waterfall",
]
