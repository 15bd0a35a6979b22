"""The halves of a way in: each is shown once to one person, and kept as a keyed digest alone.

Eighteen characters of chance are 89 bits; two more are a checksum, so that a slip in typing is
told before anything is asked or counted.
"""

import re
from collections.abc import Collection
from hashlib import sha256
from hmac import compare_digest
from secrets import choice

from django.utils.crypto import salted_hmac

from common.errors import Invalid

# Without letters and digits that look alike.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_CHANCE, _CHECK, _GROUP = 18, 2, 5
_SHAPE = re.compile(rf"[{ALPHABET}]{{{_CHANCE + _CHECK}}}")


def new_half() -> str:
    """A half, as it is shown: four groups of five."""
    body = "".join(choice(ALPHABET) for _ in range(_CHANCE))
    whole = body + _checksum(body)
    return "-".join(whole[at : at + _GROUP] for at in range(0, len(whole), _GROUP))


def _checksum(body: str) -> str:
    number = int.from_bytes(sha256(body.encode()).digest()[:4])
    return "".join(ALPHABET[number // 31**place % 31] for place in range(_CHECK))


def digest_of_half(text: str, field: str) -> str:
    """What is kept of a half. Raises Invalid naming the field where the text is none."""
    plain = re.sub(r"[\s-]", "", text).lower()
    if not _SHAPE.fullmatch(plain) or _checksum(plain[:_CHANCE]) != plain[_CHANCE:]:
        raise Invalid("This is no half as they are shown; compare each character.", field=field)
    return salted_hmac("accounts.way_in", plain, algorithm="sha256").hexdigest()


def how_many_fit(given: Collection[str], kept: Collection[str]) -> int:
    """How many of the kept digests were given; each is compared with each, found or not."""
    fits = [[compare_digest(one, other) for one in given] for other in kept]
    return sum(any(row) for row in fits)
