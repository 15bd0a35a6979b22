"""Addresses of the first page and of the palette's search."""

from django.urls import path

from web.home import views

urlpatterns = [
    path("", views.Home.as_view(), name="home"),
    path("palette", views.Palette.as_view(), name="palette"),
]
