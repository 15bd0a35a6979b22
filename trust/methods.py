"""How a person was asked who he is when he signed, as records say it."""

from trust.errors import Malformed
from trust.fields import JsonObject

PASSWORD = "password"  # noqa: S105 - the name of a method
PASSWORD_AND_TOTP = "password+totp"  # noqa: S105 - the name of a method
PASSKEY = "passkey"
OIDC = "oidc"
METHODS = (PASSWORD, PASSWORD_AND_TOTP, PASSKEY, OIDC)
# A passkey is something that one has, and the device verified its user before it signed. What a
# provider asks for at a sign-in is its own affair, so that counts as one factor.
_WITH_SECOND_FACTOR = frozenset((PASSWORD_AND_TOTP, PASSKEY))
DEMAND = "second_factor"
DEMAND_PASSKEY = "passkey"


def demands_second_factor(policy: JsonObject) -> bool:
    """Whether a policy wants a second factor of its signers. Raises Malformed.

    Policies from before there were second factors do not say so, and demand none.
    """
    return _demands(policy, DEMAND)


def demands_passkey(policy: JsonObject) -> bool:
    """Whether a policy wants its signers to sign with a passkey. Raises Malformed."""
    return _demands(policy, DEMAND_PASSKEY)


def _demands(policy: JsonObject, name: str) -> bool:
    demand = policy.get(name, False)
    if not isinstance(demand, bool):
        raise Malformed(f"{name!r} is not true or false")
    return demand


def shows_second_factor(method: object) -> bool:
    """Whether the method that a record names has a second factor."""
    return isinstance(method, str) and method in _WITH_SECOND_FACTOR
