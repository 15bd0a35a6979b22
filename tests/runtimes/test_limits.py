"""Limits travel as JSON; the runtime sends nothing home."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from common.errors import Invalid
from runtimes.limits import Limits

ROOT = Path(__file__).resolve().parents[2]


def test_limits_survive_the_way_through_json() -> None:
    limits = Limits(max_nodes=7, allow_control_flow=True)
    assert Limits.parse(limits.as_dict()) == limits


@pytest.mark.parametrize(
    ("field", "value"),
    [("max_nodes", -1), ("max_nodes", True), ("cpu_seconds", 1.5), ("allow_control_flow", 1),
     ("unknown", 1)],
)  # fmt: skip
def test_wrong_limits_are_refused(field: str, value: object) -> None:
    with pytest.raises(Invalid) as refusal:
        Limits.parse(Limits().as_dict() | {field: value})
    assert refusal.value.field == field


def test_opening_models_leaves_no_device_number_in_the_home_directory(tmp_path: Path) -> None:
    # Not the variables of this process: some of them (CI) switch telemetry off by themselves.
    environment = {"HOME": str(tmp_path), "PATH": os.defpath}
    code = "import sys; sys.path.insert(0, sys.argv[1]); import runtimes.session"
    subprocess.run([sys.executable, "-B", "-c", code, ROOT], env=environment, check=True)
    assert list(tmp_path.rglob("*")) == []
