"""The form that seals the criteria of an evaluation: a limit, or none, for each metric."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from evaluation.metrics.contract import Metric
from evaluation.slicing import LEAST_ROWS
from web.forms.versions import EvaluationForm
from web.vocabulary import spoken

_HOW = ("dataset", "seed", "resamples", "slices")
_BOUNDS = (("value", gettext_lazy("the value")), ("interval", gettext_lazy("the interval")))


@dataclass(frozen=True)
class Line:
    """The fields of one metric."""

    title: str
    relation: str
    limit: forms.BoundField
    bound: forms.BoundField
    worst: forms.BoundField


class PlanForm(EvaluationForm):
    """Rows, seed and resamples of the run, and the limits that its report has to meet."""

    least_rows = forms.IntegerField(
        label=gettext_lazy("Least rows of a slice"),
        required=False,
        min_value=1,
        max_value=10**9,
        help_text=gettext_lazy("A slice with fewer rows is not measured, so it passes nothing."),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        snapshots: Any,
        metrics: Sequence[Metric],
        wished: Sequence[Mapping[str, Any]],
        worst: Sequence[Mapping[str, Any]] = (),
        **initial: Any,
    ) -> None:
        super().__init__(data, snapshots=snapshots)
        self.initial = initial
        self.metrics = metrics
        known = {entry["metric"]: entry for entry in wished}
        of_slices = {entry["metric"]: entry for entry in worst}
        for metric in metrics:
            self._add(metric, known.get(metric.name, {}), of_slices.get(metric.name, {}))
        least = next((entry["least_rows"] for entry in worst), LEAST_ROWS)
        self.fields["least_rows"].initial = least

    def _add(self, metric: Metric, wished: Mapping[str, Any], worst: Mapping[str, Any]) -> None:
        title = spoken(metric.title)
        self.fields[f"limit_{metric.name}"] = forms.FloatField(
            label=_("Limit of %(metric)s") % {"metric": title},
            required=False,
            initial=wished.get("limit"),
            widget=forms.NumberInput(attrs={"step": "any", "class": "in"}),
        )
        self.fields[f"bound_{metric.name}"] = forms.ChoiceField(
            label=_("What of %(metric)s must meet it") % {"metric": title},
            choices=_BOUNDS,
            initial=wished.get("bound", "value"),
            widget=forms.Select(attrs={"class": "in"}),
        )
        self.fields[f"worst_{metric.name}"] = forms.FloatField(
            label=_("Limit of %(metric)s in the worst slice") % {"metric": title},
            required=False,
            initial=worst.get("limit"),
            widget=forms.NumberInput(attrs={"step": "any", "class": "in"}),
        )
        for name in ("limit", "bound", "worst"):
            field = self.fields[f"{name}_{metric.name}"]
            field.widget.attrs["aria-label"] = str(field.label)

    def lines(self) -> Iterator[Line]:
        """The fields of the limits, by metric."""
        for metric in self.metrics:
            yield Line(
                spoken(metric.title),
                _("at least") if metric.direction == "higher" else _("at most"),
                self[f"limit_{metric.name}"],
                self[f"bound_{metric.name}"],
                self[f"worst_{metric.name}"],
            )

    def settings(self) -> list[forms.BoundField]:
        """The fields that say how it is measured."""
        return [self[name] for name in (*_HOW, "least_rows")]

    def clean(self) -> dict[str, Any]:
        """What was filled in, as the service takes it."""
        given = super().clean() or {}
        criteria = [
            {
                "metric": metric.name,
                "limit": given[f"limit_{metric.name}"],
                "bound": given.get(f"bound_{metric.name}"),
            }
            for metric in self.metrics
            if given.get(f"limit_{metric.name}") is not None
        ]
        worst = [
            {
                "metric": metric.name,
                "limit": given[f"worst_{metric.name}"],
                "bound": given.get(f"bound_{metric.name}"),
                "least_rows": given.get("least_rows") or LEAST_ROWS,
            }
            for metric in self.metrics
            if given.get(f"worst_{metric.name}") is not None
        ]
        how = {name: given[name] for name in _HOW if name in given}
        return how | {"criteria": criteria, "slice_criteria": worst}
