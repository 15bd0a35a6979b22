"""Sign-ins and halves that failed, as the log tells them: by whom is not known, so logins and
addresses stand there as keyed digests, and a flood of them is told in steps of ten.
"""

from django.core.cache import cache
from django.db import transaction
from django.utils.crypto import salted_hmac

from accounts.models import User
from audit.actions import Action
from audit.actors import SYSTEM
from audit.services import record

WINDOW_S = 300
# More in one window are told only when their number has grown tenfold, whatever the logins.
MOST_EVENTS = 100
_ALL = "sign-in:all"


def note_failed_sign_in(login: str, address: str) -> None:
    """Somebody gave a login and a password that do not belong together."""
    _note(Action.SIGN_IN_FAILED, login, address, _count(f"sign-in:{keyed_digest(login.lower())}"))


def note_wrong_halves(login: str, address: str) -> None:
    """Somebody gave a login and halves that do not open it."""
    _note(Action.WAY_IN_REFUSED, login, address, _count(f"halves:{keyed_digest(login.lower())}"))


def note_lockout(login: str, address: str) -> None:
    """A login was tried too often and is paused; told once for each pause."""
    if cache.add(f"pause:{keyed_digest(login.lower())}", 1, timeout=WINDOW_S):
        _note(Action.SIGN_IN_PAUSED, login, address, 1)


def _count(key: str) -> int:
    """How often in this window, this time included."""
    tries = int(cache.get(key, 0)) + 1
    cache.set(key, tries, timeout=WINDOW_S)
    return tries


@transaction.atomic
def _note(action: Action, login: str, address: str, tries: int) -> None:
    overall = _count(_ALL)
    if not _is_step(tries) or (overall > MOST_EVENTS and not _is_step(overall)):
        return
    known = User.objects.filter(username__iexact=login[:150]).first()
    record(
        actor=SYSTEM,
        action=action,
        subject=("user", known.pk) if known else ("login", keyed_digest(login.lower())),
        payload={"tries": tries, "of_all": overall, "address": keyed_digest(address)},
        related=[("person", known.person_id)] if known else [],
    )


def _is_step(number: int) -> bool:
    """1, 10, 100 and so on."""
    return number > 0 and str(number).strip("0") == "1"


def keyed_digest(text: str) -> str:
    """What is kept of a text that somebody typed as a login: it may have been his password."""
    return salted_hmac("accounts.failures", text, algorithm="sha256").hexdigest()[:32]
