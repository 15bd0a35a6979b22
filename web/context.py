"""What every page's shell needs: the theme, the languages."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

THEME_COOKIE = "theme"


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor of the shell."""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    return {
        "theme": theme if theme in ("light", "dark") else "",
        "languages": settings.LANGUAGES,
    }
