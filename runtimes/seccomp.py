"""A Linux system-call filter: after it, a process may compute, answer and end, and nothing else.

An allow-list, so that calls of kernels to come are refused too. What is not listed fails with
EPERM: files, sockets, processes, threads, signals to others, namespaces, mounts, tracing, keys.
Numbers and layout: linux/seccomp.h, linux/filter.h, asm/unistd.h of the two machines.
"""

import ctypes
import errno
import os
import platform
from dataclasses import dataclass
from struct import pack

_LOAD, _JUMP_EQUAL, _JUMP_BITS, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_REFUSE = 0x00050000 | errno.EPERM
_NUMBER_AT, _MACHINE_AT, _ARGUMENTS_AT = 0, 4, 16
_PROT_EXEC = 4
_SET_FILTER, _ALL_THREADS = 1, 1


@dataclass(frozen=True)
class Machine:
    """One processor family: its audit number, and the calls by number."""

    audit: int
    seccomp: int
    mapping: tuple[int, int]
    tgkill: int
    allowed: tuple[int, ...]


# read, write, close, fstat, lseek, munmap, brk, rt_sigaction, rt_sigprocmask, rt_sigreturn, readv,
# writev, sched_yield, mremap, madvise, nanosleep, getpid, exit, gettimeofday, getrusage, times,
# sigaltstack, gettid, futex, sched_getaffinity, restart_syscall, clock_gettime, clock_getres,
# clock_nanosleep, exit_group, getcpu, getrandom, membarrier, rseq; x86 only: time.
# The mapping calls are mmap and mprotect, allowed without PROT_EXEC.
MACHINES = {
    "x86_64": Machine(
        audit=0xC000003E, seccomp=317, mapping=(9, 10), tgkill=234,
        allowed=(0, 1, 3, 5, 8, 11, 12, 13, 14, 15, 19, 20, 24, 25, 28, 35, 39, 60, 96, 98, 100,
                 131, 186, 202, 204, 219, 228, 229, 230, 231, 309, 318, 324, 334, 201),
    ),
    "aarch64": Machine(
        audit=0xC00000B7, seccomp=277, mapping=(222, 226), tgkill=131,
        allowed=(63, 64, 57, 80, 62, 215, 214, 134, 135, 139, 65, 66, 124, 216, 233, 101, 172, 93,
                 169, 165, 153, 132, 178, 98, 123, 128, 113, 114, 115, 94, 168, 278, 283, 293),
    ),
}  # fmt: skip


class _Program(ctypes.Structure):
    _fields_ = [("count", ctypes.c_ushort), ("code", ctypes.c_char_p)]


def program(machine: Machine, pid: int) -> bytes:
    """The filter as instructions of 8 bytes: code, jump if true, jump if false, operand."""
    refuse, allow = _step(_RETURN, _REFUSE), _step(_RETURN, _ALLOW)
    steps = [
        _step(_LOAD, _MACHINE_AT),
        _step(_JUMP_EQUAL, machine.audit, 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER_AT),
    ]
    for number in machine.allowed:
        steps += [_step(_JUMP_EQUAL, number, 0, 1), allow]
    for number in machine.mapping:
        steps += [_step(_JUMP_EQUAL, number, 0, 4), _argument(2)]
        steps += [_step(_JUMP_BITS, _PROT_EXEC, 0, 1), refuse, allow]
    # abort() ends a process with a signal to itself.
    steps += [_step(_JUMP_EQUAL, machine.tgkill, 0, 4), _argument(0)]
    steps += [_step(_JUMP_EQUAL, pid, 0, 1), allow, refuse]
    return b"".join([*steps, refuse])


def install() -> bool:
    """Put the filter on every thread of this process, for ever. False where it is not possible.

    Needs no-new-privileges to be set before.
    """
    machine = MACHINES.get(platform.machine())
    if machine is None:
        return False
    code = program(machine, os.getpid())
    wrapped = _Program(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    number = ctypes.c_long(machine.seccomp)
    flags = ctypes.c_ulong(_ALL_THREADS)
    done = libc.syscall(number, ctypes.c_ulong(_SET_FILTER), flags, ctypes.byref(wrapped))
    return bool(done == 0)


def _step(code: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return pack("<HBBI", code, if_true, if_false, operand)


def _argument(index: int) -> bytes:
    """Load the lower half of an argument; both machines are little-endian."""
    return _step(_LOAD, _ARGUMENTS_AT + 8 * index)
