"""The form of the playground, made from a model's signature."""

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from runtimes.schema import INTEGERS

LONGEST_BODY = 1_000_000


class RowForm(forms.Form):
    """One row of named features, a field for each."""

    def __init__(self, data: Any = None, *, tensor: Mapping[str, Any], row: list[Any]) -> None:
        super().__init__(data)
        self.features: list[str] = tensor["features"]
        for place, (feature, value) in enumerate(zip(self.features, row, strict=True)):
            self.fields[f"f{place}"] = _number(tensor["dtype"], feature, value)

    def body(self) -> dict[str, Any]:
        """The request."""
        values = [self.cleaned_data[f"f{place}"] for place in range(len(self.features))]
        return {"rows": [dict(zip(self.features, values, strict=True))]}


def _number(dtype: str, label: str, value: Any) -> forms.Field:
    if dtype == "bool":
        return forms.BooleanField(label=label, initial=value, required=False)
    if dtype in INTEGERS:
        return forms.IntegerField(label=label, initial=value)
    widget = forms.NumberInput(attrs={"step": "any"})
    return forms.FloatField(label=label, initial=value, widget=widget)


class JsonForm(forms.Form):
    """The request as JSON, for images, many rows or many inputs."""

    request_body = forms.CharField(
        label=gettext_lazy("Request (JSON)"),
        max_length=LONGEST_BODY,
        widget=forms.Textarea(attrs={"rows": "12", "class": "mono", "spellcheck": "false"}),
    )

    def __init__(self, data: Any = None, *, example: Mapping[str, Any]) -> None:
        super().__init__(data, initial={"request_body": json.dumps(example)})

    def clean_request_body(self) -> Any:
        """The decoded value."""
        try:
            return json.loads(self.cleaned_data["request_body"])
        except (ValueError, RecursionError) as error:
            raise ValidationError(_("This is no JSON: %(error)s") % {"error": error}) from None

    def body(self) -> Any:
        """The request."""
        return self.cleaned_data["request_body"]
