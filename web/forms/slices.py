"""The field that says how rows are sliced: one feature a line, as text that needs no script."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from evaluation.slicing import HOWS

_LONGEST = 4000


class SlicesField(forms.CharField):
    """Lines such as `age: ranges 18, 65`; cleaned to what the service takes."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Slices"),
            required=False,
            max_length=_LONGEST,
            strip=False,
            widget=forms.Textarea(attrs={"class": "mono", "rows": "3", "spellcheck": "false"}),
            help_text=_(
                "One feature a line, as age: ranges 18, 65 or age: quantiles 4 or sex: categories "
                "0, 1. Every metric is measured on each slice too."
            ),
        )

    def clean(self, value: Any) -> Any:
        """The slicings of the lines. Raises ValidationError naming the line."""
        lines = enumerate(super().clean(value).splitlines(), start=1)
        return [_slicing(line, number) for number, line in lines if line.strip()]


def _slicing(line: str, number: int) -> dict[str, Any]:
    column, _colon, rest = line.rpartition(":")
    how, _space, said = rest.strip().partition(" ")
    try:
        values = [float(one) for one in said.split(",")]
    except ValueError:
        values = []
    if not column.strip() or how not in HOWS or not values:
        why = gettext("Line %(n)s is not like age: ranges 18, 65.")
        raise forms.ValidationError(why % {"n": number})
    if how == "quantiles" and len(values) == 1 and values[0].is_integer():
        return {"column": column.strip(), how: int(values[0])}
    return {"column": column.strip(), how: values}


def lines_of(slices: Iterable[Mapping[str, Any]]) -> str:
    """The lines that describe slicings."""
    lines = []
    for one in slices:
        how = next(name for name in HOWS if name in one)
        values = one[how] if isinstance(one[how], list) else [one[how]]
        lines.append(f"{one['column']}: {how} {', '.join(f'{value:.12g}' for value in values)}")
    return "\n".join(lines)
