"""One's own passkeys: registered, named, removed."""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.factors.codes import has_factor
from accounts.passkeys import host as passkey_host
from accounts.passkeys import services as passkeys
from accounts.passkeys.records import passkey_by_id, passkeys_of, said_by
from common.errors import DomainError, Invalid, NotAllowed
from web.access.sections import sections
from web.base import UNPROCESSABLE, PageView, show_refusal
from web.forms.passkeys import PasskeyForm, RemoveForm, RenameForm, read_made

_RENAME, _REMOVE = "rename-%s", "remove-%s"


class _OwnPage(PageView):
    """What both pages share."""

    @property
    def asks_code(self) -> bool:
        """Whether the person has an authenticator app, whose code is asked besides."""
        return has_factor(self.caller.person_id)

    def refused(self, form: forms.Form, error: DomainError) -> int:
        """What was refused, beside its field. Raises it where it is for want of authority."""
        if isinstance(error, NotAllowed) and not error.field:
            raise error
        status = show_refusal(form, error)
        return UNPROCESSABLE if isinstance(error, NotAllowed) else status


class PasskeysPage(_OwnPage):
    """My passkeys, and the form that registers another."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        return self.show(PasskeyForm(asks_code=self.asks_code))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Register what the device has made."""
        form = PasskeyForm(request.POST, asks_code=self.asks_code)
        if not form.is_valid():
            return self.show(form, UNPROCESSABLE)
        given = form.cleaned_data
        try:
            if not given["challenge"] or not given["credential"]:
                raise Invalid(_("Your device did not answer; passkeys need JavaScript."))
            passkeys.register_passkey(
                caller=self.caller,
                name=given["name"],
                challenge=given["challenge"],
                credential=read_made(given["credential"]),
                password=given["password"],
                code=given.get("code", ""),
            )
        except DomainError as error:
            return self.show(form, self.refused(form, error))
        messages.success(request, _("The passkey is registered; you can sign with it now."))
        return redirect("web:passkeys")

    def show(self, form: forms.Form, status: int = 200) -> HttpResponse:
        """The page."""
        context = {
            "entries": [(row, said_by(row)) for row in passkeys_of(self.caller.person_id)],
            "form": form,
            "hindered": _hindered(self.request),
            "sections": sections(self.caller, "web:passkeys"),
        }
        return self.page("access/passkeys.html", context, status=status)


def _hindered(request: HttpRequest) -> str:
    """Why no passkey works where the person stands; empty where they do."""
    if not passkey_host.is_set_up():
        return _(
            "Browsers want a name with https, or localhost, and no number. An administrator sets "
            "ASSAY_URL."
        )
    here = f"{request.scheme}://{request.get_host()}"
    if passkey_host.fits(here):
        return ""
    words = {"here": urlsplit(here).netloc, "there": settings.PUBLIC_URL}
    return _("You came by %(here)s. Open %(there)s instead.") % words


class PasskeyPage(_OwnPage):
    """One of my passkeys."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The page."""
        return self.show(pk)

    def show(self, pk: UUID, status: int = 200, **given: Any) -> HttpResponse:
        """The page; `given` are forms that come back with what is wrong."""
        passkey = passkey_by_id(self.caller.person_id, pk)
        forms_shown = {
            "rename": RenameForm(initial={"name": passkey.name}, auto_id=_RENAME),
            "remove": RemoveForm(asks_code=self.asks_code, auto_id=_REMOVE),
        }
        context = {
            "passkey": passkey,
            "said": said_by(passkey),
            # As `verify.py --passkeys` reads it.
            "line": f"{passkey.person_id} sha256:{passkey.credential}",
            "sections": sections(self.caller, "web:passkeys"),
        }
        return self.page("access/passkey.html", context | forms_shown | given, status=status)


class PasskeyRename(PasskeyPage):
    """Another name."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Nothing is changed by following a link."""
        return redirect("web:passkey", pk)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Rename it."""
        passkey = passkey_by_id(self.caller.person_id, pk)
        form = RenameForm(request.POST, auto_id=_RENAME)
        if not form.is_valid():
            return self.show(pk, UNPROCESSABLE, rename=form)
        try:
            passkeys.rename_passkey(caller=self.caller, passkey=passkey, **form.cleaned_data)
        except DomainError as error:
            return self.show(pk, self.refused(form, error), rename=form)
        messages.success(request, _("The passkey has another name."))
        return redirect("web:passkeys")


class PasskeyRemove(PasskeyPage):
    """The end of a passkey."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Nothing is removed by following a link."""
        return redirect("web:passkey", pk)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Remove it."""
        passkey = passkey_by_id(self.caller.person_id, pk)
        form = RemoveForm(request.POST, asks_code=self.asks_code, auto_id=_REMOVE)
        if not form.is_valid():
            return self.show(pk, UNPROCESSABLE, remove=form)
        try:
            passkeys.remove_passkey(caller=self.caller, passkey=passkey, **form.cleaned_data)
        except DomainError as error:
            return self.show(pk, self.refused(form, error), remove=form)
        messages.success(request, _("The passkey is removed; what it signed stays signed."))
        return redirect("web:passkeys")
