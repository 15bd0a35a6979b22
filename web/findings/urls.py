"""Addresses of findings."""

from django.urls import path

from web.findings import views

_V = "models/<slug:name>/versions/<int:number>"

urlpatterns = [
    path("findings", views.FindingList.as_view(), name="findings"),
    path("findings/<uuid:pk>", views.FindingPage.as_view(), name="finding"),
    path("findings/<uuid:pk>/answer", views.AnswerFinding.as_view(), name="finding-answer"),
    path("findings/<uuid:pk>/close", views.CloseFinding.as_view(), name="finding-close"),
    path("findings/<uuid:pk>/reopen", views.ReopenFinding.as_view(), name="finding-reopen"),
    path("findings/<uuid:pk>/amend", views.AmendFinding.as_view(), name="finding-amend"),
    path(f"{_V}/findings/new", views.RaiseFinding.as_view(), name="finding-new"),
]
