"""manage.py cosign: sends new checkpoints to the configured witnesses and keeps what they sign."""

import http.client
import logging
import signal
import sys
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, InterfaceError, close_old_connections

from audit.witnesses import Contradicted, Unwilling, Witness, cosign, load_witnesses
from common.errors import DomainError
from trust.errors import TrustError

log = logging.getLogger("assay.witnesses")
_AWAY = (Unwilling, TrustError, OSError, http.client.HTTPException, DomainError)


class Command(BaseCommand):
    """One round, or rounds until it is told to stop. Exit status of a round: 1 if contradicted."""

    help = "Have new checkpoints cosigned by the witnesses of ASSAY_WITNESSES."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="one round, then end")
        parser.add_argument("--every", type=int, default=60, help="seconds between two rounds")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            witnesses = load_witnesses(settings.WITNESSES)
        except (OSError, TrustError) as error:
            raise CommandError(f"The witnesses cannot be read: {error}") from None
        if options["once"]:
            agreed = [self._ask(witness) for witness in witnesses]
            if not all(agreed):
                sys.exit(1)
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        while not stop.wait(options["every"]):
            for witness in witnesses:
                self._ask(witness)

    def _ask(self, witness: Witness) -> bool:
        """False if the witness has seen another log."""
        name = witness.key.name
        try:
            given = cosign(witness)
        except Contradicted as error:
            log.critical("The witness %s contradicts this log: %s.", name, error)
            self.stderr.write(f"{name} contradicts this log: {error}.")
            return False
        except (DatabaseError, InterfaceError) as error:
            log.warning("The database went away: %s", str(error).splitlines()[0])
            close_old_connections()
        except _AWAY as error:
            log.warning("The witness %s did not cosign: %s", name, error)
            self.stderr.write(f"{name} did not cosign: {error}")
        else:
            if given:
                self.stdout.write(f"{name} cosigned {given.checkpoint_id} events.")
        return True
