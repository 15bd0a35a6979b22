"""Addresses of emergency grants; a grant itself is shown with its proposal."""

from django.urls import path

from web.emergencies import views

_V = "models/<slug:name>/versions/<int:number>"

urlpatterns = [
    path(f"{_V}/emergency", views.ProposeEmergency.as_view(), name="emergency-new"),
    path("proposals/<uuid:pk>/emergency/end", views.EndEmergency.as_view(), name="emergency-end"),
    path(
        "proposals/<uuid:pk>/emergency/review",
        views.ReviewEmergency.as_view(),
        name="emergency-review",
    ),
]
