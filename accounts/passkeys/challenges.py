"""Random numbers for passkeys: each for one login, session, act and wording, signed once, soon."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.callers import Caller
from accounts.models import PasskeyChallenge
from common.errors import DomainError
from trust.canonical import canonical
from trust.webauthn import NONCE_BYTES, challenge_of

MOST_OPEN = 30


class TooManyChallenges(DomainError):
    """The login asked for more challenges than anybody needs."""

    slug = "too-many-challenges"
    status = 429
    title = "Too many open challenges"


@dataclass(frozen=True)
class Challenge:
    """An open challenge: its id, the canonical intent, the nonce, and what a device signs."""

    id: UUID
    intent: bytes
    nonce: bytes

    @property
    def signed(self) -> bytes:
        """32 bytes: what the device gets as the challenge."""
        return challenge_of(self.intent, self.nonce)


def intent_of(act: str, words: Mapping[str, Any]) -> bytes:
    """What is meant, as canonical JSON; the device signs its digest."""
    return canonical({"act": act} | dict(words))


@transaction.atomic
def open_challenge(caller: Caller, act: str, words: Mapping[str, Any]) -> Challenge:
    """A new challenge for this login in this session, for exactly this act and wording.

    Raises TooManyChallenges.
    """
    now = timezone.now()
    mine = PasskeyChallenge.objects.filter(user=caller.user, used_at=None, expires_at__gt=now)
    if mine.count() >= MOST_OPEN:
        raise TooManyChallenges("Too many challenges are open; wait until they have ended.")
    intent, nonce = intent_of(act, words), secrets.token_bytes(NONCE_BYTES)
    row = PasskeyChallenge.objects.create(
        user=caller.user,
        seat=caller.seat,
        act=act,
        intent_digest=sha256(intent).hexdigest(),
        nonce=nonce.hex(),
        expires_at=now + timedelta(seconds=settings.PASSKEY_SECONDS),
    )
    return Challenge(row.pk, intent, nonce)


@transaction.atomic
def use_challenge(
    caller: Caller, key: UUID, act: str, words: Mapping[str, Any]
) -> tuple[Challenge | None, str]:
    """The challenge, used from now on, or None and why it is none: a word for the log.

    It is used up also by an answer that is refused afterwards.
    """
    row = PasskeyChallenge.objects.select_for_update(no_key=True).filter(pk=key).first()
    if row is None or row.user_id != caller.user.pk:
        return None, "challenge"
    if row.used_at is not None:
        return None, "used"
    row.used_at = timezone.now()
    row.save(update_fields=["used_at"])
    intent = intent_of(act, words)
    if row.expires_at <= row.used_at:
        return None, "expired"
    if row.seat != caller.seat:
        return None, "session"
    if row.act != act or row.intent_digest != sha256(intent).hexdigest():
        return None, "intent"
    return Challenge(row.pk, intent, bytes.fromhex(row.nonce)), ""


def forget_old_challenges() -> None:
    """Remove challenges that ended a day ago; nobody may answer them any more."""
    PasskeyChallenge.objects.filter(expires_at__lt=timezone.now() - timedelta(days=1)).delete()
