"""Lets coverage see the threads in which granian calls the application.

They are made outside Python, so the tracer that coverage sets for new threads never reaches them.
Loaded by Python itself, since tests put this folder on the path of the instances they start.
"""

import sys
import threading
from collections.abc import Callable
from typing import Any

if "granian" in sys.orig_argv:
    from granian.server import mp

    original = vars(mp)["_wsgi_call_wrap"]

    def wrapped(callback: Callable[..., Any], *more: Any) -> Any:
        """The application, called with this thread traced."""

        def traced(environ: Any, respond: Any) -> Any:
            if sys.gettrace() is None:
                sys.settrace(threading.gettrace())
            return callback(environ, respond)

        return original(traced, *more)

    vars(mp)["_wsgi_call_wrap"] = wrapped
