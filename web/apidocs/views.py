"""The page of the REST API: a quick start, and Swagger UI over the schema."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from web.base import PageView


class ApiDocs(PageView):
    """Quick start with curl, then every operation."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        context = {"web_url": settings.PUBLIC_URL, "inference_url": settings.INFERENCE_URL}
        return self.page("apidocs/page.html", context)
