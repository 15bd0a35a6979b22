"""Turns what services raise into replies, and writes refusals of authority into the log.

It stands in `config` because it joins accounts, audit and both kinds of edges.
"""

import logging
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, ValidationError
from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    transaction,
)
from django.http import HttpRequest

from accounts.models import User
from audit.actions import Action
from audit.actors import SYSTEM, Actor
from audit.services import record
from common.errors import Conflict, DomainError, Invalid, NotAllowed, TooLarge, Unavailable

log = logging.getLogger("assay.refusals")

_UNIQUE_VIOLATION, _CHECK_VIOLATION, _RESTRICT_VIOLATION = "23505", "23514", "23001"


def _sqlstate(error: DatabaseError) -> str:
    return str(getattr(error.__cause__, "sqlstate", "") or "")


def _of_database(error: DatabaseError) -> DomainError | None:
    state = _sqlstate(error)
    if isinstance(error, IntegrityError) and state == _UNIQUE_VIOLATION:
        return Conflict("Somebody made the same thing a moment ago; look at it and try again.")
    if state in {_CHECK_VIOLATION, _RESTRICT_VIOLATION}:
        message = str(error).splitlines()[0]
        return Conflict(f"The database refuses this: {message}")
    if isinstance(error, DataError):
        return Invalid("The input holds a value that cannot be stored.")
    if isinstance(error, OperationalError | InterfaceError):
        return Unavailable("The database does not answer now; try again in a moment.")
    return None


def domain_error(error: BaseException) -> DomainError | None:
    """The refusal behind an exception, or None where it is a defect of the program."""
    if isinstance(error, DomainError):
        return error
    if isinstance(error, RequestDataTooBig):
        return TooLarge("The request is larger than this address accepts.", field="body")
    if isinstance(error, SuspiciousOperation):
        return Invalid("The request is not well-formed.")
    if isinstance(error, DatabaseError):
        return _of_database(error)
    if isinstance(error, ValidationError):
        return _of_model(error)
    return None


def _of_model(error: ValidationError) -> Invalid:
    if not hasattr(error, "error_dict"):
        return Invalid(error.messages[0])
    field, messages = next(iter(error.message_dict.items()))
    return Invalid(messages[0], field=field)


def note_refusal(request: HttpRequest, error: DomainError) -> None:
    """Write `access.refused` when somebody was refused for want of authority."""
    if not isinstance(error, NotAllowed):
        return
    user: Any = getattr(request, "user", None)
    actor = Actor(user.person_id, user.pk, _via(request)) if isinstance(user, User) else SYSTEM
    match = request.resolver_match
    payload = {
        "method": request.method or "",
        "route": (match.route if match else "")[:200],
        "arguments": {k: str(v)[:100] for k, v in (match.kwargs if match else {}).items()},
        "reason": error.reason[:500],
    }
    try:
        with transaction.atomic():
            record(
                actor=actor,
                action=Action.REFUSED,
                subject=("user", actor.user or "anonymous"),
                payload=payload,
            )
    except DatabaseError:
        log.exception("A refusal could not be written to the log.")


def _via(request: HttpRequest) -> str:
    return "token" if getattr(request, "auth", None) else "session"
