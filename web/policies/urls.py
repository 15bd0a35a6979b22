"""Addresses of policies."""

from django.urls import path

from web.policies import drafts, views

urlpatterns = [
    path("policies", views.PolicyList.as_view(), name="policies"),
    path("policies/draft", drafts.PolicyDraft.as_view(), name="policy-draft"),
    path("policies/trial", drafts.PolicyTrial.as_view(), name="policy-trial"),
    path(
        "policies/<uuid:pk>/against/<uuid:other>",
        drafts.PolicyCompare.as_view(),
        name="policy-compare",
    ),
    path("policies/publish", views.PolicyPublish.as_view(), name="policy-publish"),
    path("policies/<uuid:pk>", views.PolicyPage.as_view(), name="policy"),
]
