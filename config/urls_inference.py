"""Addresses of the inference process."""

from django.urls import include, path

from config.edges import bad_request, forbidden, not_found, server_error
from config.schema import Schema
from inference.api import Health

handler400 = bad_request
handler403 = forbidden
handler404 = not_found
handler500 = server_error

urlpatterns = [
    path("health", Health.as_view(), name="health"),
    path("api/v1/", include("inference.urls")),
    path("api/v1/schema", Schema.as_view(), name="schema"),
]
