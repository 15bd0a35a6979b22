"""The settings of the suite's own process: those of the program, over folders of this run alone."""

import os
import tempfile
from pathlib import Path

if "ASSAY_TEST_BASE" not in os.environ:
    os.environ["ASSAY_TEST_BASE"] = tempfile.mkdtemp(prefix="assay-test-")
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
os.environ["ASSAY_VAR"] = f"{os.environ['ASSAY_TEST_BASE']}/{_WORKER}"
# Collected once and kept between runs: nothing in it depends on a run.
os.environ.setdefault("ASSAY_STATIC", str(Path(__file__).parent.parent / "var/test-static/files"))
# Playwright's driver keeps an event loop in the main thread, which Django takes for async code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

from config.settings import *  # noqa: E402, F403 - read after the environment is set

# Every test client makes the middleware anew, and WhiteNoise would look at every file each time.
WHITENOISE_AUTOREFRESH = True
