"""`python -I -S leash.py OPTIONS COMMAND` runs a command that dies with whoever started it.

Standard library only and started without `site`, so that a start costs a few milliseconds.
COMMAND names its program by an absolute path: after a change of user this interpreter may no longer
read its own library to search for one. OPTIONS is one JSON object: {"parent": pid, "signal":
number, "identity": "same" | "namespace" | [uid, gid]}. The death signal is set last, because the
kernel forgets it when credentials change.
"""

import ctypes
import json
import os
import signal
import sys

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
INSIDE = 1000


def enter_namespace() -> None:
    """Makes root an ordinary user in its own eyes: files stay root's, no privilege is left.

    Raises OSError where the kernel allows no user namespaces.
    """
    uid, gid = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "user namespaces are not allowed here")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{INSIDE} {uid} 1"),
        ("gid_map", f"{INSIDE} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123 - pathlib is slow to import
            file.write(text)


def become(identity: object) -> None:
    """Takes on `identity`, one of the three forms of the module's docstring."""
    if identity == "namespace":
        enter_namespace()
    elif isinstance(identity, list):
        uid, gid = identity
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)


def die_with(parent: int, number: int) -> None:
    """Asks for signal `number` at the parent's death; ends at once if that has happened already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def main(arguments: list[str]) -> None:
    """Replaces this process by the command."""
    options = json.loads(arguments[0])
    become(options["identity"])
    die_with(options["parent"], options["signal"])
    os.execv(arguments[1], arguments[1:])  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main(sys.argv[1:])
