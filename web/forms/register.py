"""Forms of the register's entries."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, Team
from registry.models import Hosting, Life, RegisteredModel, RiskTier
from registry.register import approved
from registry.register.files import login_of
from registry.register.intervals import months_of
from registry.register.selectors import HORIZONS, MISSING, MONTH, OVERDUE
from web.forms.uploads import Upload

_ALL = ("", _("All"))
_WITHIN = {"30": _("Within 30 days"), "90": _("Within 90 days"), "365": _("Within 365 days")}


class RegisterFilter(forms.Form):
    """Filters of the register; all of them stand in the address."""

    q = forms.CharField(label=_("Search"), required=False, max_length=200)
    team = forms.ChoiceField(label=_("Team"), required=False)
    risk_tier = forms.ChoiceField(
        label=_("Risk tier"), required=False, choices=[_ALL, *RiskTier.choices]
    )
    hosting = forms.ChoiceField(
        label=_("Hosting"), required=False, choices=[_ALL, *Hosting.choices]
    )
    life = forms.ChoiceField(
        label=_("In its life"),
        required=False,
        choices=[_ALL, *Life.choices, (MISSING, _("No entry"))],
    )
    due = forms.ChoiceField(
        label=_("Revalidation"),
        required=False,
        choices=[_ALL, (OVERDUE, _("Overdue")), *((days, _WITHIN[days]) for days in HORIZONS)],
    )

    approval = forms.ChoiceField(
        label=_("Approval"),
        required=False,
        choices=[_ALL, (approved.VALID, _("Valid")), (approved.MISSING, _("None that is valid"))],
    )

    def __init__(self, data: Any, *, teams: Iterable[Team]) -> None:
        super().__init__(data)
        self.fields["team"].choices = [  # type: ignore[attr-defined]
            _ALL,
            *((team.slug, team.name) for team in teams),
        ]


class CalendarFilter(forms.Form):
    """Filters of the calendar; `month` is chosen by the months themselves."""

    team = forms.ChoiceField(label=_("Team"), required=False)
    risk_tier = forms.ChoiceField(
        label=_("Risk tier"), required=False, choices=[_ALL, *RiskTier.choices]
    )
    owner = forms.ChoiceField(label=_("Accountable owner"), required=False)
    month = forms.RegexField(rf"^({MONTH}|{OVERDUE})\Z", required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any, *, teams: Iterable[Team], owners: Iterable[Person]) -> None:
        super().__init__(data)
        named = ((login_of(person), person.name) for person in owners)
        for field, choices in (
            ("team", ((team.slug, team.name) for team in teams)),
            ("owner", (one for one in named if one[0])),
        ):
            self.fields[field].choices = [_ALL, *choices]  # type: ignore[attr-defined]


class ImportForm(forms.Form):
    """A CSV of the register; `digest` is that of the check that was shown."""

    upload = Upload(label=_("File"))
    digest = forms.CharField(widget=forms.HiddenInput, required=False, max_length=71)


def _day(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )


class EntryForm(forms.Form):
    """What the register shall say of a model; `revision` is that of the entry shown."""

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=1, required=False)
    hosting = forms.ChoiceField(
        label=_("Hosting"),
        choices=Hosting.choices,
        widget=forms.RadioSelect,
        help_text=_("A model that is inventory only can never be served by this instance."),
    )
    life = forms.ChoiceField(label=_("In its life"), choices=Life.choices)
    owner = forms.ModelChoiceField(
        label=_("Accountable owner"), queryset=Person.objects.none(), empty_label=None
    )
    validator = forms.ModelChoiceField(
        label=_("Validator"), queryset=Person.objects.none(), required=False
    )
    place = forms.CharField(
        label=_("Where it runs"),
        max_length=200,
        required=False,
        help_text=_("A system or a service, no names of people."),
    )
    technology = forms.CharField(label=_("Vendor or technology"), max_length=200, required=False)
    validated_on = _day(_("Last validation"))
    revalidate_on = _day(_("Next revalidation"))

    def __init__(
        self, data: Any = None, *, model: RegisteredModel, people: Any, **more: Any
    ) -> None:
        super().__init__(data, **more)
        said = {"months": months_of(model.risk_tier), "tier": model.get_risk_tier_display()}
        self.fields["revalidate_on"].help_text = (
            gettext("Left empty, it is %(months)s months after the last validation (%(tier)s).")
            % said
        )
        for name in ("owner", "validator"):
            self.fields[name].queryset = people  # type: ignore[attr-defined]
