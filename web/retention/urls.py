"""Addresses of what must be kept."""

from django.urls import path

from web.retention import proposing, views

urlpatterns = [
    path("retention", views.Retention.as_view(), name="retention"),
    path("retention/due", views.DuePage.as_view(), name="retention-due"),
    path("retention/holds/new", views.HoldNew.as_view(), name="hold-new"),
    path(
        "retention/predictions/propose",
        proposing.ProposeEmptying.as_view(),
        name="predictions-empty",
    ),
    path("retention/rules/propose", proposing.ProposeRule.as_view(), name="rule-propose"),
    path(
        "models/<slug:name>/versions/<int:number>/delete",
        proposing.ProposeDeletion.as_view(),
        name="version-delete",
    ),
    path(
        "datasets/<uuid:pk>/delete",
        proposing.ProposeDatasetDeletion.as_view(),
        name="dataset-delete",
    ),
    path("retention/holds/<uuid:pk>", views.HoldPage.as_view(), name="hold"),
]
