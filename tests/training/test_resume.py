"""A run that was killed goes on where it was, and ends with the very same bits."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from common.steering import Cancelled
from tests.training import cases
from tests.training.killed_run import PARAMS
from training.engine import checkpoint


def killed_after(epoch: int, path: Path) -> int:
    """Run in a process of its own, SIGKILL it once `epoch` is told; the last epoch heard."""
    command = [sys.executable, "-m", "tests.training.killed_run", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            stage, number = line.split()
            if stage == "train" and int(number) >= epoch:
                process.kill()
                break
    assert process.returncode == -signal.SIGKILL
    return int(number)


class TestAfterSigkill:
    def test_the_weights_are_bit_identical_to_an_undisturbed_run(
        self, tumours: cases.Case, tmp_path: Path
    ) -> None:
        path = tmp_path / "run.checkpoint"
        undisturbed = cases.trained(tumours.data, **PARAMS)

        killed_after(3, path)
        killed_after(17, path)
        shown: list[dict[str, Any]] = []
        resumed = cases.trained(
            tumours.data, checkpoint_path=path, on_progress=shown.append, **PARAMS
        )

        assert shown[1]["stage"] == "resume"
        assert resumed.facts["resumed_from_epoch"] >= 17
        assert resumed.weights_digest == undisturbed.weights_digest
        assert resumed.onnx_bytes == undisturbed.onnx_bytes
        assert without_seconds(resumed.history) == without_seconds(undisturbed.history)


class TestTheCheckpoint:
    def test_of_a_finished_run_leads_straight_to_the_export(
        self, tumours: cases.Case, tmp_path: Path
    ) -> None:
        path = tmp_path / "c"
        first = cases.trained(tumours.data, checkpoint_path=path, epochs=200, patience=2)
        shown: list[dict[str, Any]] = []

        again = cases.trained(
            tumours.data, checkpoint_path=path, on_progress=shown.append, epochs=200, patience=2
        )

        assert [event["stage"] for event in shown] == ["prepare", "resume", "export"]
        assert again.weights_digest == first.weights_digest

    def test_stays_after_cancelling_so_that_the_run_can_go_on(
        self, tumours: cases.Case, tmp_path: Path
    ) -> None:
        epochs: list[int] = []

        with pytest.raises(Cancelled):
            cases.trained(
                tumours.data,
                checkpoint_path=tmp_path / "c",
                on_progress=lambda event: epochs.append(event.get("epoch", 0)),
                should_stop=lambda: bool(epochs) and epochs[-1] >= 2,
                epochs=5,
            )
        resumed = cases.trained(tumours.data, checkpoint_path=tmp_path / "c", epochs=5)

        assert resumed.facts["resumed_from_epoch"] == 2
        assert resumed.weights_digest == cases.trained(tumours.data, epochs=5).weights_digest

    @pytest.mark.parametrize(("rows", "params"), [(300, {}), (398, {"l2": 0.5})])
    def test_of_a_run_with_other_rows_or_parameters_is_not_used(
        self, tumours: cases.Case, tmp_path: Path, rows: int, params: dict[str, Any]
    ) -> None:
        cases.trained(tumours.data, checkpoint_path=tmp_path / "c", epochs=2)

        result = cases.trained(
            cases.few_rows(tumours.data, rows),
            checkpoint_path=tmp_path / "c",
            **{"epochs": 2, **params},
        )

        assert result.facts["resumed_from_epoch"] == 0

    @pytest.mark.parametrize("keep", [0, 10, 600, -1])
    def test_that_is_torn_is_not_used(self, tmp_path: Path, keep: int) -> None:
        path = tmp_path / "c"
        checkpoint.write(path, "run", {"weights": torch.zeros(100)})
        path.write_bytes(path.read_bytes()[:keep])

        assert checkpoint.read(path, "run") is None

    def test_is_replaced_only_when_the_new_one_is_whole(self, tmp_path: Path) -> None:
        path = tmp_path / "c"
        checkpoint.write(path, "run", {"epoch": 1})

        with pytest.raises(AttributeError):
            checkpoint.write(path, "run", {"epoch": 2, "broken": lambda: None})

        assert checkpoint.read(path, "run") == {"epoch": 1}

    def test_runs_no_code_when_it_is_read(self, tmp_path: Path) -> None:
        path = tmp_path / "c"
        stored = {"format": checkpoint.FORMAT, "identity": "run", "state": Trap(tmp_path / "x")}
        torch.save(stored, path)

        assert checkpoint.read(path, "run") is None
        assert not (tmp_path / "x").exists()

    def test_may_hold_something_else_altogether(self, tmp_path: Path) -> None:
        torch.save([1, 2], tmp_path / "c")

        assert checkpoint.read(tmp_path / "c", "run") is None


class Trap:
    """Unpickling it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def without_seconds(history: list[dict[str, float]]) -> list[dict[str, float]]:
    return [{k: v for k, v in entry.items() if k != "seconds"} for entry in history]
