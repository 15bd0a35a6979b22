"""Addresses of the pages; each family of pages keeps its own list."""

from web import urls_governance, urls_models

app_name = "web"
urlpatterns = [*urls_models.urlpatterns, *urls_governance.urlpatterns]
