"""Take rights away from this very process, in two steps, and say which ones are gone.

`enter` runs first, before libraries start threads. `seal` runs when everything is loaded and
before the first byte from a stranger is read. No step raises where a kernel lacks something:
the measures that hold are evidence, and a policy may ask for them. Imports nothing heavy.
"""

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal

from runtimes import seccomp

Level = Literal["full", "no-namespaces", "rlimits-only", "none"]
LEVELS: tuple[Level, ...] = ("full", "no-namespaces", "rlimits-only", "none")

_LINUX = sys.platform.startswith("linux")
_OPEN_WHILE_LOADING = 64
_SET_DEATH_SIGNAL, _SET_DUMPABLE, _SET_NO_NEW_PRIVILEGES = 1, 4, 38
_NEW_USER, _NEW_NET, _NEW_IPC, _NEW_UTS = 0x10000000, 0x40000000, 0x08000000, 0x04000000
_CAPABILITIES_V3 = 0x20080522


def enter() -> list[str]:
    """Leave the network and the right to gain rights. Returns the measures that hold."""
    measures = [] if not _LINUX else [*_processes_own(), *_namespaces()]
    for name, kind, limit in (
        ("limit-core", resource.RLIMIT_CORE, 0),
        ("limit-file-size", resource.RLIMIT_FSIZE, 0),
        ("limit-open-files", resource.RLIMIT_NOFILE, _OPEN_WHILE_LOADING),
    ):
        measures += _limit(name, kind, limit)
    return measures


def seal(*, memory_bytes: int, cpu_seconds: int) -> list[str]:
    """No more files, processes, threads or calls of the system. Returns the measures that hold.

    `memory_bytes` and `cpu_seconds` count on top of what the process has taken until now.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = int(used.ru_utime + used.ru_stime) + 1 + cpu_seconds
    # One second between the limits, so that the signal tells which limit it was.
    measures = _limit("limit-cpu", resource.RLIMIT_CPU, cpu, cpu + 1)
    if _LINUX:
        measures += _limit("limit-memory", resource.RLIMIT_AS, _address_space() + memory_bytes)
    measures += _limit("limit-processes", resource.RLIMIT_NPROC, 0)
    measures += _limit("no-new-files", resource.RLIMIT_NOFILE, 0)
    if _LINUX and _drop_capabilities():
        measures.append("no-capabilities")
    if _LINUX and seccomp.install():
        measures.append("seccomp")
    return measures


def level(measures: list[str]) -> Level:
    """How far it went: "full" needs the call filter and a network of its own (an empty one)."""
    if "seccomp" not in measures:
        return "rlimits-only"
    return "full" if "network-namespace" in measures else "no-namespaces"


def _processes_own() -> Iterator[str]:
    libc = ctypes.CDLL(None, use_errno=True)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
        yield "killed-first"
    for name, option, value in (
        ("dies-with-parent", _SET_DEATH_SIGNAL, int(signal.SIGKILL)),
        ("no-new-privileges", _SET_NO_NEW_PRIVILEGES, 1),
        ("not-dumpable", _SET_DUMPABLE, 0),
    ):
        if libc.prctl(option, *(ctypes.c_ulong(v) for v in (value, 0, 0, 0))) == 0:
            yield name


def _namespaces() -> list[str]:
    """Root needs no user namespace for the others, and would lose sight of others' files in one."""
    libc = ctypes.CDLL(None, use_errno=True)
    apart = _NEW_NET | _NEW_IPC | _NEW_UTS
    names = ["network-namespace", "ipc-namespace", "uts-namespace"]
    if libc.unshare(ctypes.c_int(apart)) == 0:
        return names
    if libc.unshare(ctypes.c_int(apart | _NEW_USER)) == 0:
        return ["user-namespace", *names]
    return []


def _limit(name: str, kind: int, soft: int, hard: int | None = None) -> list[str]:
    _, most = resource.getrlimit(kind)
    wanted = (soft, soft if hard is None else hard)
    if most != resource.RLIM_INFINITY:
        wanted = (min(wanted[0], most), min(wanted[1], most))
    try:
        resource.setrlimit(kind, wanted)
    except (OSError, ValueError):
        return []
    return [name]


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _drop_capabilities() -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_V3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    return bool(libc.capset(ctypes.byref(header), ctypes.byref(nothing)) == 0)
