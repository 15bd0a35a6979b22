"""The fields by which a form asks who it is again, and what was given in them."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from web.forms.access import code_field, password_field
from web.forms.passkeys import answer_field, question_field, read_proof


@dataclass(frozen=True)
class Asks:
    """What a person may show: a code besides the password, a passkey, a sign-in at the provider.

    The addresses make the challenge; empty ones offer nothing. With `passkey_only` nothing else is
    taken. A password is not asked of whoever has none and can show something else.
    """

    code: bool
    passkey_url: str = ""
    provider_url: str = ""
    passkey_only: bool = False
    password: bool = True


def add_proof(form: forms.Form, asks: Asks, *, fields: str = "*") -> None:
    """Put the fields behind the form's others. `fields` are what the challenge is made for, each
    with `:NAME` where the form calls it otherwise; * sends the form as it stands."""
    form.passkey_fields = fields  # type: ignore[attr-defined]
    other = bool(asks.passkey_url or asks.provider_url)
    bare = asks.passkey_only or (other and not asks.password)
    form.passkey_url, form.passkey_only = asks.passkey_url, bare  # type: ignore[attr-defined]
    form.provider_url = asks.provider_url  # type: ignore[attr-defined]
    if not bare:
        _add_secrets(form, asks)
    if asks.passkey_url:
        form.fields["passkey"] = answer_field()
    if asks.provider_url:
        form.fields["sign_in"] = question_field()


def _add_secrets(form: forms.Form, asks: Asks) -> None:
    form.fields["password"] = password_field()
    if asks.code:
        form.fields["code"] = code_field(help_text=_("The six digits that it shows now."))
    if asks.passkey_url or asks.provider_url:
        for name in {"password", "code"} & set(form.fields):
            # Asked for by the page; a passkey or the provider answers without.
            form.fields[name].required = False
            form.fields[name].widget.is_required = False


def given_proof(form: forms.Form) -> dict[str, Any]:
    """Password and code, or another proof, as the services take them. Raises Invalid."""
    given = form.cleaned_data
    return {
        "password": given.get("password", ""),
        "code": given.get("code", ""),
        "passkey": read_proof(given.get("passkey", "")),
        "sign_in": given.get("sign_in"),
    }
