"""A model runs from its bytes, with a deadline, and fails with a sentence."""

import threading
import time

import numpy as np
import pytest

from common.errors import Invalid, Unavailable
from runtimes.session import open_model, runtime_facts
from tests.runtimes import hostile

ROWS = {"x": np.array([[1, 2, 3], [0, 0, 0]], dtype=np.float32)}


def test_a_model_answers_from_memory() -> None:
    model = open_model(hostile.raw(hostile.linear()))
    assert (model.inputs, model.outputs) == (("x",), ("y",))
    answer = model.run(ROWS)["y"]
    scores = ROWS["x"] @ np.linspace(-1, 1, 6, dtype=np.float32).reshape(3, 2)
    wanted = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(answer, wanted, atol=1e-6)


def test_what_is_no_model_is_not_opened() -> None:
    # The second would be read as onnxruntime's own format if that were not switched off.
    for data in (b"", b"\x1c\x00\x00\x00ORTM" + bytes(100), b"\x08\x0a"):
        with pytest.raises(Invalid):
            open_model(data)


def test_data_in_another_file_is_not_opened() -> None:
    with pytest.raises(Invalid):
        open_model(hostile.raw(hostile.external_initialiser("../secret")))


def test_rows_that_a_model_cannot_take_are_a_failure_with_a_sentence() -> None:
    model = open_model(hostile.raw(hostile.linear()))
    with pytest.raises(Unavailable, match="failed on these rows"):
        model.run({"x": np.zeros((1, 4), dtype=np.float32)})


def test_a_run_that_takes_too_long_is_ended() -> None:
    model = open_model(hostile.raw(hostile.endless_loop()))
    begun = time.monotonic()
    with pytest.raises(Unavailable, match="did not answer within"):
        model.run(ROWS, deadline_s=0.2)
    assert 0.2 <= time.monotonic() - begun < 10


def test_runs_with_different_deadlines_end_each_at_its_own_time() -> None:
    model = open_model(hostile.raw(hostile.endless_loop()))
    took: dict[float, float] = {}

    def wait(seconds: float) -> None:
        begun = time.monotonic()
        with pytest.raises(Unavailable):
            model.run(ROWS, deadline_s=seconds)
        took[seconds] = time.monotonic() - begun

    waits = [threading.Thread(target=wait, args=(seconds,)) for seconds in (1.5, 0.1)]
    for thread in waits:
        thread.start()
    for thread in waits:
        thread.join()
    assert took[0.1] < 1.4
    assert took[1.5] >= 1.5


def test_a_run_within_its_deadline_is_not_disturbed() -> None:
    model = open_model(hostile.raw(hostile.linear()))
    for _ in range(3):
        assert model.run(ROWS, deadline_s=30)["y"].shape == (2, 2)


def test_a_closed_model_answers_no_more() -> None:
    model = open_model(hostile.raw(hostile.linear()))
    model.close()
    with pytest.raises(Unavailable, match="closed"):
        model.run(ROWS)


def test_the_facts_name_the_runtime() -> None:
    assert runtime_facts()["provider"] == "CPUExecutionProvider"
    assert runtime_facts()["onnxruntime"].count(".") == 2
