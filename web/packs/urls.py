"""Addresses of packs."""

from django.urls import path

from web.packs import views

urlpatterns = [
    path("packs", views.PackList.as_view(), name="packs"),
    path("packs/<uuid:pk>", views.PackPage.as_view(), name="pack"),
    path("packs/<uuid:pk>/files/<slug:form>", views.PackDownload.as_view(), name="pack-file"),
]
