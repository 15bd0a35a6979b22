"""The identity provider that is set up: its addresses and its keys, as it publishes them."""

import time
from base64 import b64encode
from dataclasses import dataclass
from threading import Lock
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings

from accounts.oidc.fetching import ProviderUnavailable, fetch, is_allowed
from common.errors import Conflict
from trust.errors import TrustError
from trust.fields import read_objects, read_text

WELL_KNOWN = "/.well-known/openid-configuration"
KEYS_AGAIN_S = 30
KEYS_LAST_S = 3600
ASKED_AGAIN_S = 15


@dataclass(frozen=True)
class Provider:
    """What the discovery document says, as far as it is used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    by_form: bool
    """Whether the client's secret goes into the form instead of a header."""
    names_itself: bool
    """Whether its answers carry the issuer (RFC 9207)."""

    def address_to_ask(self, words: dict[str, str]) -> str:
        """Where a person's browser is sent."""
        joint = "&" if "?" in self.authorization_endpoint else "?"
        return f"{self.authorization_endpoint}{joint}{urlencode(words)}"

    def redeem(self, *, code: str, verifier: str, redirect: str) -> str:
        """The ID token for a code. Raises ProviderUnavailable, also for a code that is none."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
            "code_verifier": verifier,
            "client_id": settings.OIDC_CLIENT_ID,
        }
        headers = {}
        if settings.OIDC_CLIENT_SECRET and self.by_form:
            form["client_secret"] = settings.OIDC_CLIENT_SECRET
        elif settings.OIDC_CLIENT_SECRET:
            headers["Authorization"] = _basic()
        answer = fetch(self.token_endpoint, form=form, headers=headers)
        try:
            return read_text(answer, "id_token")
        except TrustError:
            raise ProviderUnavailable("The identity provider gave no ID token.") from None


def _basic() -> str:
    words = (quote(settings.OIDC_CLIENT_ID, safe=""), quote(settings.OIDC_CLIENT_SECRET, safe=""))
    return f"Basic {b64encode(':'.join(words).encode()).decode()}"


def is_set_up() -> bool:
    """Whether there is a provider to sign in at."""
    return bool(settings.OIDC_ISSUER and settings.OIDC_CLIENT_ID)


class _Known:
    """What this process has fetched: the document once, the keys now and then."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._provider: Provider | None = None
        self._keys: list[dict[str, Any]] = []
        self._keys_at = float("-inf")
        self._away: tuple[str, float] = ("", 0.0)

    def provider(self) -> Provider:
        """The provider of the settings.

        Where it did not answer a moment ago it is not asked: whoever waits for it holds a thread.
        """
        with self._lock:
            if self._provider is None or self._provider.issuer != settings.OIDC_ISSUER:
                self._provider = self._discovered(settings.OIDC_ISSUER)
                self._keys, self._keys_at = [], float("-inf")
            return self._provider

    def _discovered(self, issuer: str) -> Provider:
        away, since = self._away
        if away == issuer and time.monotonic() - since < ASKED_AGAIN_S:
            raise ProviderUnavailable("The identity provider did not answer a moment ago.")
        try:
            return _discover(issuer)
        except ProviderUnavailable:
            self._away = (issuer, time.monotonic())
            raise

    def keys(self, provider: Provider, wanted: str | None) -> list[dict[str, Any]]:
        """The provider's keys, fetched again where the wanted one is new, but not at every call."""
        with self._lock:
            age = time.monotonic() - self._keys_at
            new = wanted is not None and wanted not in {key.get("kid") for key in self._keys}
            if age > KEYS_LAST_S or (new and age > KEYS_AGAIN_S):
                self._keys = _fetch_keys(provider)
                self._keys_at = time.monotonic()
            return list(self._keys)


def _discover(issuer: str) -> Provider:
    if not is_allowed(issuer):
        raise ProviderUnavailable("ASSAY_OIDC_ISSUER is not an https address.")
    said = fetch(issuer.rstrip("/") + WELL_KNOWN)
    methods = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    try:
        found = Provider(
            issuer=read_text(said, "issuer"),
            authorization_endpoint=read_text(said, "authorization_endpoint"),
            token_endpoint=read_text(said, "token_endpoint"),
            jwks_uri=read_text(said, "jwks_uri"),
            by_form=isinstance(methods, list) and "client_secret_basic" not in methods,
            names_itself=said.get("authorization_response_iss_parameter_supported") is True,
        )
    except TrustError as error:
        raise ProviderUnavailable(f"The discovery document is not valid: {error}.") from None
    if found.issuer != issuer:
        raise ProviderUnavailable("The discovery document is of another issuer.")
    for address in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri):
        if not is_allowed(address):
            raise ProviderUnavailable("The identity provider names an address that is not https.")
    return found


def _fetch_keys(provider: Provider) -> list[dict[str, Any]]:
    try:
        return read_objects(fetch(provider.jwks_uri), "keys")
    except TrustError as error:
        raise ProviderUnavailable(f"The identity provider's keys: {error}.") from None


_KNOWN = _Known()


def the_provider() -> Provider:
    """The provider. Raises Conflict where there is none, ProviderUnavailable."""
    if not is_set_up():
        raise Conflict("No identity provider is set up here.")
    return _KNOWN.provider()


def keys_of(provider: Provider, wanted: str | None) -> list[dict[str, Any]]:
    """Its public keys as JWKs; `wanted` is the id of the one that is looked for.

    Raises ProviderUnavailable.
    """
    return _KNOWN.keys(provider, wanted)
