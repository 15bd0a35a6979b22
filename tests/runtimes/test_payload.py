"""A prediction request becomes arrays of the promised kind, or one refusal naming the place."""

import copy
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Invalid
from runtimes.payload import parse
from runtimes.schema import Signature
from tests.runtimes.signatures import BINARY, IMAGES, REGRESSION

TABLE = Signature.parse(BINARY)
PICTURE = Signature.parse(IMAGES)
SEVERAL = Signature.parse(REGRESSION)


def nameless() -> Signature:
    obj = copy.deepcopy(BINARY)
    obj["inputs"][0]["features"] = None
    return Signature.parse(obj)


def one(dtype: str) -> Signature:
    obj = copy.deepcopy(BINARY)
    obj["inputs"][0].update(dtype=dtype, shape=["batch"], features=None)
    return Signature.parse(obj)


def inputs(**changes: Any) -> dict[str, Any]:
    good = {
        "n": [1, -2],
        "on": [[True, False], [False, True]],
        "v": [[0.5], [1]],
        "u": [[0, 2**64 - 1], [1, 2]],
    }
    return {"inputs": good | changes}


@pytest.mark.parametrize(
    "body",
    [
        {"rows": [[1, 2.5, 3], [4, 5, 6e3]]},
        {"rows": [{"a": 1, "mean b": 2.5, "c": 3}, {"c": 6e3, "mean b": 5, "a": 4}]},
        {"columns": {"a": [1, 4], "mean b": [2.5, 5], "c": [3, 6e3]}},
        {"inputs": {"x": [[1, 2.5, 3], [4, 5, 6e3]]}},
    ],
)
def test_the_forms_of_a_table_mean_the_same(body: dict[str, Any]) -> None:
    block = parse(body, TABLE)["x"]
    assert block.dtype == np.float32
    assert block.flags.c_contiguous
    assert block.tolist() == [[1, 2.5, 3], [4, 5, 6000]]


def test_a_picture_comes_as_nested_lists() -> None:
    block = parse({"rows": [[[[0, 1], [2, 3]]]] * 3}, PICTURE)["image"]
    assert block.shape == (3, 1, 2, 2)
    assert block[2, 0].tolist() == [[0, 1], [2, 3]]


def test_several_inputs_come_by_name() -> None:
    arrays = parse(inputs(), SEVERAL)
    kinds = {name: (str(a.dtype), a.shape) for name, a in arrays.items()}
    assert kinds == {
        "n": ("int8", (2,)),
        "on": ("bool", (2, 2)),
        "v": ("float16", (2, 1)),
        "u": ("uint64", (2, 2)),
    }
    assert int(arrays["u"][0, 1]) == 2**64 - 1


def test_a_single_named_feature_works_in_every_form() -> None:
    obj = copy.deepcopy(BINARY)
    obj["inputs"][0].update(shape=["batch", 1], features=["a"])
    signature = Signature.parse(obj)
    for body in ({"rows": [[1], [2]]}, {"rows": [{"a": 1}, {"a": 2}]}, {"columns": {"a": [1, 2]}}):
        assert parse(body, signature)["x"].tolist() == [[1], [2]]


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (None, None),
        ([], None),
        ("rows", None),
        ({}, "rows"),
        ({"data": []}, "data"),
        ({"rows": [[1, 2, 3]], "x": 1}, "x"),
        ({"rows": [[1, 2, 3]], "columns": {}}, "rows"),
        ({"\x00": 1}, "\N{REPLACEMENT CHARACTER}"),
        ({"rows": None}, "rows"),
        ({"rows": {}}, "rows"),
        ({"rows": []}, "rows"),
        ({"rows": [[1, 2, 3]] * 11}, "rows"),
        ({"rows": [1, 2, 3]}, "rows[0]"),
        ({"rows": ["abc"]}, "rows[0]"),
        ({"rows": [[]]}, "rows[0]"),
        ({"rows": [[1, 2, 3], [1, 2]]}, "rows[1]"),
        ({"rows": [[1, 2, 3], [1, 2, 3, 4]]}, "rows[1]"),
        ({"rows": [[1, 2, 3], {"a": 1, "mean b": 2, "c": 3}]}, "rows[1]"),
        ({"rows": [[1, 2, 3], [1, [2], 3]]}, "rows[1].mean b"),
        ({"rows": [[1, 2, 3], [1, True, 3]]}, "rows[1].mean b"),
        ({"rows": [[1, "2", 3]]}, "rows[0].mean b"),
        ({"rows": [[1, None, 3]]}, "rows[0].mean b"),
        ({"rows": [[1, 2, NAN]]}, "rows[0].c"),
        ({"rows": [[1, 2, INF]]}, "rows[0].c"),
        ({"rows": [[1, 2, 1e39]]}, "rows[0].c"),
        ({"rows": [[1, 2, 10**400]]}, "rows[0].c"),
        ({"rows": [{"a": 1, "mean b": 2, "c": 3}, {"a": 1, "c": 3}]}, "rows[1].mean b"),
        ({"rows": [{"a": 1, "mean b": 2, "c": 3, "d": 4}]}, "rows[0].d"),
        ({"rows": [{"a": 1, "mean b": 2, "d": 4}]}, "rows[0].c"),
        ({"rows": [{"a": 1, "mean b": 2, "c": 3}, [1, 2, 3]]}, "rows[1]"),
        ({"rows": [{"a": 1, "mean b": False, "c": 3}]}, "rows[0].mean b"),
        (
            {"rows": [{"a": 1, "mean b": 2, "c": 3, "z\x00": 1}]},
            "rows[0].z\N{REPLACEMENT CHARACTER}",
        ),
        ({"columns": []}, "columns"),
        ({"columns": {"a": [1], "mean b": [2]}}, "columns.c"),
        ({"columns": {"a": [1], "mean b": [2], "c": [3], "d": [4]}}, "columns.d"),
        ({"columns": {"a": [], "mean b": [], "c": []}}, "columns.a"),
        ({"columns": {"a": [1, 2], "mean b": [2], "c": [3, 4]}}, "columns.mean b"),
        ({"columns": {"a": [1], "mean b": 2, "c": [3]}}, "columns.mean b"),
        ({"columns": {"a": [1, 2], "mean b": [2, "x"], "c": [3, 4]}}, "columns.mean b[1]"),
        ({"inputs": {"y": [[1, 2, 3]]}}, "inputs.x"),
        ({"inputs": {"x": [[1, 2, 3]], "y": 1}}, "inputs.y"),
        ({"inputs": {"x": [[1, 2, "3"]]}}, "inputs.x[0].c"),
    ],
)
def test_a_wrong_table_is_refused_at_its_place(body: object, field: str | None) -> None:
    with pytest.raises(Invalid) as refusal:
        parse(body, TABLE, max_rows=10)
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (inputs(n=[1, 128]), "inputs.n[1]"),
        (inputs(n=[1, 1.0]), "inputs.n[1]"),
        (inputs(n=[1, True]), "inputs.n[1]"),
        (inputs(n=[1]), "inputs.on"),
        (inputs(on=[[True, 1], [True, True]]), "inputs.on[0].y"),
        (inputs(v=[[1], [70_000]]), "inputs.v[1].only"),
        (inputs(u=[[1, 2], [-1, 2]]), "inputs.u[1][0]"),
        (inputs(u=[[1, 2], [2**64, 2]]), "inputs.u[1][0]"),
        ({"rows": [[1]]}, "rows"),
        ({"columns": {}}, "columns"),
    ],
)
def test_wrong_inputs_are_refused_at_their_place(body: object, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse(body, SEVERAL)
    assert refusal.value.field == field


def test_a_place_deep_in_a_picture_is_named() -> None:
    with pytest.raises(Invalid) as refusal:
        parse({"rows": [[[[0, 1], [2, 3]]], [[[0, 1], [2, "3"]]]]}, PICTURE)
    assert refusal.value.field == "rows[1][0][1][1]"


@pytest.mark.parametrize("body", [{"rows": [{"a": 1}]}, {"columns": {"a": [1]}}])
def test_a_model_without_feature_names_takes_lists(body: object) -> None:
    with pytest.raises(Invalid, match="names no features"):
        parse(body, nameless())
    assert parse({"rows": [[1, 2, 3]]}, nameless())["x"].shape == (1, 3)


def test_the_refusal_of_a_long_name_is_short() -> None:
    with pytest.raises(Invalid) as refusal:
        parse({"k" * 100_000: 1}, TABLE)
    assert len(refusal.value.field or "") < 100


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=3),
    st.integers(min_value=-130, max_value=130),
    st.just(10**400),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(["a", "mean b", "c", "x", "rows", "n"]), inner, max_size=4),
    ),
    max_leaves=12,
)
rows_of_scalars = st.lists(st.lists(scalars, min_size=3, max_size=3), min_size=1, max_size=3)
good_rows = st.lists(
    st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=3, max_size=3),
    min_size=1,
    max_size=5,
)
bodies = st.one_of(
    values,
    st.fixed_dictionaries({"rows": st.one_of(values, rows_of_scalars)}),
    st.fixed_dictionaries({"columns": values}),
    st.fixed_dictionaries({"inputs": values}),
    st.fixed_dictionaries(
        {"inputs": st.fixed_dictionaries({"x": st.one_of(values, rows_of_scalars)})}
    ),
)


@given(bodies)
def test_whatever_comes_is_refused_or_has_the_promised_kind(body: object) -> None:
    block = None
    with suppress(Invalid):
        block = parse(body, TABLE)["x"]
    if block is None:
        return
    assert block.dtype == np.float32
    assert block.shape[1:] == (3,)
    assert np.isfinite(block).all()


@given(good_rows)
def test_every_good_row_arrives_unchanged(rows: list[list[float]]) -> None:
    assert parse({"rows": rows}, TABLE)["x"].tolist() == rows


@given(st.sampled_from(["int8", "uint16", "int64", "uint64", "bool", "float16"]), scalars)
def test_a_single_value_is_kept_exactly_or_refused(dtype: str, value: object) -> None:
    block = None
    with suppress(Invalid):
        block = parse({"rows": [value]}, one(dtype))["x"]
    if block is None:
        return
    assert str(block.dtype) == dtype
    if dtype != "float16":
        assert block.tolist() == [value]
        assert type(block.tolist()[0]) is type(value)
