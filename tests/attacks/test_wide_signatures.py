"""A signature of a few lines that asks for millions of numbers, and pages with an example."""

import json
from typing import Any

import pytest

from runtimes.schema import Signature
from tests.stage import Stage
from web.playground.example import body_for, golden_row, request_example

PAGE_BYTES = 200_000


def _wide(inputs: int, side: int) -> dict[str, Any]:
    tensors = [
        {"name": f"x{n}", "dtype": "float32", "shape": ["batch", side, side], "features": None}
        for n in range(inputs)
    ]
    answer = {"name": "y", "dtype": "float32", "shape": ["batch", 1], "kind": "value"}
    signature = {"task": "regression", "classes": None, "inputs": tensors, "outputs": [answer]}
    return Signature.parse(signature).as_dict()


@pytest.mark.parametrize(("inputs", "side"), [(1, 1024), (64, 200), (1, 129)])
def test_an_example_is_no_longer_than_a_page(inputs: int, side: int) -> None:
    signature = _wide(inputs, side)
    text = request_example(signature)
    assert len(text) < PAGE_BYTES
    assert f"{side} x {side}" in text


def test_what_fits_is_still_written_out() -> None:
    assert json.loads(request_example(_wide(1, 3))) == {"rows": [[[0.0] * 3] * 3]}
    assert body_for(_wide(2, 1), {"x0": [[2.0]]}) == {"inputs": {"x0": [[[2.0]]], "x1": [[[0.0]]]}}


def test_golden_rows_that_are_not_shown_are_not_read(approved: Stage) -> None:
    version = approved.version
    assert golden_row(version) is not None
    version.signature = _wide(1, 1024)
    assert golden_row(version) is None
