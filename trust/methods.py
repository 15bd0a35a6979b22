"""How a person was asked who he is when he signed, as records say it."""

from trust.errors import Malformed
from trust.fields import JsonObject

PASSWORD = "password"  # noqa: S105 - the name of a method
PASSWORD_AND_TOTP = "password+totp"  # noqa: S105 - the name of a method
METHODS = (PASSWORD, PASSWORD_AND_TOTP)
_WITH_SECOND_FACTOR = frozenset((PASSWORD_AND_TOTP,))
DEMAND = "second_factor"


def demands_second_factor(policy: JsonObject) -> bool:
    """Whether a policy wants a second factor of its signers. Raises Malformed.

    Policies from before there were second factors do not say so, and demand none.
    """
    demand = policy.get(DEMAND, False)
    if not isinstance(demand, bool):
        raise Malformed(f"{DEMAND!r} is not true or false")
    return demand


def shows_second_factor(method: object) -> bool:
    """Whether the method that a record names has a second factor."""
    return isinstance(method, str) and method in _WITH_SECOND_FACTOR
