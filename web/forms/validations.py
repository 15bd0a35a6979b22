"""The form of a validation report: one text for each section of the template, and the rating."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from governance.validating.services import LONGEST_SECTION
from governance.validating.template import template
from web.forms.wanted import WantedChoice, WantedText


class ValidationForm(forms.Form):
    """What a validator writes; titles and questions are the template's."""

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=1, required=False)

    def __init__(self, data: Any = None, **more: Any) -> None:
        super().__init__(data, **more)
        plan = template()
        for part in plan.sections:
            self.fields[part.name] = WantedText(
                wanted=_("needed to finish"),
                label=part.title,
                help_text=part.asks,
                max_length=LONGEST_SECTION,
                widget=forms.Textarea(attrs={"rows": "5", "maxlength": str(LONGEST_SECTION)}),
            )
        self.fields["rating"] = WantedChoice(
            wanted=_("needed to finish"),
            label=_("Overall rating"),
            choices=[("", _("Not yet")), *((part.name, part.title) for part in plan.ratings)],
        )

    def said(self) -> dict[str, Any]:
        """The cleaned values as the service takes them."""
        given = self.cleaned_data
        sections = {part.name: given[part.name] for part in template().sections}
        return {
            "sections": sections,
            "rating": given["rating"],
            "revision": given["revision"],
        }
