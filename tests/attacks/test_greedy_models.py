"""A model that passes every check and takes all memory for one row, chosen by its author."""

import subprocess
import sys
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from tests.runtimes.hostile import after_linear, info, raw
from tests.servers import ROOT

_SERVE = """
import sys
import numpy as np
from common.errors import Unavailable
from config.platform.memory import limit_memory
from runtimes.session import open_model
model = open_model(open(sys.argv[1], "rb").read())
limit_memory(2 * 2**30)
for value in (1.0, 1e9, 2.0):
    try:
        print(model.run({"x": np.array([[value, 0, 0]], np.float32)})["out"].shape)
    except Unavailable as error:
        print(error.reason.partition(":")[0])
"""


def grows_with_its_rows() -> bytes:
    """As many floats as the rows' largest number: none or one in the sandbox."""
    zero = numpy_helper.from_array(np.zeros((), np.float32), "nothing")
    one = numpy_helper.from_array(np.array([1], np.int64), "one")
    made = after_linear(
        helper.make_node("ReduceMax", ["x"], ["m"], keepdims=0),
        helper.make_node("Cast", ["m"], ["k"], to=TensorProto.INT64),
        helper.make_node("Reshape", ["k", "one"], ["n"]),
        helper.make_node("ConstantOfShape", ["n"], ["big"]),
        helper.make_node("ReduceSum", ["big"], ["sum"], keepdims=0),
        helper.make_node("Mul", ["sum", "nothing"], ["hidden"]),
        helper.make_node("Add", ["y", "hidden"], ["out"]),
        weights=[zero, one],
        outputs=[info("out", ["batch", 2])],
    )
    return raw(made)


def test_a_row_that_takes_all_memory_ends_its_request_and_not_the_process(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(grows_with_its_rows())

    said = subprocess.run(
        [sys.executable, "-c", _SERVE, str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()

    assert said == ["(1, 2)", "The model failed on these rows", "(1, 2)"]
