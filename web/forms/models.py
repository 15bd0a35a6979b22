"""Forms of the register: models, versions by upload, datasets."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Team
from registry.declared import LONGEST_PART
from registry.models import Origin, RiskTier, Status
from registry.tables.schema import SPLITS
from web.forms.uploads import Upload, Uploads
from web.words import lazy_words_of

LONGEST_SIGNATURE = 200_000
SPLIT_CHOICES = lazy_words_of(SPLITS, "split_chosen")
FORMATS = (("csv", "CSV"), ("parquet", "Parquet"), ("npz", "NPZ"))


class Tags(forms.CharField):
    """Words with commas between them."""

    def prepare_value(self, value: Any) -> Any:
        """The tags as they are written in the field."""
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """The tags, each once, in order."""
        words = (word.strip() for word in (super().to_python(value) or "").split(","))
        return sorted({word for word in words if word})


def _long(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": str(rows)})


def _tags() -> Tags:
    return Tags(
        label=gettext_lazy("Tags"),
        required=False,
        max_length=1000,
        help_text=gettext_lazy("Words with commas between them."),
    )


class ModelFilter(forms.Form):
    """Filters of the list of models; all of them stand in the address."""

    q = forms.CharField(label=gettext_lazy("Search"), required=False, max_length=200)
    team = forms.ChoiceField(label=gettext_lazy("Team"), required=False)
    tier = forms.ChoiceField(
        label=gettext_lazy("Risk tier"),
        required=False,
        choices=[("", gettext_lazy("All")), *RiskTier.choices],
    )
    status = forms.ChoiceField(
        label=gettext_lazy("Newest version"),
        required=False,
        choices=[("", gettext_lazy("All")), *Status.choices],
    )
    tag = forms.CharField(label=gettext_lazy("Tag"), required=False, max_length=50)

    def __init__(self, data: Any, *, teams: list[Team]) -> None:
        super().__init__(data)
        self.fields["team"].choices = [  # type: ignore[attr-defined]
            ("", _("All")),
            *((team.slug, team.name) for team in teams),
        ]


class ModelForm(forms.Form):
    """A new line of versions."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=100,
        help_text=gettext_lazy(
            "Letters, digits, hyphens and underscores; callers use it in addresses."
        ),
    )
    team = forms.ModelChoiceField(
        label=gettext_lazy("Owner team"),
        queryset=Team.objects.none(),
        to_field_name="slug",
        empty_label=None,
    )
    purpose = forms.CharField(
        label=gettext_lazy("Purpose"),
        max_length=4000,
        widget=_long(4),
        help_text=gettext_lazy("What it decides or suggests, for whom, and who acts on it."),
    )
    risk_tier = forms.ChoiceField(
        label=gettext_lazy("Risk tier"),
        choices=RiskTier.choices,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("How much harm a wrong answer does; it selects the policy."),
    )
    origin = forms.ChoiceField(label=gettext_lazy("Origin"), choices=Origin.choices)
    licence = forms.CharField(label=gettext_lazy("Licence"), max_length=100)
    tags = _tags()

    def __init__(self, data: Any = None, *, teams: Any) -> None:
        super().__init__(data)
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]


class DescriptionForm(forms.Form):
    """What may be changed of a model."""

    purpose = forms.CharField(label=gettext_lazy("Purpose"), max_length=4000, widget=_long(5))
    licence = forms.CharField(label=gettext_lazy("Licence"), max_length=100)
    tags = _tags()


class UploadForm(forms.Form):
    """A version from files that are uploaded already; further files stand under their roles."""

    model_file = Upload(label=gettext_lazy("Model file"))
    weights = Uploads(label=gettext_lazy("Weights"))
    tokenizer = Uploads(label=gettext_lazy("Tokenizer"))
    sidecar = Uploads(label=gettext_lazy("Sidecar files"))
    is_opaque = forms.BooleanField(
        label=gettext_lazy("Keep it as an opaque file that can never be served (not ONNX)"),
        required=False,
    )
    signature = forms.CharField(
        label=gettext_lazy("Signature (JSON)"),
        required=False,
        max_length=LONGEST_SIGNATURE,
        widget=forms.Textarea(attrs={"rows": "14", "class": "mono", "spellcheck": "false"}),
        help_text=gettext_lazy("Task, classes, inputs and outputs, as in the example."),
    )
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=1000, widget=_long(2)
    )

    def clean_signature(self) -> dict[str, Any] | None:
        """The object, or None where nothing was written."""
        text = self.cleaned_data["signature"].strip()
        if not text:
            return None
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValidationError(_("This is no JSON: %(error)s") % {"error": error}) from None
        if not isinstance(found, dict):
            raise ValidationError(_("A signature is an object."))
        return found


class DeclareForm(forms.Form):
    """A version that this instance never runs, with whatever files there are of it."""

    vendor = forms.CharField(
        label=gettext_lazy("Vendor"),
        max_length=LONGEST_PART,
        help_text=gettext_lazy("Whoever made it: a company, a team, a person."),
    )
    product = forms.CharField(
        label=gettext_lazy("Product"),
        max_length=LONGEST_PART,
        help_text=gettext_lazy("What it is called there: a score, a programme, a workbook."),
    )
    release = forms.CharField(
        label=gettext_lazy("Release"),
        max_length=LONGEST_PART,
        help_text=gettext_lazy("Its own version or date."),
    )
    sidecar = Uploads(label=gettext_lazy("Files"))
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=1000, widget=_long(2)
    )


class DatasetFilter(forms.Form):
    """Filters of the list of datasets."""

    q = forms.CharField(label=gettext_lazy("Search"), required=False, max_length=100)
    split = forms.ChoiceField(
        label=gettext_lazy("Split"),
        required=False,
        choices=[("", gettext_lazy("All")), *SPLIT_CHOICES],
    )


class DatasetForm(forms.Form):
    """A snapshot from a file that is uploaded already."""

    upload = Upload(label=gettext_lazy("File"))
    team = forms.ModelChoiceField(
        label=gettext_lazy("Owner team"),
        queryset=Team.objects.none(),
        to_field_name="slug",
        empty_label=None,
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    file_format = forms.ChoiceField(label=gettext_lazy("Format"), choices=FORMATS)
    split = forms.ChoiceField(
        label=gettext_lazy("Split"),
        choices=SPLIT_CHOICES,
        help_text=gettext_lazy("Trainings never see a test split; evaluations want one."),
    )
    target = forms.CharField(
        label=gettext_lazy("Target"),
        max_length=200,
        help_text=gettext_lazy("Name of the column (in NPZ: the array) that is predicted."),
    )
    origin = forms.CharField(
        label=gettext_lazy("Origin"),
        max_length=500,
        help_text=gettext_lazy("Where the rows come from."),
    )
    licence = forms.CharField(label=gettext_lazy("Licence"), max_length=100)

    def __init__(self, data: Any = None, *, teams: Any, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]
