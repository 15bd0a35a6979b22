"""A training run in a process of its own, for a test to kill: argument is the checkpoint."""

import sys
from pathlib import Path
from typing import Any

from tests.training import cases

PARAMS: dict[str, Any] = {
    "hidden": [32, 16],
    "batch_norm": True,
    "dropout": 0.4,
    "epochs": 60,
    "patience": 40,
    "seed": 11,
}


def tell(event: dict[str, Any]) -> None:
    sys.stdout.write(f"{event['stage']} {event.get('epoch', 0)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    cases.trained(
        cases.breast_cancer().data,
        checkpoint_path=Path(sys.argv[1]),
        on_progress=tell,
        **PARAMS,
    )
