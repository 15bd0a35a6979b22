"""Address of the playground."""

from django.urls import path

from web.playground.views import Playground

urlpatterns = [path("playground", Playground.as_view(), name="playground")]
