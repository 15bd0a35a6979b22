"""What a pack is to be about."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from compliance.packs.templates import templates


class PackForm(forms.Form):
    """A template and a version; the champion where no number is given."""

    template = forms.ChoiceField(label=gettext_lazy("Template"))
    model = forms.CharField(label=gettext_lazy("Model"), max_length=100)
    number = forms.IntegerField(
        label=gettext_lazy("Version number"),
        required=False,
        min_value=1,
        max_value=2**31 - 1,
        help_text=gettext_lazy("The champion where it is empty."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(one.name, one.title) for one in templates().values()]
        self.fields["template"].choices = choices  # type: ignore[attr-defined]
