"""Who calls the inference process: a token from memory, or a page's short-lived pass."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core import signing
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.tokens import looks_right, token_digest
from inference.serving import follower
from inference.table import UserRights

_REFUSED = "This token is unknown, expired, revoked or not made for predictions."
_SALT = "assay.playground"
_PASS_LIFE = timedelta(seconds=30)


def issue_pass(user: UUID) -> str:
    """A pass with which the pages ask for a prediction on behalf of a signed-in login."""
    return signing.dumps(str(user), salt=_SALT)


class TableAuthentication(BaseAuthentication):
    """`Authorization: Bearer assay_…` or `Pass …`; asks no database."""

    def authenticate(self, request: Request) -> tuple[UserRights, str] | None:
        """The caller's rights, and the token as scopes name it. Raises AuthenticationFailed."""
        words = get_authorization_header(request).split()
        if len(words) != 2:
            return None
        kind, text = words[0].lower(), words[1].decode("ascii", "replace")
        if kind == b"bearer":
            return self._by_token(text)
        if kind == b"pass":
            return self._by_pass(text), ""
        return None

    def authenticate_header(self, request: Request) -> str:
        """The challenge of a 401."""
        return "Bearer"

    @staticmethod
    def _by_token(text: str) -> tuple[UserRights, str]:
        table = follower().table
        rights = table.tokens.get(token_digest(text)) if looks_right(text) else None
        if rights is None or rights.expires_at <= datetime.now(UTC):
            raise AuthenticationFailed(_REFUSED)
        return TableAuthentication._active(rights.user), rights.consumer

    @staticmethod
    def _by_pass(text: str) -> UserRights:
        try:
            user = UUID(signing.loads(text, salt=_SALT, max_age=_PASS_LIFE))
        except (signing.BadSignature, ValueError):
            raise AuthenticationFailed("This pass is not valid any more.") from None
        return TableAuthentication._active(user)

    @staticmethod
    def _active(user: UUID) -> UserRights:
        rights = follower().table.users.get(user)
        if rights is None:
            raise AuthenticationFailed("This login is closed.")
        return rights


class TableScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the documentation of the API names the token."""

    target_class = "inference.authentication.TableAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """An HTTP bearer scheme."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "assay_inf_…"}
