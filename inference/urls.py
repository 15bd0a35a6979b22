"""Addresses of the inference API."""

from django.urls import path

from inference.api import PredictByAlias, PredictByNumber

app_name = "inference"
urlpatterns = [
    path("models/<slug:name>/predict", PredictByAlias.as_view(), name="predict"),
    path(
        "models/<slug:name>/versions/<int:number>/predict",
        PredictByNumber.as_view(),
        name="predict-version",
    ),
]
