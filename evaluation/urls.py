"""REST addresses of evaluation."""

from django.urls import path

from evaluation import api

_VERSION = "models/<slug:name>/versions/<int:number>"

urlpatterns = [
    path(f"{_VERSION}/evaluations", api.Evaluations.as_view(), name="evaluations"),
    path(f"{_VERSION}/explanations", api.Explanations.as_view(), name="explanations"),
]
