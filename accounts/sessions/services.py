"""Browsers that are signed in: where, since when, last used; ended one by one, or all."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.apps import apps
from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils import timezone

from accounts import policies
from accounts.callers import Caller
from accounts.models import BrowserSession, User
from accounts.sessions.user_agents import LONGEST_AGENT
from audit.actions import Action
from audit.services import record
from common.errors import NotFound

NOTED_EVERY_S = 60
_MOST_REMEMBERED = 10_000


@dataclass(frozen=True)
class Use:
    """One use of a session: by which program, from where."""

    key: str
    agent: str
    address: str | None


class _Noted:
    """When this process last noted a session: every request would be a write otherwise."""

    def __init__(self) -> None:
        self._at: dict[str, float] = {}

    def is_due(self, key: str) -> bool:
        """Whether a minute has passed; it is noted then."""
        now = time.monotonic()
        if now - self._at.get(key, float("-inf")) < NOTED_EVERY_S:
            return False
        if len(self._at) >= _MOST_REMEMBERED:
            self._at.clear()
        self._at[key] = now
        return True


_NOTED = _Noted()


def note_use(user: User, use: Use) -> None:
    """Remember that a session is used, at most once a minute. No verb: it changes no right."""
    if not _NOTED.is_due(use.key):
        return
    now = _now()
    seen = {
        "user": user,
        "agent": use.agent[:LONGEST_AGENT],
        "address": use.address,
        "last_used_at": now,
    }
    BrowserSession.objects.update_or_create(
        session_key=use.key, defaults=seen, create_defaults={**seen, "created_at": now}
    )


def sessions_of(user: User) -> list[BrowserSession]:
    """The sessions of a login that are open, the one used last first."""
    rows = list(BrowserSession.objects.filter(user=user).order_by("-last_used_at", "pk"))
    if not user.is_active:
        return []
    keys = [row.session_key for row in rows]
    live = set(_stored(keys).filter(expire_date__gt=_now()).values_list("session_key", flat=True))
    return [row for row in rows if row.session_key in live]


def is_own_seat(caller: Caller, session: BrowserSession) -> bool:
    """Whether the caller speaks through this session."""
    return caller.seat == f"session:{sha256(session.session_key.encode()).hexdigest()}"


@transaction.atomic
def end_session(*, caller: Caller, user: User, session_id: UUID) -> None:
    """End one session of a login: one's own, or, for an administrator, another person's.

    Raises NotAllowed, NotFound.
    """
    policies.may_manage_sessions(caller, user).enforce()
    found = [row for row in sessions_of(user) if row.pk == session_id]
    if not found:
        raise NotFound("There is no such session.")
    _end(caller, user, found)


@transaction.atomic
def end_sessions(*, caller: Caller, user: User) -> int:
    """End all sessions of a login but the caller's own; how many. Raises NotAllowed."""
    policies.may_manage_sessions(caller, user).enforce()
    others = [row for row in sessions_of(user) if not is_own_seat(caller, row)]
    if others:
        _end(caller, user, others)
    return len(others)


def drop_sessions(user: User, *, but: str | None = None) -> None:
    """Close the sessions of a login; a part of verbs that tell the log why."""
    rows = BrowserSession.objects.filter(user=user).exclude(session_key=but or "")
    _remove(list(rows))


def forget_old_sessions() -> None:
    """Remove sessions whose time is over, and what was remembered of those that are gone."""
    stored = apps.get_model("sessions", "Session").objects
    stored.filter(expire_date__lt=_now()).delete()
    BrowserSession.objects.exclude(session_key__in=stored.values("session_key")).delete()


def _end(caller: Caller, user: User, rows: list[BrowserSession]) -> None:
    _remove(rows)
    record(
        actor=caller.actor,
        action=Action.SESSIONS_ENDED,
        subject=("user", user.pk),
        payload={"count": len(rows)},
        related=[("person", user.person_id)],
    )


def _remove(rows: list[BrowserSession]) -> None:
    _stored([row.session_key for row in rows]).delete()
    BrowserSession.objects.filter(pk__in=[row.pk for row in rows]).delete()


def _stored(keys: Iterable[str]) -> QuerySet[Model]:
    # Looked up by name: the inference process knows accounts and no sessions.
    return apps.get_model("sessions", "Session").objects.filter(session_key__in=list(keys))


def _now() -> datetime:
    return timezone.now()
