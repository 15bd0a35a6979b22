"""The clock: python -m worker.clock."""

import signal
import sys
import time
from typing import NoReturn

import django
from django.conf import settings


def main() -> NoReturn:
    """Go round until SIGTERM or SIGINT."""
    django.setup()
    # The tables can be imported only once Django is set up.
    from worker.rounds import Clock  # noqa: PLC0415

    for number in (signal.SIGTERM, signal.SIGINT):
        # Wherever it is interrupted, it holds no more than a transaction.
        signal.signal(number, lambda *_: sys.exit(0))
    clock = Clock()
    while True:
        clock.round()
        time.sleep(settings.JOB_ROUND_SECONDS)


if __name__ == "__main__":
    main()
