"""Form fields made from the parameter tables of recipes and compressions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry.models import DatasetSnapshot
from training.recipes.params import Param
from web.words import word, words_of

LONGEST_LIST = 200

# Generic in its stubs only, not at run time.
if TYPE_CHECKING:
    _Choice = forms.ModelChoiceField[DatasetSnapshot]
else:
    _Choice = forms.ModelChoiceField


class WholeNumbers(forms.CharField):
    """A list of whole numbers, written "64, 32"; empty is the empty list."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=LONGEST_LIST, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """The list as it is written in the field."""
        return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        """The numbers. Raises ValidationError."""
        text = super().to_python(value) or ""
        try:
            return [int(word) for word in text.replace(",", " ").split()]
        except ValueError:
            raise ValidationError(_("Write whole numbers with commas, as 64, 32.")) from None


class Snapshot(_Choice):
    """A dataset snapshot, named with its split and rows."""

    def label_from_instance(self, obj: Any) -> str:
        """The option's text."""
        return _("%(name)s · %(split)s · %(rows)s rows") % {
            "name": obj.name,
            "split": word(obj.split, "split"),
            "rows": obj.rows,
        }


def label_of(name: str) -> str:
    """A parameter's name as a label."""
    return name.replace("_", " ").capitalize()


def field_of(param: Param) -> forms.Field:
    """The form field of one parameter, with its default filled in and its bounds in the hint."""
    about: dict[str, Any] = {
        "label": label_of(param.name),
        "help_text": _hint(param),
        "initial": param.initial(),
    }
    if param.kind == "int":
        return forms.IntegerField(**about, min_value=_whole(param.min), max_value=_whole(param.max))
    if param.kind == "float":
        widget = forms.NumberInput(attrs={"step": "any"})
        return forms.FloatField(**about, min_value=param.min, max_value=param.max, widget=widget)
    if param.kind == "bool":
        return forms.BooleanField(**about, required=False)
    if param.kind == "choice":
        return forms.ChoiceField(**about, choices=words_of(param.choices, "loss"))
    return WholeNumbers(**about)


def _whole(limit: float | None) -> int | None:
    return None if limit is None else int(limit)


def _hint(param: Param) -> str:
    if param.min is None or param.max is None:
        return param.help
    limits = _("From %(low)s to %(high)s.") % {"low": f"{param.min:g}", "high": f"{param.max:g}"}
    return f"{param.help} {limits}"


class ParamForm(forms.Form):
    """A form with a field for each parameter of a table, after the fields of a subclass."""

    def __init__(self, data: Any = None, *, params: Sequence[Param], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.params = params
        for param in params:
            self.fields[param.name] = field_of(param)

    def settings(self) -> dict[str, Any]:
        """The parameters as the service takes them."""
        return {param.name: self.cleaned_data[param.name] for param in self.params}


class TrainingForm(ParamForm):
    """What a training needs besides its parameters."""

    dataset = Snapshot(
        label=gettext_lazy("Training rows"),
        queryset=DatasetSnapshot.objects.none(),
        empty_label=None,
    )
    validation = Snapshot(
        label=gettext_lazy("Validation rows"),
        queryset=DatasetSnapshot.objects.none(),
        required=False,
        help_text=gettext_lazy("Without them a part of the training rows is kept for validation."),
    )

    def __init__(self, data: Any = None, *, snapshots: Any, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        # No snapshot stands in both lists, so that none can be chosen for both.
        training = snapshots.exclude(split__in=("test", "validation"))
        self.fields["dataset"].queryset = training  # type: ignore[attr-defined]
        held = snapshots.filter(split="validation")
        self.fields["validation"].queryset = held  # type: ignore[attr-defined]


class CompressionForm(ParamForm):
    """What a compression needs besides its parameters."""

    holdout = Snapshot(
        label=gettext_lazy("Held-out rows"),
        queryset=DatasetSnapshot.objects.none(),
        empty_label=None,
        help_text=gettext_lazy("The child is compared with its parent on these rows."),
    )
    calibration = Snapshot(
        label=gettext_lazy("Training rows"),
        queryset=DatasetSnapshot.objects.none(),
        empty_label=None,
        help_text=gettext_lazy("Rows to calibrate or to fine-tune with."),
    )

    def __init__(
        self, data: Any = None, *, held_out: Any, training: Any, needs_rows: bool, **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.fields["holdout"].queryset = held_out  # type: ignore[attr-defined]
        self.fields["calibration"].queryset = training  # type: ignore[attr-defined]
        if not needs_rows:
            del self.fields["calibration"]
