"""Questions to the time machine; all of them stand in the address."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Person
from accounts.selectors import person_called
from common.errors import Invalid
from compliance.past.datasets import read_digest
from web.forms.audit import MomentField


class AliasQuestion(forms.Form):
    """What was live under an alias?"""

    model = forms.CharField(label=gettext_lazy("Model"), max_length=100)
    alias = forms.CharField(label=gettext_lazy("Alias"), max_length=64, initial="champion")
    at = MomentField(label=gettext_lazy("At (empty is now)"), required=False)

    def moment(self) -> datetime:
        """The moment asked about; call it only on a valid form."""
        found: datetime = self.cleaned_data["at"] or timezone.now()
        return found


class ModelQuestion(forms.Form):
    """What of a model was approved?"""

    model = forms.CharField(label=gettext_lazy("Model"), max_length=100)
    at = MomentField(label=gettext_lazy("At (empty is now)"), required=False)

    def moment(self) -> datetime:
        """The moment asked about; call it only on a valid form."""
        found: datetime = self.cleaned_data["at"] or timezone.now()
        return found


class PersonQuestion(forms.Form):
    """What did a person sign?"""

    person = forms.CharField(label=gettext_lazy("Person (name or login)"), max_length=200)

    def clean_person(self) -> Person:
        """The person of this name or login."""
        found = person_called(self.cleaned_data["person"].strip())
        if found is None:
            raise ValidationError(_("Nobody here has this name or login."))
        return found


class DatasetQuestion(forms.Form):
    """What did some rows decide?"""

    digest = forms.CharField(
        label=gettext_lazy("Digest of the dataset"),
        max_length=80,
        widget=forms.TextInput(attrs={"class": "mono", "placeholder": "sha256:…"}),
    )

    def clean_digest(self) -> str:
        """The digest in hex."""
        try:
            return read_digest(self.cleaned_data["digest"])
        except Invalid as error:
            raise ValidationError(error.reason) from None


def asked(form: type[forms.Form], query: Any) -> forms.Form:
    """The form with what stands in the address; empty where nothing of it does."""
    given = any(name in query for name in form.base_fields)
    return form(query) if given else form()
