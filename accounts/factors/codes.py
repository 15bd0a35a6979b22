"""The second factor of a person: whether there is one, and the taking of its codes.

It is the person's, whatever login is used: a second login is no way around it.
"""

import re
from hashlib import sha256
from secrets import choice
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.factors import totp
from accounts.models import RecoveryCode, SecondFactor
from accounts.sealing import Unreadable, seal, unseal
from audit.actions import Action
from audit.actors import Actor
from audit.services import record
from common.errors import Conflict

RECOVERY_CODES = 10
# Without letters and digits that look alike; sixteen of them are 80 bits.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 4, 4


def factor_of(person: UUID) -> SecondFactor | None:
    """The person's authenticator app."""
    return SecondFactor.objects.filter(pk=person).first()


def has_factor(person: UUID) -> bool:
    """Whether the person has an authenticator app."""
    return SecondFactor.objects.filter(pk=person).exists()


def state_of(person: UUID) -> dict[str, Any]:
    """{"enrolled", "enrolled_at", "recovery_codes_left"}: what the person may know of it."""
    factor = factor_of(person)
    return {
        "enrolled": factor is not None,
        "enrolled_at": factor.enrolled_at if factor else None,
        "recovery_codes_left": recovery_codes_left(factor) if factor else 0,
    }


def recovery_codes_left(factor: SecondFactor) -> int:
    """How many recovery codes were not used yet."""
    return factor.recovery_codes.filter(used_at=None).count()


def sealed_secret(person: UUID, secret: str) -> str:
    """The secret as it lies in the database; it opens for this person alone."""
    return seal({"person": str(person), "secret": secret})


def digest_of(sealed: str) -> str:
    """What the log says of a sealed secret, so that another one in its place is noticed."""
    return f"sha256:{sha256(sealed.encode()).hexdigest()}"


@transaction.atomic
def take_code(person: UUID, code: str) -> bool:
    """Whether this is a code of now; it is none any more afterwards, nor is any before it.

    Raises Conflict where the secret cannot be read.
    """
    # One after another: of two requests with the same code the second one is late.
    factor = SecondFactor.objects.select_for_update(no_key=True).filter(pk=person).first()
    if factor is None:
        return False
    step = totp.step_of(code, _secret_of(factor), after=factor.last_step)
    if step is None:
        return False
    factor.last_step = step
    factor.save(update_fields=["last_step"])
    return True


def _secret_of(factor: SecondFactor) -> str:
    try:
        words = unseal(factor.sealed)
    except Unreadable:
        words = {}
    if words.get("person") != str(factor.pk):
        raise Conflict(
            "The secret of the authenticator app cannot be read; "
            "an administrator can reset the second factor."
        )
    return str(words["secret"])


@transaction.atomic
def take_recovery_code(person: UUID, code: str, actor: Actor) -> bool:
    """Whether this is a recovery code that was not used; it is used then, and the log says so."""
    unused = RecoveryCode.objects.select_for_update(no_key=True).filter(
        factor=person, used_at=None, digest=_digest(person, code)
    )
    found = unused.first()
    if found is None:
        return False
    found.used_at = timezone.now()
    found.save(update_fields=["used_at"])
    record(
        actor=actor,
        action=Action.RECOVERY_CODE_USED,
        subject=("person", person),
        payload={"left": recovery_codes_left(found.factor)},
        related=[("user", actor.user)],
    )
    return True


def make_recovery_codes(factor: SecondFactor) -> list[str]:
    """New recovery codes in place of all former ones; only their keyed digests are kept."""
    factor.recovery_codes.all().delete()
    codes = [_new_code() for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(factor=factor, digest=_digest(factor.pk, code)) for code in codes
    )
    return codes


def _new_code() -> str:
    groups = ("".join(choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def _digest(person: UUID, code: str) -> str:
    plain = re.sub(r"[\s-]", "", code).lower()
    return salted_hmac(
        "accounts.recovery_code", f"{person} {plain}", algorithm="sha256"
    ).hexdigest()
