"""The explanation report as its page part shows it: from "assay/explanation/1" to plain values."""

from collections.abc import Mapping, Sequence
from typing import Any

from web.figures import svg

Json = Mapping[str, Any]
MOST_LOCAL = 5


def explanation_view(report: Json, *, row: int = 0) -> dict[str, Any]:
    """What `reports/explanation.html` draws; `row` chooses the row that is explained singly."""
    local = report["local"]
    chosen = row if 0 <= row < len(local) else 0
    return {
        "report": report,
        "dataset": report["dataset"],
        "additivity": svg.brief(report["additivity_error"]),
        "bars": [{"feature": e["feature"], "value": e["mean_abs"]} for e in report["global"]],
        "shift": _shift(report.get("shift")),
        "beeswarm": [_swarm(entry) for entry in report["beeswarm"]],
        "rows": [
            {"place": place, "row": entry["row"], "class": entry["class"]}
            for place, entry in enumerate(local[:MOST_LOCAL])
        ],
        "chosen": chosen,
        "local": local[chosen] if local else None,
        "waterfall": _waterfall(report, local[chosen]) if local and not report["grid"] else None,
        "image": _image(report["grid"], local[chosen]) if local and report["grid"] else None,
    }


def _shift(said: Json | None) -> dict[str, Any] | None:
    if said is None:
        return None
    distance = said["distance"]
    return {
        "is_parent": said["against"]["what"] == "parent",
        "share": None if distance is None else f"{distance:.1%}",
    }


def _swarm(entry: Json) -> dict[str, Any]:
    points = zip(entry["value"], entry["shap"], strict=True)
    return {
        "feature": entry["feature"],
        "points": [{"value": value, "shap": shap} for value, shap in points],
    }


def _waterfall(report: Json, local: Json) -> dict[str, Any]:
    data = local["data"] or [None] * len(local["shap"])
    return {
        "base": local["base"],
        "output": local["output"],
        "contributions": [
            {"feature": feature, "value": value, "shap": shap}
            for feature, value, shap in zip(report["features"], data, local["shap"], strict=True)
        ],
    }


def _image(grid: Json, local: Json) -> dict[str, Any] | None:
    """The mean over the channels beside the SHAP values of the grid's fields."""
    if local["data"] is None:
        return None
    channels: Sequence[Sequence[Sequence[float]]] = local["data"]
    pixels = [
        [sum(values) / len(channels) for values in zip(*lines, strict=True)]
        for lines in zip(*channels, strict=True)
    ]
    columns = int(grid["columns"])
    shap = local["shap"]
    return {
        "pixels": pixels,
        "shap": [shap[start : start + columns] for start in range(0, len(shap), columns)],
    }
