"""What a job's process may use; it takes these limits on itself, before anything else."""

import ctypes
import os
import resource
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "ASSAY_JOB_THREADS",
)


def thread_variables(threads: int) -> dict[str, str]:
    """The environment of a job; torch and onnxruntime read the same variables."""
    return dict.fromkeys(_THREADS, str(threads))


@dataclass(frozen=True)
class Limits:
    """Address space in bytes, CPU time in seconds; the process it must not outlive, its channel."""

    memory: int
    cpu: int
    parent: int
    channel: int

    def apply(self) -> None:
        """Take the limits on, for this process and everything it starts."""
        die_with(self.parent)
        _lower(resource.RLIMIT_CORE, 0)
        _lower(resource.RLIMIT_CPU, self.cpu)
        if sys.platform == "linux":
            _lower(resource.RLIMIT_AS, self.memory)
            _prefer_for_killing()


def _lower(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def die_with(parent: int) -> None:
    """Have the kernel end this process with the one that started it. Raises SystemExit if gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        # It died before the line above; elsewhere the fencing token keeps an orphan harmless.
        sys.exit("The process that started this one is gone.")


def _prefer_for_killing() -> None:
    """Have the kernel, when memory runs out, end the job and not the slot or the database."""
    try:
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")
    except OSError:
        return
