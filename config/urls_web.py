"""Addresses of the web process: pages, the REST API, health."""

from django.urls import include, path
from django.views.i18n import set_language

from config.edges import bad_request, forbidden, health, not_found, server_error

handler400 = bad_request
handler403 = forbidden
handler404 = not_found
handler500 = server_error

urlpatterns = [
    path("health", health, name="health"),
    path("accounts/", include("config.urls_accounts")),
    path("language/", set_language, name="set_language"),
    path("api/v1/", include("config.urls_api")),
    path("", include("web.urls")),
]
