"""What a pack is to be about."""

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from compliance.packs.sources import MODEL, PERIOD, REGISTER, VERSION
from compliance.packs.templates import templates
from compliance.packs.wishes import PARTS
from web.forms.audit import MomentField

KINDS: dict[str, Promise] = {
    VERSION: gettext_lazy("One version"),
    MODEL: gettext_lazy("One model"),
    PERIOD: gettext_lazy("A period"),
    REGISTER: gettext_lazy("The register"),
}


class PackForm(forms.Form):
    """A template about this kind of thing, and the parts that belong to the kind."""

    template = forms.ChoiceField(label=gettext_lazy("Template"))
    model = forms.CharField(label=gettext_lazy("Model"), max_length=100)
    number = forms.IntegerField(
        label=gettext_lazy("Version number"),
        required=False,
        min_value=1,
        max_value=2**31 - 1,
        help_text=gettext_lazy("The champion where it is empty."),
    )
    team = forms.CharField(
        label=gettext_lazy("Team"),
        required=False,
        max_length=64,
        help_text=gettext_lazy("All teams whose records you may export, where it is empty."),
    )
    since = MomentField(label=gettext_lazy("From"))
    until = MomentField(label=gettext_lazy("Before"))

    def __init__(self, about: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in set(self.fields) - {"template", *PARTS[about]}:
            del self.fields[name]
        if about == PERIOD:
            self.fields["model"].required = False
            self.fields["model"].help_text = gettext_lazy("All models, where it is empty.")
        choices = [(one.name, one.title) for one in templates().values() if one.about == about]
        self.fields["template"].choices = choices  # type: ignore[attr-defined]
