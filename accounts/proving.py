"""Showing who one is in the request of an act: by password and code, by a passkey, or by having
signed in anew at the identity provider for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts.callers import Caller
from accounts.oidc.asking import require_bound, take_sign_in
from accounts.passkeys.assertions import require_live, take_assertion
from accounts.passkeys.challenges import intent_of
from accounts.reauthentication import reauthenticate
from common.errors import Conflict, Invalid
from trust.methods import OIDC, PASSKEY, PASSWORD
from trust.passkeys import ASSERTION
from trust.sign_ins import SIGN_IN


@dataclass(frozen=True)
class Proof:
    """How a person showed who he is: the method, and what a device signed, or a provider said."""

    method: str
    assertion: dict[str, Any] | None = None

    def said(self) -> dict[str, Any]:
        """What a record says of it."""
        held = SIGN_IN if self.method == OIDC else ASSERTION
        said: dict[str, Any] = {"method": self.method}
        return said | ({held: self.assertion} if self.assertion else {})

    def hold(self, act: str, words: Mapping[str, Any]) -> None:
        """In the transaction of the act: what was proved is what is done, and the passkey or the
        account stays one until it is over. Raises Conflict."""
        if self.assertion is None:
            return
        if self.assertion["intent"] != intent_of(act, words).decode("utf-8"):
            raise Conflict("What you confirmed has changed meanwhile; look at it again.")
        if self.method == OIDC:
            require_bound(self.assertion)
        else:
            require_live(self.assertion)


def prove(
    *,
    caller: Caller,
    act: str,
    words: Mapping[str, Any],
    password: str,
    code: str = "",
    passkey: Mapping[str, Any] | None = None,
    sign_in: UUID | None = None,
) -> Proof:
    """Make sure that the person at the keyboard is the caller's, for this act and wording.

    `passkey` is {"challenge", "credential"}, `sign_in` the question that the identity provider
    answered; one of them is given instead of password and code. Runs outside the transaction of the
    act, as `reauthenticate` does. Raises NotAllowed, Invalid, TooManyTries.
    """
    if sign_in is not None:
        if password or code or passkey is not None:
            raise Invalid("Give one proof of who you are, not several.", field="sign_in")
        return Proof(OIDC, take_sign_in(caller, act, words, sign_in))
    if passkey is not None:
        if password or code:
            raise Invalid("Give a password or the answer of a passkey, not both.", field="passkey")
        return Proof(PASSKEY, take_assertion(caller, act, words, passkey))
    if not password:
        raise Invalid("Give your password, or the answer of a passkey.", field="password")
    return Proof(reauthenticate(caller=caller, password=password, code=code))


def way_of(passkey: object, sign_in: object) -> str:
    """The method that was chosen; a password's may turn out to have a code besides."""
    if sign_in is not None:
        return OIDC
    return PASSKEY if passkey is not None else PASSWORD
