"""Fields that may be left empty for now, and that something asks for later."""

from typing import Any

from django import forms
from django.utils.functional import Promise


class WantedText(forms.CharField):
    """A text that the form takes empty; `wanted` says in a few words who asks for it later.

    The page says "optional" only where `wanted` is empty.
    """

    def __init__(self, *, wanted: str | Promise = "", **more: Any) -> None:
        super().__init__(required=False, **more)
        self.wanted = wanted


class WantedChoice(forms.ChoiceField):
    """The same of a choice."""

    def __init__(self, *, wanted: str | Promise = "", **more: Any) -> None:
        super().__init__(required=False, **more)
        self.wanted = wanted
