"""The upload views behind the real middleware, for a server of the tests' own."""

import os

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

urlpatterns = [path("api/v1/", include("registry.api_uploads"))]
settings.ROOT_URLCONF = __name__
application = get_wsgi_application()
