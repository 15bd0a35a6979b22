"""Steps at which a process kills itself or stands still, to prove what outlasts that.

Nothing happens unless the process was started with ASSAY_FAIL_AT; no request can set it.
"""

import os
import signal

from django.conf import settings

_STOP = "stop"


def reached(step: str) -> None:
    """Die here by SIGKILL if `step` is the one named; with ":stop" behind its name, stand still."""
    if settings.FAIL_AT:
        wanted, _, how = settings.FAIL_AT.partition(":")
        if step == wanted:
            os.kill(os.getpid(), signal.SIGSTOP if how == _STOP else signal.SIGKILL)
