"""What can be read off an ONNX file before anything opens it."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper, numpy_helper

from runtimes.limits import Limits
from runtimes.static_check import MAX_FINDINGS, QUANTISER_OPS, static_check
from runtimes.supported import max_ir, max_opset
from tests.runtimes import hostile

LIMITS = Limits()
LOOPS = replace(LIMITS, allow_control_flow=True)


def codes(made: onnx.ModelProto, limits: Limits = LIMITS) -> set[str]:
    return {finding.code for finding in static_check(hostile.raw(made), limits).findings}


def with_opset(version: int, domain: str = "") -> onnx.ModelProto:
    return hostile.model(
        hostile.linear_nodes(),
        weights=[hostile.weight("w", 3, 2)],
        opsets={"": 20} | {domain: version},
    )


def with_ir(version: int) -> onnx.ModelProto:
    made = hostile.linear()
    made.ir_version = version
    return made


def without(field: str) -> onnx.ModelProto:
    made = hostile.linear()
    made.graph.ClearField(field)
    return made


def two_outputs_of_one_name() -> onnx.ModelProto:
    made = hostile.linear()
    made.graph.output.append(made.graph.output[0])
    return made


def big_sparse() -> onnx.ModelProto:
    made = hostile.after_linear()
    made.graph.sparse_initializer.append(hostile.sparse(hostile.weight("s", 2), [10**6, 10**6]))
    return made


def negative_weight() -> onnx.ModelProto:
    made = hostile.linear()
    made.graph.initializer[0].dims[0] = -3
    return made


def many_weights() -> onnx.ModelProto:
    return hostile.after_linear(weights=[hostile.weight(f"w{i}", 1) for i in range(20)])


def training_graph() -> onnx.ModelProto:
    made = hostile.linear()
    made.training_info.add().algorithm.CopyFrom(hostile.external_constant("../x").graph)
    return made


def test_a_sound_model_has_no_findings() -> None:
    verdict = static_check(hostile.raw(hostile.linear()), LIMITS)
    assert verdict.ok
    assert verdict.findings == ()


@pytest.mark.parametrize("location", ["../secret", "/etc/passwd", "beside.bin", "a/../../b", ""])
@pytest.mark.parametrize(
    "build",
    [
        hostile.external_initialiser,
        hostile.external_sparse_initialiser,
        hostile.external_constant,
        hostile.external_sparse_constant,
        hostile.external_in_subgraph,
        hostile.external_in_function,
    ],
)
def test_data_in_another_file_is_refused_wherever_it_hides(
    build: Callable[[str], onnx.ModelProto], location: str
) -> None:
    assert "external-data" in codes(build(location), LOOPS)


def test_a_file_name_without_the_external_mark_is_refused_too() -> None:
    made = hostile.external_initialiser("../secret")
    made.graph.initializer[0].data_location = onnx.TensorProto.DEFAULT
    assert "external-data" in codes(made)


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (hostile.constant_bomb(), "too-many-elements"),
        (big_sparse(), "too-many-elements"),
        (negative_weight(), "negative-size"),
        (hostile.endless_loop(), "control-flow"),
        (hostile.nested(1), "control-flow"),
        (hostile.doubling_functions(8), "functions-too-deep"),
        (hostile.calling_itself(), "function-cycle"),
        (two_outputs_of_one_name(), "same-output"),
        (without("output"), "no-output"),
        (without("input"), "no-input"),
        (without("node"), "not-valid"),
        (without("initializer"), "not-valid"),
        (with_opset(99), "opset"),
        (with_opset(6), "opset"),
        (with_opset(99, "ai.onnx.ml"), "opset"),
        (with_ir(99), "ir-version"),
        (training_graph(), "training-info"),
        (hostile.after_linear(hostile.call("Evil", "y", "e", "evil")), "custom-operator"),
        (hostile.after_linear(hostile.call("Evil", "y", "e", "com.microsoft")), "custom-operator"),
        (
            hostile.with_functions(
                [hostile.function("Relu", [helper.make_node("Exp", ["a"], ["b"])], "")],
                calls="Relu",
                domain="",
            ),
            "function-domain",
        ),
    ],
)
def test_a_hostile_model_is_refused_with_a_sentence(made: onnx.ModelProto, code: str) -> None:
    verdict = static_check(hostile.raw(made), LIMITS)
    assert not verdict.ok
    assert code in {finding.code for finding in verdict.findings}
    assert all(len(finding.message) > 20 for finding in verdict.findings)


def test_depth_and_counts_are_capped() -> None:
    assert "too-deep" in codes(hostile.nested(9), LOOPS)
    assert "too-many-nodes" in codes(hostile.many_nodes(60), replace(LIMITS, max_nodes=50))
    assert "too-many-initialisers" in codes(many_weights(), replace(LIMITS, max_initialisers=20))
    assert codes(many_weights(), replace(LIMITS, max_initialisers=21)) == set()


def test_functions_that_explode_when_expanded_are_counted_as_expanded() -> None:
    deep = replace(LIMITS, max_depth=100)
    assert "too-many-nodes" in codes(hostile.doubling_functions(60), deep)
    assert codes(hostile.doubling_functions(3), deep) == set()


def test_a_chain_of_thousands_of_functions_is_refused_not_followed() -> None:
    chain = [hostile.function(f"f{i}", [hostile.call(f"f{i + 1}")]) for i in range(3000)]
    last = hostile.function("f3000", [helper.make_node("Identity", ["a"], ["b"])])
    made = hostile.with_functions([*chain, last], calls="f0")
    assert "functions-too-deep" in codes(made)


def test_local_functions_and_control_flow_are_fine_where_allowed() -> None:
    function = hostile.function("f", [helper.make_node("Identity", ["a"], ["b"])])
    assert codes(hostile.with_functions([function], calls="f")) == set()
    assert codes(hostile.endless_loop(), LOOPS) == set()


def test_the_newest_supported_versions_pass() -> None:
    assert codes(with_opset(max_opset(""))) == set()
    assert codes(with_opset(max_opset("") + 1)) == {"opset"}
    assert codes(with_opset(max_opset("ai.onnx.ml"), "ai.onnx.ml")) == set()
    assert codes(with_ir(max_ir())) == set()


def test_a_file_over_the_limit_is_not_even_parsed() -> None:
    verdict = static_check(b"\x00" * 101, replace(LIMITS, max_bytes=100))
    assert [finding.code for finding in verdict.findings] == ["too-large"]


@pytest.mark.parametrize("size", [1, 5, 40, -1])
def test_a_cut_off_file_is_refused(size: int) -> None:
    assert not static_check(hostile.raw(hostile.linear())[:size], LIMITS).ok


def test_messages_nested_beyond_the_parser_are_refused() -> None:
    verdict = static_check(hostile.nested_bytes(10_000), LOOPS)
    assert [finding.code for finding in verdict.findings] == ["unreadable"]


def test_many_faults_make_few_findings() -> None:
    evil = [hostile.call(f"Evil{i}", "y", f"e{i}", "evil") for i in range(100)]
    verdict = static_check(hostile.raw(hostile.after_linear(*evil)), LIMITS)
    assert len(verdict.findings) == MAX_FINDINGS


def test_names_with_control_characters_do_not_reach_the_findings() -> None:
    made = hostile.after_linear(hostile.call("E\x1b[31m\x00", "y", "e", "evil"))
    text = " ".join(f.message for f in static_check(hostile.raw(made), LIMITS).findings)
    assert text.isprintable()


def test_what_the_quantiser_writes_is_allowed() -> None:
    scale = numpy_helper.from_array(np.array(0.1, dtype=np.float32), "s")
    zero = numpy_helper.from_array(np.array(0, dtype=np.uint16), "o")
    made = hostile.after_linear(
        helper.make_node("QuantizeLinear", ["y", "s", "o"], ["q"], domain="com.microsoft"),
        weights=[scale, zero],
        opsets={"": 20, "com.microsoft": 1},
    )
    assert "QuantizeLinear" in QUANTISER_OPS
    assert codes(made) == set()


@given(st.binary(max_size=300))
def test_any_bytes_get_a_verdict(data: bytes) -> None:
    assert not static_check(data, LIMITS).ok


@given(st.data())
def test_a_damaged_model_gets_a_verdict(data: st.DataObject) -> None:
    damaged = bytearray(hostile.raw(hostile.linear()))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    static_check(bytes(damaged), LIMITS)
