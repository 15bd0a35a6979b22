"""Addresses of dataset snapshots."""

from django.urls import path

from web.datasets import views

urlpatterns = [
    path("datasets", views.DatasetList.as_view(), name="datasets"),
    path("datasets/new", views.DatasetNew.as_view(), name="dataset-new"),
    path("datasets/<uuid:pk>", views.DatasetPage.as_view(), name="dataset"),
]
