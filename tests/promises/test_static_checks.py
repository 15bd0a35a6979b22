"""What `make check` finds, the suite finds: lint, format, types, layers, templates."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow(seconds=70), pytest.mark.usefixtures("untraced")]


def test_every_static_check_passes() -> None:
    done = subprocess.run(["scripts/check"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    verdicts = [line for line in done.stdout.splitlines() if line.startswith("check ")]
    assert [line.split(":")[0] for line in verdicts] == [
        f"check {name}" for name in ("ruff", "ruff format", "mypy", "imports", "templates")
    ]
    assert all(": ok (" in line for line in verdicts)
