"""Runs the demo's story against an instance of its own, or against the one that runs already.

Started by scripts/demo after the environment is there.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from config.platform import state

ROOT = Path(__file__).resolve().parent.parent
READY_S = 180.0


def parse(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """Our own options, and the rest for the story."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--exit", action="store_true", help="stop everything after the story")
    parser.add_argument("--port", default="8300", help="of the pages and the REST API")
    parser.add_argument("--inference-port", default="8301", help="of the predictions")
    parser.add_argument("--slots", default="1", help="jobs that run side by side")
    return parser.parse_known_args(arguments)


def await_ready(var: Path, up: subprocess.Popen[bytes] | None) -> dict[str, Any]:
    """What up.json says once everything answers; ends with the status of an `up` that failed."""
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        found = state.read_state(var)
        if found and found["ready"] and (up is None or found["pid"] == up.pid):
            return found
        if up is not None and up.poll() is not None:
            sys.exit(up.returncode or 1)
        time.sleep(0.1)
    sys.exit("The instance did not become ready.")


@contextmanager
def instance(var: Path, chosen: argparse.Namespace) -> Iterator[subprocess.Popen[bytes] | None]:
    """An instance started here and stopped at the end, or None where one runs already."""
    if state.supervisor_pid(var) is not None:
        print("An instance runs already; the story is told to that one.", flush=True)
        yield None
        return
    command = [sys.executable, "manage.py", "up", "--port", chosen.port]
    command += ["--inference-port", chosen.inference_port, "--slots", chosen.slots]
    up = subprocess.Popen(command, cwd=ROOT)
    try:
        yield up
    finally:
        if up.poll() is None:
            up.send_signal(signal.SIGTERM)
        up.wait()


def main(arguments: list[str]) -> int:
    """The story's exit status; with --exit everything is stopped before."""
    chosen, rest = parse(arguments)
    var = Path(os.environ.get("ASSAY_VAR", ROOT / "var")).expanduser().resolve()
    # Ended from outside, the instance started here ends too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with instance(var, chosen) as up:
            urls = await_ready(var, up)["urls"]
            story = [sys.executable, "-m", "scripts.demo", "--base", urls["web"]]
            story += ["--inference", urls["inference"], "--var", str(var), *rest]
            status = subprocess.run(story, cwd=ROOT, check=False).returncode
            if up is not None and not chosen.exit:
                print(f"\nThe application goes on: {urls['web']}  (Ctrl-C stops it)", flush=True)
                up.wait()
            return status
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
