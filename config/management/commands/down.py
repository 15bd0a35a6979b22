"""`manage.py down`: stops the instance of this var folder, wherever it was started."""

import os
import signal
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from config.platform import state

PATIENCE_S = 10.0


class Command(BaseCommand):
    """Asks the supervisor to stop and waits for it."""

    help = "Stops a running `manage.py up` of the same var folder."
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Returns when the supervisor has ended; CommandError if it does not in 10 s."""
        var = Path(settings.VAR)
        pid = state.supervisor_pid(var)
        if pid is None:
            self.stdout.write(f"Assay does not run in {var}")
            return
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE_S
        while state.supervisor_pid(var) == pid:
            if time.monotonic() > deadline:
                raise CommandError(f"Process {pid} does not stop.")
            time.sleep(0.05)
        self.stdout.write("Assay stopped")
