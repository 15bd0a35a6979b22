"""Forms of findings."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from governance.findings.records import STATES, Duty
from governance.models import FindingEffect, Severity
from web.forms.uploads import Uploads

_LONG = forms.Textarea(attrs={"rows": "4", "maxlength": "4000"})
_STATE_WORDS = {"open": _("Open"), "answered": _("Answered"), "closed": _("Closed")}


def _day() -> forms.DateField:
    return forms.DateField(
        label=_("Due on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        help_text=_("The last day, in UTC."),
    )


class FindingFilter(forms.Form):
    """The filters of the list; all of them stand in the address."""

    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("All")),
            *((name, _STATE_WORDS[name]) for name in STATES),
            ("overdue", _("Overdue")),
        ],
    )
    effect = forms.ChoiceField(
        label=_("Effect"), required=False, choices=[("", _("All")), *FindingEffect.choices]
    )
    waiting = forms.BooleanField(label=_("Waiting for me"), required=False)


class FindingForm(forms.Form):
    """What a reviewer says with a finding."""

    effect = forms.ChoiceField(
        label=_("Effect"), widget=forms.RadioSelect, choices=FindingEffect.choices
    )
    severity = forms.ChoiceField(label=_("Severity"), choices=Severity.choices, initial="medium")
    anchor = forms.ChoiceField(label=_("About"), required=False)
    text = forms.CharField(label=_("Finding"), max_length=4000, widget=_LONG)
    owner = forms.ChoiceField(label=_("Who answers"))
    due_on = _day()
    attachments = Uploads(label=_("Files"))

    def __init__(
        self,
        data: Any = None,
        *,
        anchors: list[tuple[str, object]],
        owners: list[tuple[str, str]],
        anchor: str = "",
        earliest: date,
    ) -> None:
        super().__init__(data, initial={"anchor": anchor})
        self.fields["anchor"].choices = anchors  # type: ignore[attr-defined]
        self.fields["owner"].choices = owners  # type: ignore[attr-defined]
        self.fields["due_on"].widget.attrs["min"] = earliest.isoformat()


class MoveForm(forms.Form):
    """What is said about a finding."""

    text = forms.CharField(label=_("What you say"), max_length=4000, widget=_LONG)


class AnswerForm(MoveForm):
    """What was done, and the reports, cards and files that show it."""

    evidence = forms.MultipleChoiceField(
        label=_("Evidence"), required=False, widget=forms.CheckboxSelectMultiple
    )
    attachments = Uploads(label=_("Files"))

    def __init__(self, data: Any = None, *, evidence: list[tuple[str, str]]) -> None:
        # Another form of the finding's page has a field of the same name.
        super().__init__(data, auto_id="answer_%s")
        self.fields["evidence"].choices = evidence  # type: ignore[attr-defined]
        if not evidence:
            del self.fields["evidence"]


class AmendForm(forms.Form):
    """Who is to answer from now on, by when, and why; `revision` is what was shown."""

    owner = forms.ChoiceField(label=_("Who answers"))
    due_on = _day()
    text = forms.CharField(label=_("Why"), max_length=4000, widget=_LONG)
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self,
        data: Any = None,
        *,
        owners: list[tuple[str, str]],
        held: Duty,
        earliest: date,
        latest: date | None,
    ) -> None:
        initial = {"owner": str(held.owner.pk), "due_on": held.due_on, "revision": held.revision}
        super().__init__(data, initial=initial, auto_id="amend_%s")
        self.fields["owner"].choices = owners  # type: ignore[attr-defined]
        limits = {"min": earliest.isoformat()} | ({"max": latest.isoformat()} if latest else {})
        self.fields["due_on"].widget.attrs.update(limits)
