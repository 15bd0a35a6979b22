"""Signing in at the identity provider: on the way there, and what comes back from it."""

import secrets
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from allauth.core.ratelimit import consume
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.callers import caller_for
from accounts.failures import note_failed_sign_in
from accounts.models import User
from accounts.oidc.asking import Reply, answer_again, answer_sign_in, ask_at_sign_in, sentence_of
from accounts.oidc.id_tokens import Claims, Refused
from accounts.oidc.identities import bound
from accounts.oidc.provider import is_set_up
from accounts.reauthentication import TooManyTries
from accounts.sealing import Unreadable, seal, unseal
from trust.methods import OIDC

COOKIE = "__Host-provider" if settings.SESSION_COOKIE_SECURE else "provider"
LONGEST_PART = 4096


@require_GET
@never_cache
def start(request: HttpRequest) -> HttpResponse:
    """Send the browser to the provider. 404 where none is set up."""
    if not is_set_up():
        raise Http404
    if isinstance(request.user, User):
        return redirect(settings.LOGIN_REDIRECT_URL)
    if not consume(request, action="login"):
        raise TooManyTries("Too many sign-ins from your address; wait a minute.")
    browser = secrets.token_urlsafe(32)
    response = redirect(ask_at_sign_in(browser).address)
    response.set_cookie(
        COOKIE,
        seal({"browser": browser, "next": request.GET.get("next", "")[:2000]}),
        max_age=settings.OIDC_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


@require_GET
@never_cache
def callback(request: HttpRequest) -> HttpResponse:
    """Take what the provider sends back: for a sign-in, or for an act of whoever is signed in."""
    if not is_set_up():
        raise Http404
    reply = Reply(*(_part(request, name) for name in ("state", "code", "iss", "error")))
    if isinstance(request.user, User):
        return _for_an_act(request, request.user, reply)
    response = _sign_in(request, reply)
    response.delete_cookie(COOKIE)
    return response


def _part(request: HttpRequest, name: str) -> str:
    values = request.GET.getlist(name)
    return values[0] if len(values) == 1 and len(values[0]) <= LONGEST_PART else ""


def _for_an_act(request: HttpRequest, user: User, reply: Reply) -> HttpResponse:
    caller = caller_for(user, via="session", session_key=request.session.session_key)
    context = {"challenge": answer_again(caller, reply)}
    return render(request, "account/provider_done.html", context)


def _sign_in(request: HttpRequest, reply: Reply) -> HttpResponse:
    try:
        kept = unseal(request.COOKIES.get(COOKIE, ""), longest_s=settings.OIDC_SECONDS)
    except Unreadable:
        return _refused(request, "state")
    try:
        claims = answer_sign_in(str(kept.get("browser")), reply)
    except Refused as refusal:
        return _refused(request, refusal.why)
    identity = bound(claims.issuer, claims.subject)
    if identity is None or not (identity.user.is_active and identity.user.person.is_active):
        return _refused(request, "nobody", claims)
    record_authentication(request, identity.user, method=OIDC)
    response: HttpResponse = perform_login(
        request, identity.user, redirect_url=_next(request, kept)
    )
    return response


def _next(request: HttpRequest, kept: dict[str, Any]) -> str | None:
    address = str(kept.get("next", ""))
    fits = url_has_allowed_host_and_scheme(address, {request.get_host()}, request.is_secure())
    return address if fits else None


def _refused(request: HttpRequest, why: str, claims: Claims | None = None) -> HttpResponse:
    """The page that says why; the log tells of it as of a wrong password."""
    who = f"{claims.issuer} {claims.subject}" if claims else "provider"
    note_failed_sign_in(who, request.META["REMOTE_ADDR"])
    context = {"reason": sentence_of(why), "subject": claims.subject if claims else ""}
    return render(request, "account/provider_refused.html", context, status=403)
