"""A background thread that keeps the table up to date; requests never wait for the database.

What may no longer answer leaves the table at once; what is new is loaded beside that.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.utils import timezone

from common.errors import DomainError
from governance.selectors import trusted_keys
from inference import selectors
from inference.loading import (
    NotHere,
    load,
    load_in_emergency,
    why_grant_untrusted,
    why_untrusted,
)
from inference.refusals import Refusals
from inference.services import (
    note_loaded,
    note_loaded_in_emergency,
    note_refused,
    note_refused_in_emergency,
    note_refused_predictions,
    note_share_refused,
)
from inference.sharing import excesses
from inference.table import Candidate, EmergencyCandidate, Loaded, Opened, Share, Table

log = logging.getLogger("assay.serving")
# Between two entries in the log about refused predictions.
TELL_SECONDS = 60


class Follower:
    """Holds the present table. `contact` is the monotonic moment at which the table was last known
    to be the database's; how long it may lie back is signed into each approval.

    One thread follows the database, another opens models: a model that takes long to open must
    not delay the revocation of others."""

    def __init__(self, *, threads: int = 1) -> None:
        self.table = Table()
        self.contact = time.monotonic()
        self._threads = threads
        self._keys_stamp = _stamp(settings.TRUSTED_KEYS)
        self.refusals = Refusals()
        self._told_at = self.contact
        self._stop = threading.Event()
        self._changed = threading.Event()
        self._lock = threading.Lock()
        self._running = [
            threading.Thread(target=self._repeat, args=(act,), name=name, daemon=True)
            for name, act in (("follower", self._follow), ("loader", self._load_when_changed))
        ]

    def start(self) -> None:
        """Begin to follow; the first table may take a moment (see `ready`)."""
        for thread in self._running:
            thread.start()

    def stop(self) -> None:
        """End the threads and wait until they have ended."""
        self._stop.set()
        self._changed.set()
        for thread in self._running:
            if thread.is_alive():
                thread.join()
        try:
            self.tell_refusals()
        except (DatabaseError, InterfaceError) as error:
            log.warning("Refused predictions were not told: %s", str(error).splitlines()[0])

    @property
    def ready(self) -> bool:
        """Whether a first table has been read."""
        return self.table.generation >= 0

    @property
    def silence_s(self) -> float:
        """Seconds since the table was last known to be the database's."""
        return time.monotonic() - self.contact

    def _repeat(self, act: Callable[[], None]) -> None:
        pause = settings.SERVING_POLL_MS / 1000
        while not self._stop.is_set():
            try:
                act()
            except (DatabaseError, InterfaceError) as error:
                log.warning("The database does not answer: %s", str(error).splitlines()[0])
                connection.close()
            except Exception:
                log.exception("Following the database failed.")
            self._stop.wait(pause)
        connection.close()

    def _follow(self) -> None:
        self.look()
        if time.monotonic() - self._told_at >= TELL_SECONDS:
            self._told_at = time.monotonic()
            self.tell_refusals()

    def tell_refusals(self) -> None:
        """Write into the log what was refused since. Raises DatabaseError; nothing is lost then."""
        window = self.refusals.take()
        if window is None:
            return
        try:
            note_refused_predictions(window)
        except Exception:
            self.refusals.put_back(window)
            raise

    def look(self) -> None:
        """One round of following. Raises DatabaseError."""
        asked_at = time.monotonic()
        stamp = _stamp(settings.TRUSTED_KEYS)
        if stamp != self._keys_stamp:
            self._ask_the_keys_again()
            self._keys_stamp = stamp
        number = selectors.generation()
        if number != self.table.generation or self._expired():
            now = timezone.now()
            self._publish(number, selectors.candidates(now), now)
            self._changed.set()
        # Last: a database that answers, but with rows that cannot be read, may hide a revocation.
        self.contact = asked_at

    def _ask_the_keys_again(self) -> None:
        """The key file was changed: what an ended key signed may answer no more."""
        keys = trusted_keys()
        for approval in list(self.table.loaded):
            reason = why_untrusted(approval, keys)
            if reason:
                with self._lock:
                    loaded = dict(self.table.loaded)
                    gone = loaded.pop(approval, None)
                    refused = dict(self.table.refused) | {approval: reason}
                    self.table = replace(self.table, loaded=loaded, refused=refused)
                if gone:
                    gone.model.close()
        for grant in list(self.table.in_emergency):
            reason = why_grant_untrusted(grant, keys)
            if reason:
                with self._lock:
                    opened = dict(self.table.in_emergency)
                    ended = opened.pop(grant, None)
                    refused = dict(self.table.refused) | {grant: reason}
                    self.table = replace(self.table, in_emergency=opened, refused=refused)
                if ended:
                    ended.model.close()
        self._changed.set()

    def _expired(self) -> bool:
        now = timezone.now()
        ends = [one.approval.not_after for one in self.table.loaded.values()]
        ends += [one.emergency.not_after for one in self.table.in_emergency.values()]
        return any(end <= now for end in ends)

    def _publish(self, number: int, found: list[Candidate], now: datetime) -> None:
        granted = selectors.emergencies(now)
        kept = {candidate.approval for candidate in found}
        kept |= {candidate.emergency for candidate in granted.values()}
        fresh = Table(
            generation=number,
            tokens=selectors.live_tokens(now),
            users=selectors.active_users(),
            teams=selectors.model_teams(),
            models=selectors.model_ids(),
            by_alias={(c.name, alias): c for c in found for alias in c.aliases},
            by_number={(c.name, c.number): c for c in found},
            shares=_shares(found),
            pointing=selectors.alias_targets(),
            stale=selectors.stale_since(),
            emergencies=granted,
        )
        with self._lock:
            old: dict[UUID, Opened] = {**self.table.loaded, **self.table.in_emergency}
            self.table = replace(
                fresh,
                loaded={k: one for k, one in self.table.loaded.items() if k in kept},
                in_emergency={k: one for k, one in self.table.in_emergency.items() if k in kept},
            )
        for key, one in old.items():
            if key not in kept:
                one.model.close()

    def _load_when_changed(self) -> None:
        self._changed.wait()
        self._changed.clear()
        try:
            self.load_missing()
        except BaseException:
            self._changed.set()
            raise

    def load_missing(self) -> None:
        """Open what the present table names and has not open; each is tried once. Raises
        DatabaseError."""
        tried: set[UUID] = set()
        while not self._stop.is_set() and (candidate := self._next(tried)) is not None:
            tried.add(candidate.key)
            if isinstance(candidate, EmergencyCandidate):
                self._load_in_emergency(candidate)
            else:
                self._load(candidate)
        for candidate, alias, reason in excesses(self.table):
            note_share_refused(candidate, alias, reason)

    def _next(self, tried: set[UUID]) -> Candidate | EmergencyCandidate | None:
        # Emergencies, then versions behind an alias: those are what somebody waits for.
        table = self.table
        urgent = [c for c in table.emergencies.values() if c.key not in table.in_emergency]
        for emergency in urgent:
            if emergency.key not in tried:
                return emergency
        asked_for = {share.candidate.approval for share in table.shares.values()}
        waiting = [c for c in table.by_number.values() if c.approval not in table.loaded]
        return min(
            (c for c in waiting if c.approval not in tried),
            key=lambda c: not c.aliases and c.approval not in asked_for,
            default=None,
        )

    def _load(self, candidate: Candidate) -> None:
        try:
            loaded = load(candidate, keys=trusted_keys(), now=timezone.now(), threads=self._threads)
        except NotHere as error:
            self._refuse(candidate, error.reason, tell=False)
        except DomainError as error:
            self._refuse(candidate, error.reason)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            # One version that cannot even be refused properly must not keep the others waiting.
            log.exception("Opening %s v%d failed.", candidate.name, candidate.number)
            self._refuse(candidate, "Its records cannot be read; the serving log says more.")
        else:
            if self._keep(candidate.approval, loaded):
                note_loaded(candidate)

    def _load_in_emergency(self, candidate: EmergencyCandidate) -> None:
        try:
            opened = load_in_emergency(
                candidate, keys=trusted_keys(), now=timezone.now(), threads=self._threads
            )
        except DomainError as error:
            self._remember_refusal(candidate.key, error.reason)
            note_refused_in_emergency(candidate, error.reason)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("Opening %s v%d failed.", candidate.name, candidate.number)
            self._remember_refusal(candidate.key, "Its records cannot be read.")
        else:
            with self._lock:
                wanted = any(c.key == candidate.key for c in self.table.emergencies.values())
                if wanted:
                    held = dict(self.table.in_emergency) | {candidate.key: opened}
                    self.table = replace(self.table, in_emergency=held)
            if wanted:
                note_loaded_in_emergency(candidate)
            else:
                opened.model.close()

    def _remember_refusal(self, key: UUID, reason: str) -> None:
        with self._lock:
            refused = dict(self.table.refused) | {key: reason}
            self.table = replace(self.table, refused=refused)

    def _refuse(self, candidate: Candidate, reason: str, *, tell: bool = True) -> None:
        self._remember_refusal(candidate.approval, reason)
        if tell:
            note_refused(candidate, reason)

    def _keep(self, approval: UUID, loaded: Loaded) -> bool:
        """Whether it is still wanted; what was revoked while it was opened never answers."""
        with self._lock:
            wanted = any(c.approval == approval for c in self.table.by_number.values())
            if wanted:
                table = dict(self.table.loaded) | {approval: loaded}
                self.table = replace(self.table, loaded=table)
        if not wanted:
            loaded.model.close()
        return wanted


def _shares(found: list[Candidate]) -> dict[tuple[str, str], Share]:
    """Those of challengers that are approved; of the others' calls nothing is shared."""
    by_version = {candidate.version: candidate for candidate in found}
    return {
        key: Share(by_version[version], percent)
        for key, (version, percent) in selectors.shares().items()
        if version in by_version
    }


def _stamp(path: Path) -> tuple[int, int]:
    """What changes with a file; zeros where there is none."""
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return found.st_mtime_ns, found.st_ino


def wait_until_ready(follower: Follower, seconds: float) -> bool:
    """Whether the first table was there within `seconds`."""
    deadline = time.monotonic() + seconds
    with suppress(KeyboardInterrupt):
        while not follower.ready and time.monotonic() < deadline:
            time.sleep(0.01)
    return follower.ready
