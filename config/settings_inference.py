"""Settings of the inference process: the same house, without pages, sessions and sign-in."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS as _ALL

_PAGES_ONLY = ("allauth", "django.contrib.sessions", "django.contrib.messages", "web")
INSTALLED_APPS = [app for app in _ALL if not app.startswith(_PAGES_ONLY)]
AUTHENTICATION_BACKENDS = []
ROOT_URLCONF = "config.urls_inference"
WSGI_APPLICATION = "config.wsgi_inference.application"
MIDDLEWARE = [
    "config.middleware.RequestId",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.middleware.Refusals",
]
TEMPLATES = []
