"""What torch exports and onnxruntime quantises is admitted, runs, and replays."""

import logging
import warnings
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from runtimes.golden import make, replay
from runtimes.graph_io import from_onnx, parse_model
from runtimes.payload import parse
from runtimes.reply import reply
from runtimes.sandbox import admit
from runtimes.session import open_model

FEATURES = [f"feature {i}" for i in range(6)]
ROWS = np.random.default_rng(7).normal(size=(64, 6)).astype(np.float32)


class Net(torch.nn.Module):
    """Standardises, then two layers and a softmax."""

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Linear(6, 16)
        self.norm = torch.nn.BatchNorm1d(16)
        self.second = torch.nn.Linear(16, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = torch.relu(self.norm(self.first((x - 0.5) / 2.0)))
        return torch.softmax(self.second(hidden), dim=1)


@pytest.fixture(scope="module")
def net() -> Net:
    torch.manual_seed(0)
    return Net().eval()


@pytest.fixture(scope="module")
def exported(net: Net, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "net.onnx"
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net,
            (torch.zeros(2, 6),),
            path,
            dynamo=True,
            external_data=False,
            verbose=False,
            input_names=["x"],
            output_names=["p"],
            dynamic_shapes={"x": {0: torch.export.Dim("batch")}},
        )
    return path


@pytest.fixture(scope="module")
def prepared(exported: Path) -> Path:
    path = exported.with_name("prepared.onnx")
    quant_pre_process(exported, path)
    return path


class Rows(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
    def __init__(self) -> None:
        self._left = [{"x": ROWS[i : i + 8]} for i in range(0, 64, 8)]

    def get_next(self) -> dict[str, np.ndarray] | None:
        return self._left.pop() if self._left else None


def quantised(prepared: Path, how: str) -> bytes:
    path = prepared.with_name(f"{how}.onnx")
    if how == "dynamic":
        quantize_dynamic(prepared, path)
    else:
        kind = QuantFormat.QDQ if how == "qdq" else QuantFormat.QOperator
        quantize_static(prepared, path, Rows(), quant_format=kind, per_channel=True)
    return path.read_bytes()


def test_a_torch_export_is_admitted_with_the_right_signature(exported: Path) -> None:
    admission = admit(exported.read_bytes())
    assert admission.findings == ()
    assert admission.ok
    assert admission.signature is not None
    assert admission.signature.task == "multiclass"
    assert admission.signature.inputs[0].shape == (6,)
    assert admission.signature.outputs[0].shape == (3,)


@pytest.mark.parametrize("how", ["dynamic", "qdq", "operators"])
def test_what_the_quantiser_writes_is_admitted(prepared: Path, how: str) -> None:
    admission = admit(quantised(prepared, how))
    assert [f for f in admission.findings if f.severity == "refusal"] == []
    assert admission.ok
    domains = {
        (node.domain, node.op_type)
        for node in onnx.load_from_string(quantised(prepared, how)).graph.node
    }
    if how == "operators":
        assert any(domain == "com.microsoft" for domain, _ in domains)


def test_from_request_to_reply_the_answer_is_torchs(net: Net, exported: Path) -> None:
    data = exported.read_bytes()
    signature = from_onnx(parse_model(data), classes=["a", "b", "c"], features=FEATURES)
    model = open_model(data)
    body = {"rows": [dict(zip(FEATURES, row, strict=True)) for row in ROWS[:5].tolist()]}
    answer = reply(model.run(parse(body, signature)), signature)["predictions"]
    with torch.no_grad():
        wanted = net(torch.from_numpy(ROWS[:5])).numpy()
    given = [[row["probabilities"][name] for name in "abc"] for row in answer]
    np.testing.assert_allclose(given, wanted, atol=1e-5)
    assert [row["label"] for row in answer] == ["abc"[i] for i in wanted.argmax(axis=1)]


def test_golden_rows_tell_the_quantised_model_from_its_parent(
    exported: Path, prepared: Path
) -> None:
    parent = open_model(exported.read_bytes())
    golden = make({"x": ROWS[:8]}, parent)
    assert replay(parent, golden) == []
    assert replay(open_model(quantised(prepared, "dynamic")), golden) != []
