"""What a job's process may use, handed over in its environment and applied by itself at its start.

Applied by the child, not between fork and exec: the slot has threads, and code run there can hang.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

VARIABLE = "ASSAY_JOB_LIMITS"
_PR_SET_PDEATHSIG = 1
_THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "ASSAY_JOB_THREADS",
)


@dataclass(frozen=True)
class Limits:
    """Address space in bytes, CPU time in seconds; the slot's process and the pipe to it."""

    memory: int
    cpu: int
    parent: int
    channel: int

    def environment(self, threads: int) -> dict[str, str]:
        """The variables of a child under these limits; torch and onnxruntime read the same ones."""
        limits = {VARIABLE: json.dumps(asdict(self))}
        return {**limits, **dict.fromkeys(_THREADS, str(threads))}

    @classmethod
    def from_environment(cls) -> Self:
        """Read what the slot handed over. Raises SystemExit when nobody did."""
        try:
            return cls(**json.loads(os.environ[VARIABLE]))
        except (KeyError, TypeError, ValueError):
            sys.exit("Only a slot starts this: python -m worker.slot --queue cpu")

    def apply(self) -> None:
        """Take the limits on, for this process and everything it starts."""
        _die_with(self.parent)
        _lower(resource.RLIMIT_CORE, 0)
        _lower(resource.RLIMIT_CPU, self.cpu)
        if sys.platform == "linux":
            _lower(resource.RLIMIT_AS, self.memory)
            _prefer_for_killing()


def _lower(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def _die_with(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        # It died before the line above; elsewhere the fencing token keeps an orphan harmless.
        sys.exit("The slot that started this job is gone.")


def _prefer_for_killing() -> None:
    """Have the kernel, when memory runs out, end the job and not the slot or the database."""
    try:
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")
    except OSError:
        return
