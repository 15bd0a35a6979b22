"""Addresses of policies."""

from django.urls import path

from web.policies import views

urlpatterns = [
    path("policies", views.PolicyList.as_view(), name="policies"),
    path("policies/publish", views.PolicyPublish.as_view(), name="policy-publish"),
    path("policies/<uuid:pk>", views.PolicyPage.as_view(), name="policy"),
]
