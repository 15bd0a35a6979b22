"""Verbs on one's own second factor: offer, enrol, new recovery codes, remove."""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts import policies
from accounts.callers import Caller
from accounts.factors import codes as factors
from accounts.factors import totp
from accounts.models import Person, SecondFactor
from accounts.reauthentication import reauthenticate
from accounts.sealing import Unreadable, seal, unseal
from audit.actions import Action
from audit.services import record
from common.errors import Conflict, Invalid

OFFER_SECONDS = 900
_NONE = "You have no authenticator app."


@dataclass(frozen=True)
class Offer:
    """A secret that is nobody's yet: for typing, as the address in the picture, and sealed."""

    secret: str
    address: str
    sealed: str


def offer_factor(*, caller: Caller) -> Offer:
    """A new secret for the caller's app; nothing is kept until he has shown that it is there.

    Raises NotAllowed, Conflict if he has one already.
    """
    policies.may_manage_factor(caller).enforce()
    _require_none(caller)
    secret = totp.new_secret()
    return _offer(caller, secret)


def same_offer(*, caller: Caller, offer: str) -> Offer:
    """The offer again from its sealed form. Raises Invalid naming `offer`."""
    return _offer(caller, _offered(caller, offer))


def _offer(caller: Caller, secret: str) -> Offer:
    account = caller.user.username
    return Offer(
        secret=secret,
        address=totp.address_of(secret, account=account, issuer=f"Assay {settings.ORIGIN}"),
        sealed=seal({"offered to": str(caller.person_id), "secret": secret}),
    )


def _offered(caller: Caller, offer: str) -> str:
    try:
        words = unseal(offer, longest_s=OFFER_SECONDS)
    except Unreadable:
        words = {}
    if words.get("offered to") != str(caller.person_id):
        raise Invalid("This offer is not valid, or no longer; ask for a new one.", field="offer")
    return str(words["secret"])


def _require_none(caller: Caller) -> None:
    if factors.has_factor(caller.person_id):
        raise Conflict("You have an authenticator app already; remove it first.")


def enrol_factor(*, caller: Caller, offer: str, code: str, password: str) -> list[str]:
    """Set up the app that shows `code` for the offered secret; returns the recovery codes.

    They are shown this once. Raises NotAllowed (wrong password), Conflict, Invalid.
    """
    policies.may_manage_factor(caller).enforce()
    _require_none(caller)
    secret = _offered(caller, offer)
    step = totp.step_of(code, secret, after=0)
    if step is None:
        raise Invalid("This is not the code of this secret; compare the clocks.", field="code")
    reauthenticate(caller=caller, password=password)
    return _enrol(caller, secret, step)


@transaction.atomic
def _enrol(caller: Caller, secret: str, step: int) -> list[str]:
    Person.objects.select_for_update(no_key=True).get(pk=caller.person_id)
    _require_none(caller)
    sealed = factors.sealed_secret(caller.person_id, secret)
    factor = SecondFactor.objects.create(person_id=caller.person_id, sealed=sealed, last_step=step)
    record(
        actor=caller.actor,
        action=Action.FACTOR_ENROLLED,
        subject=("person", caller.person_id),
        payload={"kind": "totp", "sealed": factors.digest_of(sealed)},
        related=[("user", caller.user.pk)],
    )
    return _make_codes(caller, factor)


def _make_codes(caller: Caller, factor: SecondFactor) -> list[str]:
    codes = factors.make_recovery_codes(factor)
    record(
        actor=caller.actor,
        action=Action.RECOVERY_CODES_MADE,
        subject=("person", caller.person_id),
        payload={"count": len(codes)},
        related=[("user", caller.user.pk)],
    )
    return codes


def renew_recovery_codes(*, caller: Caller, password: str, code: str) -> list[str]:
    """New recovery codes, shown this once; the former ones no longer work.

    `code` is one of the app or a recovery code. Raises NotAllowed, Conflict, Invalid.
    """
    policies.may_manage_factor(caller).enforce()
    if not factors.has_factor(caller.person_id):
        raise Conflict(_NONE)
    reauthenticate(caller=caller, password=password, code=code, recovery=True)
    return _renew(caller)


@transaction.atomic
def _renew(caller: Caller) -> list[str]:
    return _make_codes(caller, _locked(caller.person_id))


def _locked(person: UUID) -> SecondFactor:
    factor = SecondFactor.objects.select_for_update().filter(pk=person).first()
    if factor is None:
        raise Conflict(_NONE)
    return factor


def remove_factor(*, caller: Caller, password: str, code: str) -> None:
    """Do without the app from now on; its recovery codes end with it.

    `code` is one of the app or a recovery code. Raises NotAllowed, Conflict, Invalid.
    """
    policies.may_manage_factor(caller).enforce()
    if not factors.has_factor(caller.person_id):
        raise Conflict(_NONE)
    reauthenticate(caller=caller, password=password, code=code, recovery=True)
    _remove(caller)


@transaction.atomic
def _remove(caller: Caller) -> None:
    _locked(caller.person_id).delete()
    record(
        actor=caller.actor,
        action=Action.FACTOR_REMOVED,
        subject=("person", caller.person_id),
        related=[("user", caller.user.pk)],
    )
