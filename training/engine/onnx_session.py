"""Answers of an ONNX file, in the same modest setting everywhere: CPU, one thread, no spinning."""

import numpy as np
import onnxruntime

from training.engine.data import Floats

ROWS_AT_ONCE = 4096


def session(model: bytes) -> onnxruntime.InferenceSession:
    """An onnxruntime session on the CPU with one thread that does not spin."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def run(opened: onnxruntime.InferenceSession, rows: Floats, output: str | None = None) -> Floats:
    """One output (by default the first) over all rows, in pieces, so that memory stays flat."""
    name = opened.get_inputs()[0].name
    wanted = [output or opened.get_outputs()[0].name]
    starts = range(0, len(rows), ROWS_AT_ONCE)
    return np.concatenate(
        [opened.run(wanted, {name: rows[start : start + ROWS_AT_ONCE]})[0] for start in starts]
    )
