"""Where the tries of a slot's jobs are born: python -m worker.run SOCKET, started by the slot.

To load Django costs half a second, to fork a process that has done so a few milliseconds. Nothing
here may open a connection, start a thread or load what jobs work with: a fork copies the first two
in a state that nobody finishes, and hangs where torch has computed.
"""

import contextlib
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import django

from worker.limits import Limits, die_with
from worker.nursery import LONGEST_REQUEST, PASSED


def main(arguments: list[str]) -> int:
    """Answer requests until the slot hangs up; in the process of a try, the try's exit status."""
    with socket.socket(fileno=int(arguments[0])) as slot:
        die_with(int(arguments[1]))
        django.setup()
        # The tables can be imported only once Django is set up.
        import worker.child  # noqa: F401, PLC0415

        while True:
            request, files, _flags, _address = socket.recv_fds(slot, LONGEST_REQUEST, PASSED)
            if not request:
                return 0
            parent, ready, begun = os.getpid(), *os.pipe()
            child = os.fork()
            if child == 0:
                break
            for file in (*files, begun):
                os.close(file)
            # It is told of once it leads a session, by which the slot can kill all it starts.
            os.read(ready, 1)
            os.close(ready)
            slot.sendall(b"%d\n" % child)
            slot.sendall(b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    os.setsid()
    os.close(begun)
    os.close(ready)
    return _try(json.loads(request), files, parent)


def _try(request: dict[str, Any], files: list[int], parent: int) -> int:
    channel, output = files
    for standard in (sys.stdout, sys.stderr):
        os.dup2(output, standard.fileno())
    os.close(output)
    os.environ.update(request["environment"])
    limits = Limits(**request["limits"], parent=parent, channel=channel)
    limits.apply()
    _show(request["job"])
    from worker.child import execute  # noqa: PLC0415

    return execute(UUID(request["job"]), request["token"], limits)


def _show(job: str) -> None:
    """Let `top` and `ps` tell the process of one job from that of another."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(f"job {job[:8]}", encoding="ascii")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
