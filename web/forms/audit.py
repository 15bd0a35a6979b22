"""Filters of the log, and what an export is to cover."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.selectors import person_called
from audit.actions import Action
from audit.selectors import EventFilter
from common.errors import Invalid
from compliance.scopes import read_moment
from web.audit.sentences import lazy_sentence
from web.words import words_of

SUBJECTS = (
    "model",
    "version",
    "review",
    "dataset",
    "policy",
    "job",
    "export",
    "pack",
    "person",
    "user",
    "team",
    "token",
)


class MomentField(forms.CharField):
    """A day or a moment in ISO 8601."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_length=40,
            widget=forms.TextInput(attrs={"placeholder": "2026-03-01"}),
            **kwargs,
        )

    def clean(self, value: Any) -> Any:
        """The moment, UTC where no zone is given; None if empty."""
        text = super().clean(value)
        if not text:
            return None
        try:
            return read_moment(text, "moment")
        except Invalid as error:
            raise ValidationError(error.reason) from None


class LogFilter(forms.Form):
    """All of them stand in the address."""

    action = forms.ChoiceField(
        label=gettext_lazy("Event"),
        required=False,
        choices=[("", gettext_lazy("All")), *((a.value, lazy_sentence(a.value)) for a in Action)],
    )
    person = forms.CharField(
        label=gettext_lazy("Person (name or login)"), required=False, max_length=200
    )
    subject_type = forms.ChoiceField(
        label=gettext_lazy("About"),
        required=False,
        choices=[("", gettext_lazy("Anything")), *words_of(SUBJECTS, "thing")],
    )
    subject_id = forms.CharField(label=gettext_lazy("Its number"), required=False, max_length=64)
    text = forms.CharField(label=gettext_lazy("Text"), required=False, max_length=200)
    since = MomentField(label=gettext_lazy("From"), required=False)
    until = MomentField(label=gettext_lazy("Before"), required=False)

    def clean_person(self) -> UUID | None:
        """The person of this name or login."""
        name = self.cleaned_data["person"].strip()
        if not name:
            return None
        person = person_called(name)
        if person is None:
            raise ValidationError(_("Nobody here has this name or login."))
        return person.pk

    def clean(self) -> dict[str, Any]:
        """A number needs to be a number of something."""
        given = super().clean() or {}
        if given.get("subject_id") and not given.get("subject_type"):
            self.add_error("subject_type", _("Say what the number is of."))
        return given

    def wanted(self) -> EventFilter:
        """The filter of the log's selectors; call it only on a valid form."""
        given = self.cleaned_data
        kind, key = given["subject_type"], given["subject_id"].strip()
        return EventFilter(
            action=given["action"] or None,
            person=given["person"],
            related=f"{kind}:{key}" if kind and key else None,
            since=given["since"],
            until=given["until"],
            text=given["text"].strip() or None,
        )


KINDS: dict[str, Promise] = {
    "all": gettext_lazy("Everything"),
    "period": gettext_lazy("A period"),
    "model": gettext_lazy("One model"),
    "version": gettext_lazy("One version"),
    "register": gettext_lazy("The register"),
}
_BELONGS = {
    "model": ("model", "version"),
    "number": ("version",),
    "since": ("period",),
    "until": ("period",),
    "team": (),
}
"""The kinds for which a field is demanded."""
_OFFERED = _BELONGS | {"team": ("register",)}


class ExportForm(forms.Form):
    """What a bundle covers. The page shows only the fields that belong to the chosen kind."""

    # A field that is not shown must not hold up the form.
    use_required_attribute = False

    kind = forms.ChoiceField(
        label=gettext_lazy("Covers"), choices=list(KINDS.items()), widget=forms.RadioSelect
    )
    model = forms.CharField(label=gettext_lazy("Model"), max_length=100)
    number = forms.IntegerField(
        label=gettext_lazy("Version number"), min_value=1, max_value=2**31 - 1
    )
    since = forms.CharField(
        label=gettext_lazy("From"),
        max_length=40,
        help_text=gettext_lazy("2026-03-01 or 2026-03-01T09:00:00Z, included."),
    )
    until = forms.CharField(
        label=gettext_lazy("Before"), max_length=40, help_text=gettext_lazy("Not included.")
    )

    team = forms.CharField(
        label=gettext_lazy("Team"),
        max_length=64,
        help_text=gettext_lazy("All teams, where it is empty and you answer for all of them."),
    )

    def __init__(self, offered: Sequence[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = self.fields["kind"]
        kind.initial = offered[0]
        # All are read, so that it is the service that refuses a kind, and the log that keeps it.
        kind.widget.choices = [(name, KINDS[name]) for name in offered]

    def full_clean(self) -> None:
        """Demands what belongs to the chosen kind, and nothing else."""
        for name, kinds in _BELONGS.items():
            self.fields[name].required = self.data.get("kind") in kinds
        super().full_clean()
        for name in _BELONGS:
            self.fields[name].required = True

    def scope(self) -> dict[str, Any]:
        """The scope as the service reads it: only the parts that belong to the kind."""
        given = self.cleaned_data
        names = {"since": "from", "until": "to"}
        parts = {
            names.get(name, name): given[name]
            for name, kinds in _OFFERED.items()
            if given["kind"] in kinds and given[name]
        }
        return {"kind": given["kind"], **parts}
