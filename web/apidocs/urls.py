"""Address of the API page."""

from django.urls import path

from web.apidocs import views

urlpatterns = [path("api-docs", views.ApiDocs.as_view(), name="api-docs")]
