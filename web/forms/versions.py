"""Forms on the pages of a version."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from evaluation.models import EvaluationPlan
from evaluation.services import MOST_RESAMPLES, MOST_ROWS, MOST_SEED
from governance.policy.scopes import LONGEST_PURPOSE
from governance.splits.models import MOST_PERCENT
from registry.cards import FIELDS, LONGEST_FIELD, REQUIRED
from registry.models import DatasetSnapshot
from trust.scope import WHOLE
from web.forms.params import Snapshot
from web.forms.proving import Asks, add_proof, given_proof
from web.forms.slices import SlicesField
from web.forms.wanted import WantedText

LONGEST_LIST = 4000


def _reason(most: int) -> forms.CharField:
    return forms.CharField(
        label=_("Reason"),
        max_length=most,
        widget=forms.Textarea(attrs={"rows": "3"}),
        help_text=_("Required. Kept with the history."),
    )


class NamesField(forms.CharField):
    """Names, separated by commas, blanks or lines, as a list."""

    def clean(self, value: Any) -> list[str]:
        """The names; none where nothing is written."""
        return str(super().clean(value)).replace(",", " ").split()

    def prepare_value(self, value: Any) -> Any:
        """A list as it is written."""
        return ", ".join(value) if isinstance(value, list) else value


class SubmitForm(forms.Form):
    """What the version shall be approved for; what else is submitted is shown on the page."""

    aliases = NamesField(
        label=_("Aliases"),
        max_length=LONGEST_LIST,
        required=False,
        help_text=_("Names, separated by commas; * is every alias."),
    )
    environments = NamesField(
        label=_("Environments"),
        max_length=LONGEST_LIST,
        required=False,
        help_text=_("Where it may answer, such as production. Empty: everywhere."),
    )
    consumers = NamesField(
        label=_("Consumers"),
        max_length=LONGEST_LIST,
        required=False,
        widget=forms.Textarea(attrs={"rows": "2", "spellcheck": "false"}),
        help_text=_(
            "Who may call: team:SLUG, person:LOGIN or token:ID. "
            "Empty: everybody with a role in the owner team."
        ),
    )
    purpose = forms.CharField(
        label=_("Purpose"),
        max_length=LONGEST_PURPOSE,
        required=False,
        widget=forms.Textarea(attrs={"rows": "2"}),
        help_text=_("What the answers may be used for."),
    )
    traffic_share = forms.IntegerField(
        label=_("Share of the traffic, %"),
        min_value=1,
        max_value=WHOLE,
        required=False,
        help_text=_(
            "Of the calls of an alias, at most; below 100 it answers beside another version only. "
            "Empty: no limit."
        ),
    )

    def __init__(self, data: Any = None, *, elsewhere: bool = False, **kwargs: Any) -> None:
        """What is used `elsewhere` answers under no alias."""
        super().__init__(data, **kwargs)
        if elsewhere:
            del self.fields["aliases"]


class PromoteForm(forms.Form):
    """Where the alias goes, and why."""

    alias = forms.CharField(
        label=_("Alias"),
        max_length=64,
        initial="champion",
        help_text=_("champion answers where callers name no alias; any other name is yours."),
    )
    reason = _reason(2000)
    accept_schema_change = forms.BooleanField(
        label=_("The change of inputs or outputs is meant; callers know of it"), required=False
    )


class SplitForm(forms.Form):
    """Which share of which alias, and why."""

    alias = forms.CharField(
        label=_("Alias"),
        max_length=64,
        initial="champion",
        help_text=_("Its holder answers the other calls."),
    )
    percent = forms.IntegerField(
        label=_("Share of the calls, %"),
        min_value=1,
        max_value=MOST_PERCENT,
        initial=5,
        help_text=_("For all of them, move the alias here."),
    )
    reason = _reason(2000)
    accept_schema_change = forms.BooleanField(
        label=_("The change of inputs or outputs is meant; callers know of it"), required=False
    )


class EndSplitForm(forms.Form):
    """Which share ends, and why."""

    alias = forms.ChoiceField(label=_("Alias"))
    reason = _reason(2000)

    def __init__(self, data: Any = None, *, aliases: list[str]) -> None:
        super().__init__(data)
        self.fields["alias"].choices = [(name, name) for name in aliases]  # type: ignore[attr-defined]


class RetireForm(forms.Form):
    """Why a version is taken out of use."""

    reason = _reason(2000)


class SigningForm(forms.Form):
    """Asks who it is again for words that the challenge's fields name."""

    passkey_fields = "reason"

    def __init__(self, data: Any = None, *, asks: Asks, **more: Any) -> None:
        super().__init__(data, **more)
        add_proof(self, asks, fields=self.passkey_fields)

    def proof(self) -> dict[str, Any]:
        """What was given, as the services take it. Raises Invalid."""
        return given_proof(self)


class RevokeForm(SigningForm):
    """Why an approval ends, and who says so."""

    reason = _reason(2000)


class WaiveForm(SigningForm):
    """Which finding a person answers for, why and until when, and who says so."""

    passkey_fields = "gate_digest:finding,reason,expires_on"
    finding = forms.ChoiceField(
        label=_("Gate"),
        widget=forms.RadioSelect,
        error_messages={
            "invalid_choice": _("This is not what the gate says now; look at the gates again.")
        },
    )
    reason = _reason(4000)
    expires_on = forms.DateField(
        label=_("Ends on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        help_text=_("From this day on, in UTC, it no longer holds."),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        findings: list[tuple[str, str]],
        latest: date,
        shown: str = "",
        **asked: Any,
    ) -> None:
        super().__init__(data, initial={"finding": shown}, **asked)
        self.fields["finding"].choices = findings  # type: ignore[attr-defined]
        self.fields["expires_on"].widget.attrs["max"] = latest.isoformat()


class WithdrawWaiverForm(forms.Form):
    """Why a waiver ends."""

    reason = _reason(4000)


class CardForm(forms.Form):
    """The fields of a model card, in Markdown."""

    def __init__(
        self, data: Any = None, *, content: Mapping[str, str], wanted: Collection[str]
    ) -> None:
        """`wanted` are the fields without which the policy's gate does not pass."""
        super().__init__(data)
        for name, (label, hint) in FIELDS.items():
            self.fields[name] = WantedText(
                wanted=_("wanted by the policy") if name in wanted else "",
                label=str(label),
                help_text=str(hint),
                max_length=LONGEST_FIELD,
                initial=content.get(name, ""),
                widget=forms.Textarea(attrs={"rows": "5" if name in REQUIRED else "3"}),
            )


class RunForm(forms.Form):
    """Which rows, and the seed."""

    dataset = Snapshot(
        label=_("Snapshot"), queryset=DatasetSnapshot.objects.none(), empty_label=None
    )
    seed = forms.IntegerField(label=_("Seed"), min_value=0, max_value=MOST_SEED, initial=0)

    def __init__(self, data: Any = None, *, snapshots: Any) -> None:
        super().__init__(data)
        self.fields["dataset"].queryset = snapshots  # type: ignore[attr-defined]


class EvaluationForm(RunForm):
    """How to measure."""

    resamples = forms.IntegerField(
        label=_("Bootstrap resamples"),
        min_value=100,
        max_value=MOST_RESAMPLES,
        initial=2000,
        help_text=_("More make the ends of the intervals steadier, and take longer."),
    )
    slices = SlicesField()


class PlannedForm(forms.Form):
    """The plan that says how to measure."""

    plan = forms.ModelChoiceField(queryset=EvaluationPlan.objects.none(), widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, plans: Any) -> None:
        super().__init__(data)
        self.fields["plan"].queryset = plans  # type: ignore[attr-defined]


class ExplanationForm(RunForm):
    """How many rows to explain."""

    rows = forms.IntegerField(
        label=_("Rows"),
        min_value=1,
        max_value=MOST_ROWS,
        initial=100,
        help_text=_("Drawn by the seed; images take long, begin with 10."),
    )
