"""The evaluation report as its page part shows it: from "assay/evaluation/1" to plain values."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from web.vocabulary import spoken

Json = Mapping[str, Any]


def evaluation_view(
    report: Json,
    *,
    floors: Json | None = None,
    champion: Json | None = None,
    shown_class: str = "",
) -> dict[str, Any]:
    """What `reports/evaluation.html` draws.

    `floors` are the policy's limits by metric name, `champion` the champion's own report on the
    same rows (for its curves and matrix), `shown_class` whose curves are drawn.
    """
    comparison = report.get("comparison")
    curves = {str(curve["class"]): curve for curve in report.get("curves") or []}
    chosen = shown_class if shown_class in curves else next(iter(curves), "")
    metrics = report["metrics"]
    return {
        "report": report,
        "dataset": report["dataset"],
        "metrics": [
            _metric(name, entry, comparison, floors or {})
            for name, entry in metrics.items()
            if entry["state"] == "measured"
        ],
        "unmeasured": [entry for entry in metrics.values() if entry["state"] != "measured"],
        "comparison": comparison,
        "tests": _tests(comparison),
        "matrix": _matrix(report),
        "old_matrix": _matrix(champion) if champion else None,
        "classes": list(curves) if len(curves) > 1 else [],
        "shown_class": chosen,
        "curves": _curves(curves.get(chosen), champion, chosen),
        "calibration": calibration_points(report),
        "old_calibration": calibration_points(champion) if champion else None,
        "ece": (metrics.get("ece") or {}).get("value"),
        "by_class": report.get("by_class") or [],
        "slices": [_slicing(slicing, metrics) for slicing in report.get("slices") or []],
        "errors": report.get("errors"),
        "latency": report.get("latency") or [],
        "interval": report["interval"],
    }


def _slicing(slicing: Json, metrics: Json) -> dict[str, Any]:
    """A table: the metrics across, the slices down."""
    names = list(metrics)
    return {
        "column": slicing["column"],
        "titles": [spoken(metrics[name]["title"]) for name in names],
        "parts": [
            {
                "name": part["name"],
                "rows": part["rows"],
                "entries": [part["metrics"][name] for name in names],
            }
            for part in slicing["parts"]
        ],
    }


def _metric(name: str, entry: Json, comparison: Json | None, floors: Json) -> dict[str, Any]:
    """One card for `{% metric_card %}`: the change from the champion, else the own interval."""
    card: dict[str, Any] = {
        "name": spoken(entry["title"]),
        "value": entry["value"],
        "higher_is_better": entry["direction"] == "higher",
    }
    against = (comparison or {}).get("metrics", {}).get(name)
    if against and against["state"] == "measured":
        card["was"] = against["champion"]
        card["delta"] = {
            "value": against["difference"],
            "low": against["low"],
            "high": against["high"],
        }
        return card
    if entry["low"] is not None:
        card["interval"] = [entry["low"], entry["high"]]
    card["limit"] = floors.get(name)
    return card


def _tests(comparison: Json | None) -> list[str]:
    """The two paired tests in words."""
    if not comparison:
        return []
    found = []
    mcnemar, delong = comparison.get("mcnemar"), comparison.get("delong")
    if mcnemar:
        counts = {
            "gained": mcnemar["only_candidate_right"],
            "lost": mcnemar["only_champion_right"],
        }
        text = _("Right where the champion is wrong: %(gained)s rows; the other way: %(lost)s.")
        found.append(text % counts + _p_value(_("McNemar"), mcnemar))
    if delong:
        found.append(_("Areas under the ROC curve.") + _p_value("DeLong", delong))
    return found


def _p_value(name: str, test: Json) -> str:
    if test["p_value"] is None:
        return f" {test['note'] or ''}"
    return f" {name}: p = {test['p_value']:.3g}."


def _matrix(report: Json) -> dict[str, Any] | None:
    counts = report.get("confusion_matrix")
    return {"labels": report["classes"], "counts": counts} if counts else None


def _pairs(x: Sequence[float], y: Sequence[float]) -> list[dict[str, float]]:
    return [{"x": a, "y": b} for a, b in zip(x, y, strict=True)]


def _curves(curve: Json | None, champion: Json | None, name: str) -> dict[str, Any] | None:
    if curve is None:
        return None
    old = next((c for c in (champion or {}).get("curves") or [] if str(c["class"]) == name), None)
    return {
        "class": name,
        "note": curve["note"],
        "roc": _roc(curve),
        "pr": _precision_recall(curve),
        "old_roc": _roc(old),
        "old_pr": _precision_recall(old),
    }


def _roc(curve: Json | None) -> list[dict[str, float]] | None:
    roc = curve and curve["roc"]
    return _pairs(roc["fpr"], roc["tpr"]) if roc else None


def _precision_recall(curve: Json | None) -> list[dict[str, float]] | None:
    points = curve and curve["precision_recall"]
    return _pairs(points["recall"], points["precision"]) if points else None


def calibration_points(report: Json) -> list[dict[str, float]]:
    """{"x": mean confidence, "y": share that was right} of the bins that hold rows."""
    bins = (report.get("calibration") or {}).get("bins") or []
    return [{"x": b["confidence"], "y": b["accuracy"]} for b in bins if b["rows"]]
