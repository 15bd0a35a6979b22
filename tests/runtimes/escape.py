"""Run as a process of its own: try everything a model must not do, and print what came of it.

Usage: python escape.py ROOT free|confined. Prints {"level", "attempts": {name: errno or "done"}}.
"""

import ctypes
import json
import mmap
import os
import platform
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, sys.argv[1])

from runtimes import confine

libc = ctypes.CDLL(None, use_errno=True)
X86 = platform.machine() == "x86_64"


def call(name: str, *values: int) -> None:
    if getattr(libc, name)(*(ctypes.c_ulong(value) for value in values)) == -1:
        raise OSError(ctypes.get_errno(), name)


def number(x86: int, arm: int, *values: int) -> None:
    call("syscall", x86 if X86 else arm, *values)


def fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    # Its death is told by a signal, at which a process that asked to be traced would stop for good.
    os.waitpid(child, 0)


def start_thread() -> None:
    try:
        threading.Thread(target=lambda: None).start()
    except RuntimeError as error:
        raise OSError(1, "no thread") from error


def map_executable() -> None:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


def raise_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    resource.setrlimit(resource.RLIMIT_STACK, (soft, hard))


ATTEMPTS: dict[str, Callable[[], object]] = {
    "socket": socket.socket,
    "pair of sockets": socket.socketpair,
    "read a file": lambda: os.open("/etc/hostname", os.O_RDONLY),
    "write a file": lambda: os.open("/dev/null", os.O_WRONLY),
    "list a folder": lambda: list(Path("/").iterdir()),
    "file status": lambda: Path("/").stat(),
    "read a link": lambda: Path("/proc/self/exe").readlink(),
    "pipe": os.pipe,
    "file in memory": lambda: os.memfd_create("x"),
    "fork": fork,
    "thread": start_thread,
    "signal another": lambda: os.kill(os.getppid(), 0),
    "signal a group": lambda: os.kill(0, 0),
    "executable memory": map_executable,
    "change a limit": raise_limit,
    "trace": lambda: call("ptrace", 0, 0, 0, 0),
    "namespaces": lambda: call("unshare", 0),
    "read another's memory": lambda: call("process_vm_readv", os.getpid(), 0, 0, 0, 0, 0),
    "write another's memory": lambda: call("process_vm_writev", os.getpid(), 0, 0, 0, 0, 0),
    "new attributes": lambda: call("prctl", 38, 1, 0, 0, 0),
}
# These fail for an ordinary user or with senseless arguments too, but not with "not permitted"
# unless the filter says so: without it the error is another one.
ODD: dict[str, Callable[[], object]] = {
    "mount": lambda: call("mount", 0, 0, 0, 0, 0),
    "keys": lambda: number(250, 219, 9999),
    "kernel programs": lambda: number(321, 280, 9999, 0, 0),
    "rings": lambda: number(425, 425, 0, 0),
    "clone3": lambda: number(435, 435, 0, 0),
    "execute": lambda: os.execv("/nonexistent", ["x"]),
    "connect": lambda: number(42, 203, 99, 0, 0),
}


def outcome(attempt: Callable[[], object]) -> int | str:
    try:
        attempt()
    except OSError as error:
        return error.errno or 0
    return "done"


def main() -> None:
    measures = []
    if sys.argv[2] == "confined":
        measures = confine.enter()
        measures += confine.seal(memory_bytes=2**28, cpu_seconds=5)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    results = {name: outcome(attempt) for name, attempt in {**ODD, **ATTEMPTS}.items()}
    report = {"level": confine.level(measures), "measures": measures, "attempts": results}
    os.write(1, json.dumps(report).encode())
    os._exit(0)


main()
