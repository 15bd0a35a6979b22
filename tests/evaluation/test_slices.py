"""Slices hold every row once, and each has the figures of its own rows."""

from typing import Any

import numpy as np
import pytest

from common.errors import Invalid
from evaluation.metrics.catalogue import BY_NAME
from evaluation.metrics.rows import Rows
from evaluation.reporting import Contender, evaluate
from evaluation.reporting.slices import Sliced, parts_of
from evaluation.slicing import read_slicings
from runtimes.schema import Signature
from runtimes.session import open_model
from tests.factories import tiny

VALUES = np.array([0.1, 0.2, 0.2, 0.3, 0.5, 0.7, 0.7, 0.9], np.float32)


def slicing(**how: Any) -> Any:
    (found,) = read_slicings([{"column": "age"} | how], "slices")
    return found


def names(**how: Any) -> dict[str, int]:
    return {p.name: int(p.inside.sum()) for p in parts_of(Sliced(slicing(**how), VALUES))}


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"ranges": [0.2, 0.7]}, {"age < 0.2": 1, "0.2 ≤ age < 0.7": 4, "0.7 ≤ age": 3}),
        ({"categories": [0.2, 0.7]}, {"age = 0.2": 2, "age = 0.7": 2, "age: all others": 4}),
        ({"quantiles": 2}, {"age < 0.4": 4, "0.4 ≤ age": 4}),
        ({"ranges": [5]}, {"age < 5": 8, "5 ≤ age": 0}),
    ],
)
def test_the_slices_are_where_they_were_asked_for(
    how: dict[str, Any], expected: dict[str, int]
) -> None:
    assert names(**how) == expected


def test_categories_that_are_all_leave_no_others() -> None:
    assert "age: all others" not in names(categories=sorted({float(v) for v in VALUES}))


@pytest.mark.parametrize("how", [{"quantiles": 7}, {"ranges": [0.2, 0.25]}, {"categories": [0.3]}])
def test_every_row_is_in_one_slice(how: dict[str, Any]) -> None:
    inside = np.array([part.inside for part in parts_of(Sliced(slicing(**how), VALUES))])

    assert (inside.sum(axis=0) == 1).all()


BAD: list[tuple[str, Any]] = [
    ("slices", {"column": "age"}),
    ("slices", [{"column": "a", "quantiles": 2}] * 6),
    ("slices[0]", ["age"]),
    ("slices[0]", [{"column": "age"}]),
    ("slices[0]", [{"column": "age", "quantiles": 2, "ranges": [1]}]),
    ("slices[0].column", [{"quantiles": 2}]),
    ("slices[0].column", [{"column": 3, "quantiles": 2}]),
    ("slices[1].column", [{"column": "a", "quantiles": 2}, {"column": "a", "ranges": [1]}]),
    ("slices[0].by", [{"column": "a", "quantiles": 2, "by": 1}]),
    ("slices[0].quantiles", [{"column": "a", "quantiles": 1}]),
    ("slices[0].quantiles", [{"column": "a", "quantiles": 21}]),
    ("slices[0].quantiles", [{"column": "a", "quantiles": True}]),
    ("slices[0].ranges", [{"column": "a", "ranges": []}]),
    ("slices[0].ranges", [{"column": "a", "ranges": list(range(20))}]),
    ("slices[0].ranges", [{"column": "a", "ranges": [2, 1]}]),
    ("slices[0].ranges", [{"column": "a", "ranges": [1, 1]}]),
    ("slices[0].ranges", [{"column": "a", "ranges": [float("nan")]}]),
    ("slices[0].categories", [{"column": "a", "categories": ["x"]}]),
]


@pytest.mark.parametrize(("field", "value"), BAD, ids=lambda value: str(value)[:60])
def test_what_is_no_slicing_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        read_slicings(value, "slices")

    assert refusal.value.field == field


def report(**more: Any) -> dict[str, Any]:
    features, target = tiny.rows("test")
    return evaluate(
        tiny_contender(),
        features,
        target,
        dataset={"digest": "sha256:" + "0" * 64},
        seed=1,
        resamples=100,
        on_progress=lambda news: None,
        should_stop=lambda: False,
        **more,
    )


def tiny_contender() -> Contender:
    body = tiny.model_bytes()
    return Contender(open_model(body), Signature.parse(tiny.SIGNATURE), "", len(body))


def test_each_slice_has_the_figures_of_its_own_rows() -> None:
    features, target = tiny.rows("test")
    column = features[:, 0]
    made = report(slices=[Sliced(slicing(ranges=[14.0, 18.0]), column)])

    (cut,) = made["slices"]
    assert cut["column"] == "age"
    assert cut["ranges"] == [14.0, 18.0]
    assert sum(part["rows"] for part in cut["parts"]) == len(target)
    said = tiny_contender().model.run({"x": features.astype(np.float32)})["y"]
    for part, inside in zip(
        cut["parts"], [column < 14, (column >= 14) & (column < 18), column >= 18], strict=True
    ):
        rows = Rows.of(
            "binary",
            target[inside],
            said[inside].argmax(axis=1),
            probabilities=said[inside],
            classes=("malignant", "benign"),
        )
        entry = part["metrics"]["accuracy"]
        assert entry["value"] == float(BY_NAME["accuracy"].measure(rows)[0])
        assert entry["low"] <= entry["value"] <= entry["high"]
        assert set(part["metrics"]) == set(made["metrics"])


def test_a_slice_without_rows_is_not_measured() -> None:
    features, _target = tiny.rows("test")
    made = report(slices=[Sliced(slicing(ranges=[1e6]), features[:, 0])])

    empty = made["slices"][0]["parts"][1]
    assert empty["rows"] == 0
    assert {entry["state"] for entry in empty["metrics"].values()} == {"not measured"}


def test_a_report_without_slices_reads_as_before() -> None:
    assert "slices" not in report()
