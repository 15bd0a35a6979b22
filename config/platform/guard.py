"""The watcher of the supervisor: when that is killed, it ends every process group it had started.

Runs as `python -I -S guard.py` with a pipe as standard input whose only writer is the supervisor.
A line `+PID` adds a process group, `-PID` takes one off. At the end of the pipe the groups get
SIGTERM and, after a grace time, SIGKILL. A death signal reaches only direct children, and a web
server has children of its own; this reaches them too.
"""

import contextlib
import os
import signal
import sys
import time

GRACE_S = 2.0


def alive(group: int) -> bool:
    """Whether a process group still has a member."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def end(groups: set[int], grace_s: float) -> None:
    """Ends all groups, with force those that outlive `grace_s` seconds."""
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    while any(alive(group) for group in groups) and time.monotonic() < deadline:
        time.sleep(0.05)
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


def main() -> None:
    """Follows the supervisor until the pipe ends, then cleans up after it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line.startswith("+"):
            groups.add(group)
        else:
            groups.discard(group)
    end(groups, GRACE_S)


if __name__ == "__main__":
    main()
