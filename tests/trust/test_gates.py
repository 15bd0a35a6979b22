"""A gate answers by policy and evidence alone; what was not measured never passes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from trust.errors import Malformed
from trust.gate_answers import GATE_FAILED, GATE_NOT_MEASURED, GATE_PASSED, Answer, Shown
from trust.gates import ask

NOW = datetime(2026, 5, 1, tzinfo=UTC)
CHAMPION = "sha256:" + "c" * 64
OTHER = "sha256:" + "d" * 64


def measured(low: float | None, high: float | None) -> dict[str, Any]:
    return {"state": "measured", "low": low, "high": high, "note": None}


def comparison(**changes: Any) -> dict[str, Any]:
    return {
        "champion": {"digest": CHAMPION},
        "note": None,
        "metrics": {"accuracy": measured(-0.01, 0.02), "log_loss": measured(-0.2, 0.05)},
        "mcnemar": {
            "state": "measured",
            "p_value": 0.04,
            "only_candidate_right": 3,
            "only_champion_right": 12,
            "note": None,
        },
    } | changes


def sliced(*parts: tuple[str, int, float | None], column: str = "age") -> dict[str, Any]:
    """A report with slices: (name, rows, accuracy)."""
    return evaluation(
        slices=[
            {
                "column": column,
                "quantiles": len(parts),
                "parts": [
                    {"name": name, "rows": rows, "metrics": {"accuracy": of_slice(value)}}
                    for name, rows, value in parts
                ],
            }
        ]
    )


def of_slice(value: float | None) -> dict[str, Any]:
    if value is None:
        return {"state": "not measured", "value": None, "low": None, "high": None}
    return {"state": "measured", "value": value, "low": value - 0.1, "high": value + 0.1}


def worst(limit: float, bound: str = "value", **more: Any) -> dict[str, Any]:
    said = {"metric": "accuracy", "limit": limit, "bound": bound, "least_rows": 30}
    return {"slices": [said | more]}


def evaluation(**changes: Any) -> dict[str, Any]:
    return {
        "metrics": {"accuracy": {"direction": "higher"}, "log_loss": {"direction": "lower"}},
        "latency": [
            {"batch": 64, "cpu_ms": {"p95": 9.0}},
            {"batch": 1, "cpu_ms": {"p95": 1.5}},
        ],
        "comparison": comparison(),
    } | changes


def shown(report: dict[str, Any] | None = None, **changes: Any) -> Shown:
    """What gates see: an evaluation against the champion, unless changed."""
    given: dict[str, Any] = {
        "manifest": {
            "signature": {"task": "binary"},
            "artifacts": [{"size": 60}, {"size": 40}],
            "lineage": {"source": "training", "recipe": "mlp", "params": {}, "dataset": OTHER},
        },
        "reports": {"evaluation": report or evaluation(), "sandbox": {"level": "no-namespaces"}},
        "since": {"evaluation": NOW - timedelta(days=9), "explanation": NOW - timedelta(days=10)},
        "now": NOW,
        "licence": "MIT",
        "champion": CHAMPION,
        "applies": {"accuracy", "log_loss"},
    }
    return Shown(**(given | changes))


def answer(policy: dict[str, Any], seen: Shown) -> Answer:
    (found,) = ask(policy, seen)
    return found


def margin(metric: str, value: float) -> dict[str, Any]:
    return {"no_regression": [{"metric": metric, "margin": value}]}


def against(**changes: Any) -> Shown:
    test = comparison()["mcnemar"] | changes
    return shown(evaluation(comparison=comparison(mcnemar=test)))


def made(lineage: dict[str, Any]) -> Shown:
    return shown(manifest={"lineage": lineage, "artifacts": [], "signature": None})


TEST = {"mcnemar": 0.05}
AGE = {"evidence_days": 10}
OLD_AND_YOUNG = shown(sliced(("young", 30, 0.9), ("old", 99, 0.8)))
SLICES: list[tuple[dict[str, Any], Shown, str, Any]] = [
    (worst(0.8), OLD_AND_YOUNG, GATE_PASSED, 0.8),
    (worst(0.81), OLD_AND_YOUNG, GATE_FAILED, 0.8),
    (worst(0.7, "interval"), OLD_AND_YOUNG, GATE_PASSED, pytest.approx(0.7)),
    (worst(0.71, "interval"), OLD_AND_YOUNG, GATE_FAILED, pytest.approx(0.7)),
    (worst(0.8, columns=["age"]), OLD_AND_YOUNG, GATE_PASSED, 0.8),
    (worst(0.1, columns=["age", "sex"]), OLD_AND_YOUNG, GATE_NOT_MEASURED, None),
    (worst(0.1), shown(), GATE_NOT_MEASURED, None),
    (worst(0.1), shown(reports={}), GATE_NOT_MEASURED, None),
    (worst(0.1, least_rows=31), OLD_AND_YOUNG, GATE_NOT_MEASURED, 0.8),
    (worst(0.9, least_rows=31), OLD_AND_YOUNG, GATE_FAILED, 0.8),
    (worst(0.1, least_rows=100), OLD_AND_YOUNG, GATE_NOT_MEASURED, None),
    (worst(0.1), shown(sliced(("a", 90, 0.9), ("b", 90, None))), GATE_NOT_MEASURED, 0.9),
]
CASES: list[tuple[dict[str, Any], Shown, str, Any]] = [
    (margin("accuracy", 0.01), shown(), GATE_PASSED, -0.01),
    (margin("accuracy", 0.0099), shown(), GATE_FAILED, -0.01),
    (margin("log_loss", 0.05), shown(), GATE_PASSED, 0.05),
    (margin("log_loss", 0), shown(), GATE_FAILED, 0.05),
    (margin("accuracy", 1), shown(champion=OTHER), GATE_NOT_MEASURED, None),
    (margin("accuracy", 1), shown(evaluation(comparison=None)), GATE_NOT_MEASURED, None),
    (margin("accuracy", 1), shown(reports={}), GATE_NOT_MEASURED, None),
    (
        margin("accuracy", 1),
        shown(evaluation(comparison=comparison(note="The champion has another task."))),
        GATE_NOT_MEASURED,
        None,
    ),
    (
        margin("accuracy", 1),
        shown(evaluation(comparison=comparison(metrics={"accuracy": measured(None, None)}))),
        GATE_NOT_MEASURED,
        None,
    ),
    (
        margin("accuracy", 1),
        shown(evaluation(comparison=comparison(metrics={}))),
        GATE_NOT_MEASURED,
        None,
    ),
    (TEST, shown(), GATE_FAILED, 0.04),
    (TEST, against(p_value=0.05), GATE_PASSED, 0.05),
    (TEST, against(only_candidate_right=30), GATE_PASSED, 0.04),
    (TEST, against(p_value=None), GATE_NOT_MEASURED, None),
    (
        TEST,
        against(p_value=None, only_candidate_right=0, only_champion_right=0),
        GATE_PASSED,
        1.0,
    ),
    (TEST, shown(champion=OTHER), GATE_NOT_MEASURED, None),
    ({"latency_ms": 1.5}, shown(), GATE_PASSED, 1.5),
    ({"latency_ms": 1.4}, shown(), GATE_FAILED, 1.5),
    ({"latency_ms": 9}, shown(evaluation(latency=[])), GATE_NOT_MEASURED, None),
    ({"latency_ms": 9}, shown(reports={}), GATE_NOT_MEASURED, None),
    ({"size_bytes": 100}, shown(), GATE_PASSED, 100),
    ({"size_bytes": 99}, shown(), GATE_FAILED, 100),
    ({"size_bytes": 99}, shown(manifest={"artifacts": []}), GATE_NOT_MEASURED, None),
    ({"licences": ["MIT"]}, shown(), GATE_PASSED, "MIT"),
    ({"licences": ["mit", "Apache-2.0"]}, shown(), GATE_FAILED, "MIT"),
    ({"licences": ["MIT"]}, shown(licence=""), GATE_NOT_MEASURED, None),
    ({"lineage": True}, shown(), GATE_PASSED, "training"),
    ({"lineage": True}, made({"source": "training", "recipe": "mlp"}), GATE_FAILED, "training"),
    (
        {"lineage": True},
        made({"source": "compression", "method": "prune", "params": {"a": 1}, "parent": OTHER}),
        GATE_PASSED,
        "compression",
    ),
    ({"lineage": True}, made({"source": "upload", "note": "x"}), GATE_FAILED, "upload"),
    ({"lineage": True}, made({}), GATE_NOT_MEASURED, None),
    ({"sandbox": "rlimits-only"}, shown(), GATE_PASSED, "no-namespaces"),
    ({"sandbox": "no-namespaces"}, shown(), GATE_PASSED, "no-namespaces"),
    ({"sandbox": "full"}, shown(), GATE_FAILED, "no-namespaces"),
    ({"sandbox": "full"}, shown(reports={}), GATE_NOT_MEASURED, None),
    (
        {"sandbox": "rlimits-only"},
        shown(reports={"sandbox": {"level": "none"}}),
        GATE_FAILED,
        "none",
    ),
    ({"sandbox": "full"}, shown(reports={"sandbox": {"level": "moon"}}), GATE_NOT_MEASURED, None),
    (AGE, shown(), GATE_PASSED, "2026-04-21T00:00:00.000000Z"),
    (AGE, shown(now=NOW + timedelta(seconds=1)), GATE_FAILED, "2026-04-21T00:00:00.000000Z"),
    (AGE, shown(since={}), GATE_NOT_MEASURED, None),
]


@pytest.mark.parametrize(("policy", "seen", "state", "value"), [*SLICES, *CASES])
def test_a_gate_answers(policy: dict[str, Any], seen: Shown, state: str, value: Any) -> None:
    found = answer(policy, seen)

    assert (found.state, found.measured) == (state, value)
    assert found.required
    assert found.reason


@pytest.mark.parametrize("policy", [margin("accuracy", 1), TEST])
def test_without_a_champion_there_is_nothing_to_compare_with(policy: dict[str, Any]) -> None:
    found = answer(policy, shown(champion=None))

    assert (found.state, found.required) == (GATE_NOT_MEASURED, False)


def test_a_policy_that_names_no_gate_is_answered_by_none() -> None:
    assert ask({"metrics": [], "evidence": ["card"]}, shown()) == []


def test_metrics_and_tests_of_other_tasks_are_not_asked_for() -> None:
    of_numbers = shown(manifest={"signature": {"task": "regression"}})

    assert ask(margin("r2", 0) | TEST, of_numbers) == []


@pytest.mark.parametrize(
    "report",
    [
        evaluation(latency=[{"batch": 1, "cpu_ms": {"p95": "fast"}}]),
        evaluation(latency=[{"batch": 1, "cpu_ms": {"p95": True}}]),
        evaluation(latency={"batch": 1}),
    ],
)
def test_what_is_no_report_is_refused(report: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        ask({"latency_ms": 1}, shown(report))


SHIFT = {"explanation_shift": 0.2}
PARENT = "sha256:" + "e" * 64


def importances(**values: float) -> list[dict[str, Any]]:
    return [{"feature": name, "mean_abs": value} for name, value in values.items()]


def explained(version: str = CHAMPION, note: str | None = None, **theirs: float) -> dict[str, Any]:
    """An explanation beside another one; its own importances are 3 to 1."""
    shift = {"against": {"version": version}, "note": note, "global": importances(**theirs)}
    return {"global": importances(a=3.0, b=1.0), "shift": shift | {"distance": 0.0}}


def beside(report: dict[str, Any] | None, **changes: Any) -> Shown:
    return shown(reports={"explanation": report} if report else {}, **changes)


CHILD = {
    "lineage": {"source": "compression", "parent": PARENT},
    "artifacts": [],
    "signature": {"task": "binary"},
}


@pytest.mark.parametrize(
    ("seen", "state", "value"),
    [
        (beside(explained(a=6.0, b=2.0)), GATE_PASSED, 0.0),
        (beside(explained(a=1.1, b=0.9)), GATE_PASSED, 0.2),
        (beside(explained(a=1.0, b=1.0)), GATE_FAILED, 0.25),
        (beside(explained(a=0.0, b=0.0)), GATE_NOT_MEASURED, None),
        (beside(explained(a=3.0, c=1.0)), GATE_NOT_MEASURED, None),
        (beside(explained(OTHER, a=3.0, b=1.0)), GATE_NOT_MEASURED, None),
        (beside(explained(note="On other rows.", a=3.0, b=1.0)), GATE_NOT_MEASURED, None),
        (beside({"global": importances(a=3.0)}), GATE_NOT_MEASURED, None),
        (beside(None), GATE_NOT_MEASURED, None),
        (beside(explained(PARENT, a=1.0, b=1.0), manifest=CHILD), GATE_FAILED, 0.25),
        (beside(explained(a=3.0, b=1.0), manifest=CHILD), GATE_NOT_MEASURED, None),
    ],
)
def test_a_shift_of_explanations_is_reckoned_again(seen: Shown, state: str, value: Any) -> None:
    """Half the sum of |p - q| over the features, whatever the report says of the distance."""
    found = answer(SHIFT, seen)

    assert (found.state, found.measured) == (state, value)
    assert (found.limit, found.required) == (0.2, True)


def test_a_shift_is_not_asked_for_without_a_champion() -> None:
    found = answer(SHIFT, beside(explained(a=3.0, b=1.0), champion=None))

    assert (found.state, found.required) == (GATE_NOT_MEASURED, False)


def test_a_validation_report_passes_by_being_there() -> None:
    wanted = {"validation_report": True}
    report = {"rating": {"name": "not_fit", "title": "Not fit"}}

    assert answer(wanted, shown(reports={"validation": report})).measured == "Not fit"
    assert answer(wanted, shown(reports={})).state == GATE_NOT_MEASURED
