"""Forms of passkeys, and what a signing form takes from one."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.passkeys.assertions import parse_given
from accounts.passkeys.serializers import MadeIn, PasskeyProofIn
from accounts.passkeys.services import LONGEST_NAME
from common.api import Input
from common.errors import Invalid
from web.forms.access import code_field, password_field

LONGEST_ANSWER = 100_000


class _Blank(forms.HiddenInput):
    """Comes back empty: what a device gave is good for one try, the next one asks it again."""

    def format_value(self, value: Any) -> str | None:
        """Nothing."""
        return None


def answer_field() -> forms.CharField:
    """Where js/passkeys.js puts what a device gave."""
    return forms.CharField(required=False, max_length=LONGEST_ANSWER, widget=_Blank)


def question_field() -> forms.UUIDField:
    """Where js/provider.js puts the question that the identity provider answered."""
    return forms.UUIDField(required=False, widget=_Blank)


def name_field() -> forms.CharField:
    """How a person calls a passkey."""
    return forms.CharField(
        label=_("Name"),
        max_length=LONGEST_NAME,
        help_text=_("The device it is in, so that you know it again."),
    )


class PasskeyForm(forms.Form):
    """A passkey that a device has made, its name, and who it is again."""

    challenge = forms.UUIDField(required=False, widget=_Blank)
    credential = answer_field()
    name = name_field()
    password = password_field()

    def __init__(self, data: Any = None, *, asks_code: bool) -> None:
        super().__init__(data)
        if asks_code:
            self.fields["code"] = code_field(help_text=_("The six digits that it shows now."))


class RenameForm(forms.Form):
    """Another name."""

    name = name_field()


class RemoveForm(forms.Form):
    """Who it is again, where a passkey is removed."""

    password = password_field()

    def __init__(self, data: Any = None, *, asks_code: bool, **more: Any) -> None:
        super().__init__(data, **more)
        if asks_code:
            self.fields["code"] = code_field(help_text=_("The six digits that it shows now."))


def read_made(text: str) -> dict[str, Any]:
    """What a device gave that made a passkey, out of the form's field. Raises Invalid."""
    return _read(MadeIn, text, "credential")


def read_proof(text: str) -> dict[str, Any] | None:
    """What a device signed, out of the form's field; None where it is empty. Raises Invalid."""
    return _read(PasskeyProofIn, text, "passkey") if text else None


def _read(shape: type[Input], text: str, field: str) -> dict[str, Any]:
    try:
        return shape.read(parse_given(text))
    except (serializers.ValidationError, Invalid):
        raise Invalid("This is no answer of a passkey; try again.", field=field) from None
