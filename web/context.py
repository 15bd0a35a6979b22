"""What every page's shell needs: the theme, the languages, where one may sign in."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts.oidc.provider import is_set_up

THEME_COOKIE = "theme"


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor of the shell."""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    return {
        "theme": theme if theme in ("light", "dark") else "",
        "languages": settings.LANGUAGES,
        "provider_name": settings.OIDC_NAME if is_set_up() else "",
    }
