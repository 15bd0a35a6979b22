"""Ships segments once for each step named, and is killed there. Prints what each shipping met.

The steps: "os.rename" (a damaged piece is written, not yet in its place), "record" (in the middle
of the transaction) and "os.remove" (committed, the segment still there).
"""

import os
import signal
import sys
from pathlib import Path

import django


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def ship_until(step: str, folder: Path) -> None:
    # Forked before, since every shipping needs a process of its own but not its own imports.
    from inference import services  # noqa: PLC0415

    def watch(event: str, facts: tuple[object, ...]) -> None:
        if event == step and str(facts[0]).startswith(str(folder)):
            die()

    sys.addaudithook(watch)
    if step == "record":
        vars(services)["record"] = die
    services.ship_predictions()
    os._exit(0)


if __name__ == "__main__":
    django.setup()
    from django.conf import settings

    settings.SEGMENT_DIR = Path(sys.argv[1])
    for name in sys.argv[2:]:
        child = os.fork()
        if child == 0:
            ship_until(name, settings.SEGMENT_DIR)
        died = os.WIFSIGNALED(os.waitpid(child, 0)[1])
        sys.stdout.write(f"{name} {'killed' if died else 'ended'}\n")
