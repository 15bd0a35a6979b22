"""Showing who one is in the request of an act: by password and code, or by a passkey."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.assertions import require_live, take_assertion
from accounts.callers import Caller
from accounts.challenges import intent_of
from accounts.reauthentication import reauthenticate
from common.errors import Conflict, Invalid
from trust.methods import PASSKEY
from trust.passkeys import ASSERTION


@dataclass(frozen=True)
class Proof:
    """How a person showed who he is: the method, and what a device signed, if one did."""

    method: str
    assertion: dict[str, Any] | None = None

    def said(self) -> dict[str, Any]:
        """What a record says of it."""
        said: dict[str, Any] = {"method": self.method}
        return said | ({ASSERTION: self.assertion} if self.assertion else {})

    def hold(self, act: str, words: Mapping[str, Any]) -> None:
        """In the transaction of the act: what the device signed is what is done, and the passkey
        stays one until it is over. Raises Conflict."""
        if self.assertion is None:
            return
        if self.assertion["intent"] != intent_of(act, words).decode("utf-8"):
            raise Conflict("What your passkey signed has changed meanwhile; look at it again.")
        require_live(self.assertion)


def prove(
    *,
    caller: Caller,
    act: str,
    words: Mapping[str, Any],
    password: str,
    code: str = "",
    passkey: Mapping[str, Any] | None = None,
) -> Proof:
    """Make sure that the person at the keyboard is the caller's, for this act and wording.

    `passkey` is {"challenge", "credential"}, given instead of password and code. Runs outside the
    transaction of the act, as `reauthenticate` does. Raises NotAllowed, Invalid, TooManyTries.
    """
    if passkey is not None:
        if password or code:
            raise Invalid("Give a password or the answer of a passkey, not both.", field="passkey")
        return Proof(PASSKEY, take_assertion(caller, act, words, passkey))
    if not password:
        raise Invalid("Give your password, or the answer of a passkey.", field="password")
    return Proof(reauthenticate(caller=caller, password=password, code=code))
