"""Addresses of the REST API."""

from django.urls import include, path

from config.schema import Schema

app_name = "api"
urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("registry.urls")),
    path("", include("evaluation.urls")),
    path("", include("training.urls")),
    path("", include("governance.urls")),
    path("", include("compliance.urls")),
    path("schema", Schema.as_view(), name="schema"),
]
