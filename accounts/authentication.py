"""Bearer tokens for the REST API."""

from typing import Any

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import ApiToken, User
from accounts.selectors import usable_token
from accounts.tokens import looks_right

_REFUSED = "This token is unknown, expired or revoked."
_USE_NOTED_EVERY_S = 60


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer assay_pat_…`; never accepted from the address."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The login and the token. Raises AuthenticationFailed for a wrong one."""
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        text = words[1].decode("ascii", "replace") if len(words) == 2 else ""
        if not looks_right(text):
            raise AuthenticationFailed(_REFUSED)
        token = usable_token(text, now=timezone.now())
        if token is None:
            raise AuthenticationFailed(_REFUSED)
        self._note_use(token, request.META.get("REMOTE_ADDR") or None)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """The challenge of a 401."""
        return "Bearer"

    @staticmethod
    def _note_use(token: ApiToken, address: str | None) -> None:
        now = timezone.now()
        last = token.last_used_at
        late = last is None or (now - last).total_seconds() > _USE_NOTED_EVERY_S
        if late or address != token.last_used_address:
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now, last_used_address=address)


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the documentation of the API names the token."""

    target_class = "accounts.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """An HTTP bearer scheme."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "assay_pat_…"}
