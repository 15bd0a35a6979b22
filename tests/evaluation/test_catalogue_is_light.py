"""The web process may list the metrics without paying for the libraries of the jobs."""

import subprocess
import sys

HEAVY = {"scipy", "sklearn", "shap", "torch", "onnxruntime", "onnx", "numba"}


def test_the_catalogue_loads_no_heavy_library() -> None:
    code = "import sys, evaluation.metrics.catalogue; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "evaluation.metrics.catalogue" in loaded
    assert not HEAVY & set(loaded)
