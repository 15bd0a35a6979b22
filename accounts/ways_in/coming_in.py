"""Coming in by both halves: the person of a login sets a password of his own.

Nobody is signed in by it. What is wrong is answered in one way, whether there is such a login or
not, and asks the database the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.contrib.postgres.functions import TransactionNow
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from accounts.factors.codes import has_factor
from accounts.failures import keyed_digest, note_wrong_halves
from accounts.models import User, WayIn
from accounts.reauthentication import TooManyTries, confirm_sign_in
from accounts.sessions.services import drop_sessions
from accounts.ways_in.halves import digest_of_half, how_many_fit
from accounts.ways_in.services import MOST_TRIES, end, live, state_of
from audit.actions import Action
from audit.actors import SYSTEM, Actor
from audit.services import record
from common.errors import DomainError, Invalid, NotAllowed

# From one address, whatever the logins, within the pause of `settings.PASSWORD_TRIES_SECONDS`.
MOST_OF_ADDRESS = 30


class WrongHalves(DomainError):
    """The halves open nothing."""

    slug = "wrong-halves"
    status = 403
    title = "The halves open nothing"


@dataclass(frozen=True)
class _Given:
    login: str
    digests: tuple[str, ...]


def set_password_by_halves(
    *, login: str, first: str, second: str, password: str, code: str = "", address: str = ""
) -> User:
    """Set the password of a login to which both halves were given, in whatever order.

    Whoever has an authenticator app gives its code besides, or a recovery code. Raises Invalid (no
    half at all, a weak password), WrongHalves, NotAllowed (the code), TooManyTries.
    """
    digests = digest_of_half(first, "first"), digest_of_half(second, "second")
    _require_strong(password, None)
    given = _Given(login.strip().lower()[:150], digests)
    _count_try(f"login:{given.login}", settings.PASSWORD_TRIES)
    _count_try(f"address:{address}", MOST_OF_ADDRESS)
    way_in = _fitting(given)
    if way_in is None:
        note_wrong_halves(given.login, address)
        raise WrongHalves("These halves open no login of this name, or no longer.")
    _require_strong(password, way_in.user)
    _ask_for_code(way_in, code)
    return _set_password(given, password)


def _require_strong(password: str, user: User | None) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(error.messages[0], field="password") from None


@transaction.atomic
def _count_try(about: str, most: int) -> None:
    """Count before looking, one after another: tries at once are tries too."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [about])
    key = _counter(about)
    tries = cache.get(key, 0)
    if tries >= most:
        raise TooManyTries("The halves were wrong too often; wait five minutes.")
    cache.set(key, tries + 1, timeout=settings.PASSWORD_TRIES_SECONDS)


def _counter(about: str) -> str:
    return f"way-in:{keyed_digest(about)}"


@transaction.atomic
def _fitting(given: _Given) -> WayIn | None:
    """The way in that both halves open now; whoever has only one of them has used up a try."""
    way_in = _held(given.login)
    fits = how_many_fit(given.digests, _kept(way_in))
    if way_in is None or state_of(way_in, timezone.now()) != "open":
        return None
    if fits == 1:
        _use_up_a_try(way_in)
    return way_in if fits == len(given.digests) else None


def _held(login: str) -> WayIn | None:
    rows = live().select_related("user__person", "proposal").select_for_update(of=("self",))
    return rows.filter(
        user__username__iexact=login, user__is_active=True, user__person__is_active=True
    ).first()


def _kept(way_in: WayIn | None) -> Sequence[str]:
    return (way_in.first, way_in.second) if way_in else ("", "")


def _use_up_a_try(way_in: WayIn) -> None:
    way_in.tries += 1
    way_in.save(update_fields=["tries"])
    if way_in.tries >= MOST_TRIES:
        end(way_in, SYSTEM, why="tries")


def _ask_for_code(way_in: WayIn, code: str) -> None:
    if not has_factor(way_in.user.person_id):
        if code.strip():
            raise Invalid("You have no authenticator app, so leave the code out.", field="code")
        return
    if not code.strip():
        raise Invalid("Give the code that your authenticator app shows now.", field="code")
    try:
        confirm_sign_in(way_in.user, code)
    except NotAllowed:
        _note_wrong_code(way_in)
        raise


@transaction.atomic
def _note_wrong_code(way_in: WayIn) -> None:
    held = live().select_for_update().filter(pk=way_in.pk).first()
    if held is not None:
        _use_up_a_try(held)


@transaction.atomic
def _set_password(given: _Given, password: str) -> User:
    way_in = _fitting(given)
    if way_in is None:
        raise WrongHalves("These halves open no login of this name, or no longer.")
    user = way_in.user
    # First the use, then the password: a trigger wants it so.
    WayIn.objects.filter(pk=way_in.pk).update(used_at=TransactionNow())
    user.set_password(password)
    user.save(update_fields=["password"])
    drop_sessions(user)
    record(
        actor=Actor(user.person_id, user.pk, "halves"),
        action=Action.PASSWORD_SET,
        subject=("user", user.pk),
        payload={"proposal": f"sha256:{way_in.proposal.digest}"},
        related=[("person", user.person_id), ("proposal", way_in.proposal_id)],
    )
    cache.delete(_counter(f"login:{given.login}"))
    return user
