"""Libraries stay off standard output and the log: there only a job's progress is told."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO


@contextmanager
def quiet() -> Iterator[None]:
    """Within it exporters and quantisers say nothing below an error; exceptions pass.

    Quantisers write to the root logger, so the bar is set for the whole process: use it in a
    job's child, where nothing else runs.
    """
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), redirect_stdout(StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
