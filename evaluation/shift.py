"""An explanation beside that of the champion, or of the parent of a compressed version."""

import json
from collections.abc import Mapping
from typing import Any

from evaluation.models import ExplanationRun
from registry.models import ModelVersion
from registry.selectors import champion_of
from trust.shifts import distance

Json = Mapping[str, Any]
# What must be the same for two explanations to be compared; background rows come from each
# version's own training data and may differ.
_SAME = ("rows", "seed", "method", "explained", "budget")


def compared(version: ModelVersion, report: Json) -> dict[str, Any]:
    """{"shift": ...}: against which version, its importances, the distance or why none.

    Empty where there is no version to compare with.
    """
    is_child = version.kind == "compressed"
    base = version.parent if is_child else champion_of(version.model)
    if base is None or base.pk == version.pk:
        return {}
    digest, other = _newest_alike(base, report)
    against = {
        "what": "parent" if is_child else "champion",
        "version": f"sha256:{base.digest}",
        "explanation": digest,
    }
    if other is None:
        why = f"The {against['what']} has no explanation on the same rows by the same method."
        return {"shift": {"against": against, "global": [], "distance": None, "note": why}}
    theirs = [{name: e[name] for name in ("feature", "mean_abs")} for e in other["global"]]
    found = distance(report["global"], theirs)
    note = None if found is not None else "Other features, or none that matters."
    return {"shift": {"against": against, "global": theirs, "distance": found, "note": note}}


def _newest_alike(base: ModelVersion, report: Json) -> tuple[str | None, Json | None]:
    runs = ExplanationRun.objects.filter(version=base, report__isnull=False)
    rows = runs.order_by("-created_at").values_list("report__digest", "report__body")
    for named, body in rows.iterator(chunk_size=5):
        found: Json = json.loads(bytes(body))
        if _are_alike(found, report):
            return f"sha256:{named}", found
    return None, None


def _are_alike(one: Json, other: Json) -> bool:
    same = all(one.get(part) == other.get(part) for part in _SAME)
    return same and one["dataset"].get("digest") == other["dataset"].get("digest")
