"""The form that seals the criteria of an evaluation: a limit, or none, for each metric."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from evaluation.metrics.contract import Metric
from web.forms.versions import EvaluationForm
from web.vocabulary import spoken

_HOW = ("dataset", "seed", "resamples")
_BOUNDS = (("value", gettext_lazy("the value")), ("interval", gettext_lazy("the interval")))


@dataclass(frozen=True)
class Line:
    """The fields of one metric."""

    title: str
    relation: str
    limit: forms.BoundField
    bound: forms.BoundField


class PlanForm(EvaluationForm):
    """Rows, seed and resamples of the run, and the limits that its report has to meet."""

    def __init__(
        self,
        data: Any = None,
        *,
        snapshots: Any,
        metrics: Sequence[Metric],
        wished: Sequence[Mapping[str, Any]],
        **initial: Any,
    ) -> None:
        super().__init__(data, snapshots=snapshots)
        self.initial = initial
        self.metrics = metrics
        known = {entry["metric"]: entry for entry in wished}
        for metric in metrics:
            self._add(metric, known.get(metric.name, {}))

    def _add(self, metric: Metric, wished: Mapping[str, Any]) -> None:
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
        for name in ("limit", "bound"):
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
            )

    def settings(self) -> list[forms.BoundField]:
        """The fields that say how it is measured."""
        return [self[name] for name in _HOW]

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
        how = {name: given[name] for name in _HOW if name in given}
        return how | {"criteria": criteria}
