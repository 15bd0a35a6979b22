"""Run a model that is in memory. Never from a path: onnxruntime follows links next to a file."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as native

from common.errors import Invalid, Unavailable
from runtimes.blocks import Array
from runtimes.deadline import WATCHDOG
from runtimes.fields import one_line

PROVIDER = "CPUExecutionProvider"
# 3 is error: models with odd but harmless graphs would otherwise fill the server's log.
_LOG_ERRORS = 3
_NATIVE_ERRORS = (
    native.EPFail, native.EngineError, native.Fail, native.InvalidArgument, native.InvalidGraph,
    native.InvalidProtobuf, native.ModelLoaded, native.NoModel, native.NoSuchFile,
    native.NotImplemented, native.RuntimeException, RuntimeError, ValueError, TypeError,
)  # fmt: skip


class Model:
    """An open model. Safe for threads: runs do not share state."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session: onnxruntime.InferenceSession | None = session
        self.inputs: tuple[str, ...] = tuple(tensor.name for tensor in session.get_inputs())
        self.outputs: tuple[str, ...] = tuple(tensor.name for tensor in session.get_outputs())

    def run(
        self,
        inputs: Mapping[str, Array],
        *,
        outputs: Sequence[str] | None = None,
        deadline_s: float | None = None,
    ) -> dict[str, Array]:
        """Arrays by input name (batch first) -> arrays by output name; all outputs by default.

        A run that takes longer than `deadline_s` seconds is ended at its next operator. Raises
        Unavailable for that, for a failure inside the model, and after `close`, be it during the
        run.
        """
        session = self._session
        if session is None:
            raise Unavailable("This model is closed.")
        names = list(self.outputs if outputs is None else outputs)
        options = onnxruntime.RunOptions()
        try:
            with nullcontext() if deadline_s is None else WATCHDOG.watch(options, deadline_s):
                values = session.run(names, dict(inputs), options)
        except _NATIVE_ERRORS as error:
            if options.terminate:
                raise Unavailable(f"The model did not answer within {deadline_s} s.") from error
            raise Unavailable(f"The model failed on these rows: {one_line(error)}") from error
        if self._session is None:
            raise Unavailable("This model was closed while it answered.")
        return dict(zip(names, values, strict=True))

    def close(self) -> None:
        """Free the memory once the last run in progress has ended."""
        self._session = None


def open_model(model_bytes: bytes, *, threads: int = 1) -> Model:
    """Open an ONNX model from its bytes on the processor. Raises Invalid if it cannot be opened."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _LOG_ERRORS
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    # Bytes in onnxruntime's own format would pass by every check made on ONNX.
    options.add_session_config_entry("session.load_model_format", "ONNX")
    try:
        return Model(onnxruntime.InferenceSession(model_bytes, options, providers=[PROVIDER]))
    except _NATIVE_ERRORS as error:
        raise Invalid(f"onnxruntime cannot open this model: {one_line(error)}") from error


def runtime_facts() -> dict[str, Any]:
    """What answers here: part of the statement that reviewers sign."""
    return {"onnxruntime": onnxruntime.__version__, "provider": PROVIDER}
