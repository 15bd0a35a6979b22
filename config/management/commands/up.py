"""`manage.py up`: a whole instance from one command."""

import argparse
import sys
from typing import Any

from django.core.management import BaseCommand

from config.platform.errors import CannotStart
from config.platform.plan import Options
from config.platform.up import Up


def port(text: str) -> int:
    """A port number from 1 to 65535."""
    number = int(text)
    if not 0 < number < 65536:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return number


class Command(BaseCommand):
    """Prepares what is missing, starts every process and keeps it alive until Ctrl-C."""

    help = (
        "Starts the database (unless DATABASE_URL is given), the pages, the inference app, the "
        "notary, the clock and the job slots, and keeps them alive until Ctrl-C."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """The choices of plan.Options."""
        chosen = Options()
        parser.add_argument("--host", default=chosen.host, help="address to listen on")
        parser.add_argument("--port", type=port, default=chosen.port, help="of the pages")
        parser.add_argument("--inference-port", type=port, default=chosen.inference_port)
        parser.add_argument("--slots", type=int, default=chosen.slots, help="for heavy jobs")
        parser.add_argument("--light-slots", type=int, default=chosen.light_slots)
        parser.add_argument("--inference-workers", type=int, default=chosen.inference_workers)

    def handle(self, *_args: Any, **given: Any) -> None:
        """Runs until a signal comes; exits 2 with one line if something stands in the way."""
        names = Options.__dataclass_fields__
        try:
            Up(Options(**{name: given[name] for name in names})).run()
        except CannotStart as error:
            self.stderr.write(str(error))
            sys.exit(2)
