"""Form fields of files that are uploaded already: what is sent with the form are their ids."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy


class Upload(forms.UUIDField):
    """One finished upload."""

    widget = forms.HiddenInput
    default_error_messages = {
        "required": gettext_lazy("Choose a file and wait until it is uploaded."),
    }


class Uploads(forms.Field):
    """Finished uploads, as many as there are; none is the empty list."""

    widget = forms.MultipleHiddenInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def to_python(self, value: Any) -> Any:
        """The ids. Raises ValidationError."""
        one = forms.UUIDField()
        return [one.clean(item) for item in value or []]
