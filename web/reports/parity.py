"""The parity report of a compressed version as its page part shows it."""

from collections.abc import Mapping
from typing import Any

from evaluation.metrics.catalogue import BY_NAME
from web.vocabulary import spoken

Json = Mapping[str, Any]


def parity_view(report: Json) -> dict[str, Any]:
    """What `reports/parity.html` draws: the verdict, paired differences, sizes and latencies."""
    return {
        "report": report,
        "metrics": [
            {
                "name": _title(figure["metric"]),
                "value": figure["child"],
                "was": figure["parent"],
                "delta": {
                    "value": figure["difference"],
                    "low": figure["low"],
                    "high": figure["high"],
                },
                "higher_is_better": figure["better"] == "higher",
            }
            for figure in report["metrics"]
        ],
        "batches": [
            {**batch, "parent_ms": batch["parent_s"] * 1000, "child_ms": batch["child_s"] * 1000}
            for batch in report["latency"]["batches"]
        ],
    }


def _title(name: str) -> str:
    known = BY_NAME.get(name)
    return spoken(known.title) if known else name
