"""Addresses of sign-in. Of the library's pages only those stand open that this house has a use for.

The others keep their names, since the library looks them up, but nobody reaches them: logins and
their addresses are an administrator's, no mail is sent, and a second place that says whether a
password is right would be a way around the pause after wrong ones.
"""

from allauth.account import views
from allauth.mfa.base.views import authenticate
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path

from web.access import provider
from web.access.coming_in import ComeIn


def closed(request: HttpRequest, rest: str = "") -> HttpResponse:
    """There is nothing here. Raises Http404."""
    raise Http404


urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("password/change/", views.password_change, name="account_change_password"),
    path("2fa/authenticate/", authenticate, name="mfa_authenticate"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("way-in/", ComeIn.as_view(), name="come_in"),
    path("provider/", provider.start, name="provider_start"),
    path("provider/callback/", provider.callback, name="provider_callback"),
    path("", closed),
    path("<path:rest>", closed),
    path("", include("allauth.urls")),
]
