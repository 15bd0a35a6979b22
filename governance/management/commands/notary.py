"""The notary: the only process that holds the private keys."""

import logging
import signal
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from audit.anchors import FileAnchor
from audit.integrator import InconsistentLog, Integrator, Overtaken
from governance.emergencies.notary import sign_waiting_emergencies
from governance.keys.rotation import MEMORY, load_former_keys
from governance.keys.store import FORMER, load_notary_keys
from governance.notary import sign_waiting_approvals
from trust.errors import TrustError
from trust.key_files import load_trusted_keys

log = logging.getLogger("assay.notary")
RECONNECT_SECONDS = 0.5


class Command(BaseCommand):
    """Integrates the log, signs checkpoints and approvals, until it is told to stop."""

    help = "Run the notary."
    # They would load every page and the whole API into the process that holds the keys.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        folder: Path = settings.NOTARY_KEY_DIR
        try:
            log_key, approval_key = load_notary_keys(folder, settings.ORIGIN)
            former = None
            if (folder / f"log{FORMER}").exists():
                former = load_former_keys(folder, settings.ORIGIN)[0]
            integrator = Integrator(
                key=log_key,
                memory=folder / MEMORY,
                trusted=load_trusted_keys(settings.TRUSTED_KEYS).named(settings.ORIGIN),
                former=former,
            )
            anchor = FileAnchor.configured()
            while not stop.is_set():
                self._serve(integrator, approval_key, anchor, stop)
        except (OSError, TrustError) as error:
            raise CommandError(f"The notary's keys cannot be used: {error}") from None
        except InconsistentLog as error:
            raise CommandError(f"The log is not the one that was signed: {error}") from None

    def _serve(
        self,
        integrator: Integrator,
        approval_key: Any,
        anchor: FileAnchor,
        stop: threading.Event,
    ) -> None:
        pause = settings.NOTARY_INTERVAL_MS / 1000
        try:
            connection.ensure_connection()
            if not integrator.start():
                stop.wait(RECONNECT_SECONDS)
                return
            log.info("The notary serves the log %s.", settings.ORIGIN)
            while not stop.is_set():
                sign_waiting_emergencies(approval_key)
                sign_waiting_approvals(approval_key)
                integrator.run_once()
                anchor.keep_newest(integrator.note)
                stop.wait(pause)
        except (DatabaseError, InterfaceError, Overtaken) as error:
            log.warning("The notary begins anew: %s", str(error).splitlines()[0])
            connection.close()
            close_old_connections()
            stop.wait(RECONNECT_SECONDS)
