"""For which host passkeys are made here, at which addresses they may sign, what may hinder it."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from fido2.server import Fido2Server
from fido2.webauthn import AttestationConveyancePreference, PublicKeyCredentialRpEntity

from trust.cose import COSE_ALGORITHMS
from trust.webauthn import origin_fits


def host() -> str:
    """The host name that passkeys are bound to (the RP ID)."""
    named: str = settings.PASSKEY_HOST
    return named or urlsplit(settings.PUBLIC_URL).hostname or ""


def origins() -> list[str]:
    """The addresses at which passkeys may sign, as browsers write them."""
    return [_origin(address) for address in (settings.PUBLIC_URL, *settings.PASSKEY_ORIGINS)]


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def fits(origin: str) -> bool:
    """Whether a passkey may sign at this address."""
    return origin in origins() and origin_fits(origin, host())


def is_set_up() -> bool:
    """Whether browsers would let any page of this instance use passkeys: they refuse IP addresses,
    and plain http but on localhost."""
    try:
        ip_address(host())
    except ValueError:
        return any(origin_fits(origin, host()) for origin in origins())
    return False


def server() -> Fido2Server:
    """The relying party: this host, these addresses, the algorithms that are verified offline."""
    entity = PublicKeyCredentialRpEntity(name=f"Assay {settings.ORIGIN}", id=host())
    relying = Fido2Server(entity, AttestationConveyancePreference.NONE, verify_origin=fits)
    relying.allowed_algorithms = [
        offered for offered in relying.allowed_algorithms if offered.alg in COSE_ALGORITHMS
    ]
    return relying


def for_browsers(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as JSON, with the time that the challenge holds."""
    shown: dict[str, Any] = dict(options)["publicKey"]
    return shown | {"timeout": settings.PASSKEY_SECONDS * 1000}
