"""Forms of legal holds."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Team
from compliance.retention.due import DATASETS, VERSIONS
from compliance.retention.models import Held, Kept
from compliance.retention.rules import LONGEST_DAYS
from compliance.retention.services import LONGEST_REFERENCE
from registry.models import RiskTier
from web.forms.audit import MomentField
from web.forms.proposals import ProposeForm, add_reason
from web.forms.proving import Asks


class HoldFilter(forms.Form):
    """Which holds; it stands in the address."""

    in_force = forms.ChoiceField(
        label=_("Holds"),
        required=False,
        choices=[("", _("All")), ("yes", _("In force")), ("no", _("Lifted"))],
    )


class DueFilter(forms.Form):
    """Which kind, and of whom; it stands in the address."""

    kind = forms.ChoiceField(
        label=_("Kind"),
        required=False,
        choices=[
            ("", _("All")),
            (DATASETS, _("Rows of snapshots")),
            (VERSIONS, _("Files of versions")),
        ],
    )
    team = forms.ChoiceField(label=_("Team"), required=False)

    def __init__(self, data: Any, *, teams: Iterable[Team]) -> None:
        super().__init__(data)
        self.fields["team"].choices = [  # type: ignore[attr-defined]
            ("", _("All")),
            *((team.slug, team.name) for team in teams),
        ]


class HoldForm(forms.Form):
    """What shall be held, for which matter, and why."""

    kind = forms.ChoiceField(label=_("What is held"), choices=Held.choices)
    model = forms.CharField(label=_("Model"), max_length=100, required=False)
    version = forms.IntegerField(
        label=_("Version"), min_value=1, max_value=2**31 - 1, required=False
    )
    dataset = forms.UUIDField(label=_("Dataset snapshot (its number)"), required=False)
    since = MomentField(label=_("Predictions from"), required=False)
    until = MomentField(label=_("Predictions before (empty is without an end)"), required=False)
    reference = forms.CharField(
        label=_("Matter"),
        max_length=LONGEST_REFERENCE,
        help_text=_("As it is called elsewhere: a case, a letter, an order."),
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=4000, widget=forms.Textarea(attrs={"rows": "3"})
    )

    def clean(self) -> dict[str, Any]:
        """Empty fields are none."""
        given = super().clean() or {}
        return {name: None if value == "" else value for name, value in given.items()}


class RuleForm(ProposeForm):
    """How long what is kept at least."""

    tier = forms.ChoiceField(label=_("Risk tier"), choices=RiskTier.choices)
    kind = forms.ChoiceField(label=_("What is kept"), choices=Kept.choices)
    days = forms.IntegerField(
        label=_("Days (empty is for ever)"), min_value=0, max_value=LONGEST_DAYS, required=False
    )


class EmptyingForm(ProposeForm):
    """Whose records, and from before when."""

    team = forms.ChoiceField(label=_("Team"))
    before = MomentField(label=_("Records from before"))

    def __init__(self, data: Any = None, *, teams: Iterable[Team], **more: Any) -> None:
        super().__init__(data, **more)
        self.fields["team"].choices = [  # type: ignore[attr-defined]
            (team.slug, team.name) for team in teams
        ]


class DeletionForm(ProposeForm):
    """Which files go besides."""

    attachments = forms.BooleanField(
        label=_("Also the files attached to comments, findings and answers about it"),
        required=False,
    )


class LiftForm(forms.Form):
    """Why it is lifted, and who says so."""

    def __init__(self, data: Any = None, *, asks: Asks) -> None:
        super().__init__(data)
        add_reason(self, asks)
        self.fields["reason"].help_text = ""
