"""Authenticator apps of the cast: set up by the real services, with codes by the clock."""

import time
from typing import Any

from accounts.callers import Caller
from accounts.factors import totp
from accounts.factors.codes import factor_of
from accounts.factors.services import enrol_factor, offer_factor
from accounts.sealing import unseal
from tests.cast import password_of, who


def enrol(name: str) -> list[str]:
    """Sets up an app for somebody of the cast; his recovery codes."""
    return enrol_caller(who(name), password_of(name))


def enrol_caller(caller: Caller, password: str) -> list[str]:
    """Sets up an app; the recovery codes."""
    offer = offer_factor(caller=caller)
    # The oldest code that is taken: two more stay for the same thirty seconds.
    code = totp.code_at(offer.secret, totp.step_now() - 1)
    return enrol_factor(caller=caller, offer=offer.sealed, code=code, password=password)


def code_of(name: str) -> str:
    """The next code of the app that is taken; waits for the clock where there is none yet."""
    factor = factor_of(who(name).person_id)
    assert factor is not None
    step = max(factor.last_step + 1, totp.step_now())
    while step > totp.step_now() + 1:
        time.sleep(0.5)
    return totp.code_at(secret_of(name), step)


def used_code_of(name: str) -> str:
    """The code that was taken last."""
    factor = factor_of(who(name).person_id)
    assert factor is not None
    return totp.code_at(secret_of(name), factor.last_step)


def secret_of(name: str) -> str:
    """What the app keeps."""
    factor = factor_of(who(name).person_id)
    assert factor is not None
    return str(unseal(factor.sealed)["secret"])


def proof_of(name: str) -> dict[str, Any]:
    """Password and code, as services and the API take them."""
    return {"password": password_of(name), "code": code_of(name)}
