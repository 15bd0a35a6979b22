"""Talking to the identity provider itself: small JSON answers, soon, from the named host alone."""

import ssl
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import SplitResult, urlencode, urlsplit

from django.conf import settings

from common.errors import Unavailable
from trust.errors import TrustError
from trust.fields import JsonObject, as_object
from trust.strict_json import parse_strict

MOST_BYTES = 256 * 1024
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_AT_A_TIME = 16 * 1024


class ProviderUnavailable(Unavailable):
    """The identity provider does not answer, or not as OpenID Connect says."""


def is_allowed(address: str) -> bool:
    """Whether tokens and keys may go this way: https, or http that does not leave the machine."""
    try:
        parts = urlsplit(address)
        known = parts.port is None or parts.port > 0
    except ValueError:
        return False
    plain = parts.scheme == "http" and parts.hostname in _LOOPBACK
    return (
        known and bool(parts.hostname) and not parts.username and (plain or parts.scheme == "https")
    )


def fetch(
    address: str, *, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> JsonObject:
    """The JSON object at an address; with `form`, the answer to it.

    No redirect is followed and no proxy is used. Raises ProviderUnavailable.
    """
    if not is_allowed(address):
        raise ProviderUnavailable("The identity provider names an address that is not https.")
    parts = urlsplit(address)
    connection = _connection(parts)
    body = urlencode(form) if form is not None else None
    sent = {"Accept": "application/json", **(headers or {})}
    if body is not None:
        sent["Content-Type"] = "application/x-www-form-urlencoded"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("GET" if body is None else "POST", path, body, sent)
        data = _read(connection.getresponse())
        return as_object(parse_strict(data), "the answer")
    except (OSError, HTTPException, ValueError) as error:
        raise ProviderUnavailable(f"The identity provider does not answer: {error}.") from None
    except TrustError as error:
        raise ProviderUnavailable(f"The provider's answer is not valid: {error}.") from None
    finally:
        connection.close()


def _connection(parts: SplitResult) -> HTTPConnection:
    wait = float(settings.OIDC_TIMEOUT_SECONDS)
    host = str(parts.hostname)
    if parts.scheme == "http":
        return HTTPConnection(host, parts.port, timeout=wait)
    return HTTPSConnection(host, parts.port, timeout=wait, context=ssl.create_default_context())


def _read(response: HTTPResponse) -> bytes:
    if response.status != 200:
        raise ProviderUnavailable(f"The identity provider answered with {response.status}.")
    until, data = time.monotonic() + settings.OIDC_TIMEOUT_SECONDS, b""
    while part := response.read1(_AT_A_TIME):
        data += part
        if len(data) > MOST_BYTES or time.monotonic() > until:
            raise ProviderUnavailable("The identity provider's answer is too long, or too slow.")
    return data
