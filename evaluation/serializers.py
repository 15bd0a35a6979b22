"""The shapes of the evaluation API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.api import Input
from evaluation.criteria import BOUNDS, MOST_FLOORS
from evaluation.metrics.catalogue import BY_NAME
from evaluation.models import EvaluationPlan, EvaluationRun, ExplanationRun
from evaluation.planned import Planned
from evaluation.selectors import document_of
from evaluation.services import MOST_RESAMPLES, MOST_ROWS, MOST_SEED, RESAMPLES
from evaluation.slicing import LEAST_ROWS, MOST_PARTS, MOST_SLICINGS
from registry.serializers import DigestField


class SlicingIn(Input):
    """A feature and how it cuts the rows: exactly one of categories, ranges and quantiles."""

    column = serializers.CharField(max_length=200, help_text="A feature of the snapshot.")
    categories = serializers.ListField(
        child=serializers.FloatField(),
        required=False,
        min_length=1,
        max_length=MOST_PARTS - 1,
        help_text="Rising; a slice for each of these values, all other rows are one more.",
    )
    ranges = serializers.ListField(
        child=serializers.FloatField(),
        required=False,
        min_length=1,
        max_length=MOST_PARTS - 1,
        help_text="Rising edges; a slice holds its lower edge.",
    )
    quantiles = serializers.IntegerField(
        min_value=2, max_value=MOST_PARTS, required=False, help_text="Into so many equal shares."
    )


class EvaluationIn(Input):
    """What to measure on: a plan, or rows."""

    plan = serializers.UUIDField(
        required=False, help_text="The version's last plan; what else is given must say the same."
    )
    dataset = serializers.UUIDField(required=False, help_text="Needed without a plan.")
    seed = serializers.IntegerField(
        min_value=0, max_value=MOST_SEED, required=False, help_text="Without a plan 0 by default."
    )
    resamples = serializers.IntegerField(
        min_value=100,
        max_value=MOST_RESAMPLES,
        required=False,
        help_text=f"Without a plan {RESAMPLES} by default.",
    )
    slices = serializers.ListField(
        child=SlicingIn(),
        required=False,
        max_length=MOST_SLICINGS,
        help_text="Every metric is measured on each slice of the rows too.",
    )


class CriterionIn(Input):
    """A limit on a metric: at least that where higher is better, else at most."""

    metric = serializers.ChoiceField(list(BY_NAME))
    limit = serializers.FloatField(min_value=-1e12, max_value=1e12)
    bound = serializers.ChoiceField(
        BOUNDS,
        required=False,
        default=BOUNDS[0],
        help_text="interval: the worse end of the 95 % interval must meet the limit.",
    )


class SliceCriterionIn(CriterionIn):
    """A limit that the worst slice must meet."""

    least_rows = serializers.IntegerField(
        min_value=1,
        max_value=10**9,
        required=False,
        default=LEAST_ROWS,
        help_text="A slice with fewer rows is not measured, so it does not pass.",
    )
    columns = serializers.ListField(
        child=serializers.CharField(max_length=200),
        required=False,
        max_length=MOST_SLICINGS,
        default=list,
        help_text="Features whose slices count; all of the plan where none is named.",
    )


class PlanIn(Input):
    """What a measurement has to show."""

    dataset = serializers.UUIDField()
    criteria = serializers.ListField(
        child=CriterionIn(), required=False, default=list, max_length=MOST_FLOORS
    )
    slices = serializers.ListField(
        child=SlicingIn(), required=False, default=list, max_length=MOST_SLICINGS
    )
    slice_criteria = serializers.ListField(
        child=SliceCriterionIn(), required=False, default=list, max_length=MOST_FLOORS
    )
    seed = serializers.IntegerField(min_value=0, max_value=MOST_SEED, required=False, default=0)
    resamples = serializers.IntegerField(
        min_value=100, max_value=MOST_RESAMPLES, required=False, default=RESAMPLES
    )


class CriterionOut(serializers.Serializer[Any]):
    """A limit on a metric."""

    metric = serializers.CharField()
    limit = serializers.FloatField()
    bound = serializers.ChoiceField(BOUNDS)


class PlanOut(serializers.ModelSerializer[EvaluationPlan]):
    """A sealed plan; its bytes are evidence of the version."""

    digest = DigestField(source="document.digest")
    criteria = serializers.SerializerMethodField()
    slices = serializers.SerializerMethodField()
    slice_criteria = serializers.SerializerMethodField()
    sealed_by = serializers.CharField(source="sealed_by.username")

    class Meta:
        model = EvaluationPlan
        fields = [
            "id",
            "digest",
            "dataset",
            "criteria",
            "slices",
            "slice_criteria",
            "seed",
            "resamples",
            "supersedes",
            "sealed_by",
            "sealed_at",
        ]

    @extend_schema_field(CriterionOut(many=True))
    def get_criteria(self, plan: EvaluationPlan) -> list[dict[str, Any]]:
        """The limits as they were sealed."""
        criteria: list[dict[str, Any]] = document_of(plan)["criteria"]
        return criteria

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_slices(self, plan: EvaluationPlan) -> list[dict[str, Any]]:
        """How the rows are sliced."""
        slices: list[dict[str, Any]] = document_of(plan).get("slices", [])
        return slices

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_slice_criteria(self, plan: EvaluationPlan) -> list[dict[str, Any]]:
        """The limits on the worst slice."""
        criteria: list[dict[str, Any]] = document_of(plan).get("slice_criteria", [])
        return criteria


class JudgedOut(CriterionOut):
    """A limit, and what the report says to it."""

    metric = serializers.CharField(source="floor.metric")
    limit = serializers.FloatField(source="floor.limit")
    bound = serializers.ChoiceField(BOUNDS, source="floor.bound")
    least_rows = serializers.IntegerField(
        source="floor.least_rows",
        default=None,
        allow_null=True,
        help_text="Of the worst slice that must meet the limit; null for a limit on all rows.",
    )
    state = serializers.CharField(help_text="passed (met), failed (not met) or not measured")
    measured = serializers.FloatField(allow_null=True)
    reason = serializers.CharField()


class ChangeOut(serializers.Serializer[Any]):
    """A part of the plan that the one before it says otherwise, or not at all (null)."""

    what = serializers.CharField()
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)


class PlannedOut(serializers.Serializer[Any]):
    """An evaluation beside the plan that was sealed before its run."""

    plan = PlanOut()
    criteria = JudgedOut(many=True)
    met = serializers.IntegerField()
    sealed_before_run_s = serializers.SerializerMethodField()
    known_before = serializers.IntegerField(
        source="known",
        help_text="Results on these rows that were there before the plan was sealed.",
    )
    earlier = PlanOut(many=True, help_text="Plans of the version before this one, the last first.")
    later = PlanOut(many=True, help_text="Plans sealed after the run was asked for.")
    changes = ChangeOut(many=True, help_text="Against the last of the earlier plans.")

    def get_sealed_before_run_s(self, planned: Planned) -> float:
        """Seconds from the seal until the run was asked for."""
        return planned.ahead.total_seconds()


class UsesOut(serializers.Serializer[Any]):
    """How often rows were measured on for a model, and for how many of its versions."""

    runs = serializers.IntegerField()
    versions = serializers.IntegerField()


class ModelUsesOut(UsesOut):
    """The same of each model."""

    model = serializers.CharField()
    last_at = serializers.DateTimeField()


class ExplanationIn(Input):
    """What to explain."""

    dataset = serializers.UUIDField()
    seed = serializers.IntegerField(min_value=0, max_value=MOST_SEED, required=False, default=0)
    rows = serializers.IntegerField(min_value=1, max_value=MOST_ROWS, required=False, default=100)


def _digest(row: Any) -> str | None:
    return f"sha256:{row.digest}" if row else None


class EvaluationOut(serializers.ModelSerializer[EvaluationRun]):
    """A measurement: its job, and its report once that has succeeded."""

    report = serializers.SerializerMethodField()
    golden = serializers.SerializerMethodField()
    slices = serializers.ListField(child=serializers.DictField())
    champion = serializers.IntegerField(source="champion.number", allow_null=True, default=None)

    class Meta:
        model = EvaluationRun
        fields = [
            "id",
            "job_id",
            "plan",
            "dataset",
            "champion",
            "seed",
            "resamples",
            "slices",
            "report",
            "golden",
            "created_at",
        ]

    def get_report(self, run: EvaluationRun) -> str | None:
        """Digest of the report."""
        return _digest(run.report)

    def get_golden(self, run: EvaluationRun) -> str | None:
        """Digest of the golden rows."""
        return _digest(run.golden)


class ExplanationOut(serializers.ModelSerializer[ExplanationRun]):
    """An explanation: its job, and its report once that has succeeded."""

    report = serializers.SerializerMethodField()

    class Meta:
        model = ExplanationRun
        fields = ["id", "job_id", "dataset", "rows", "seed", "report", "created_at"]

    def get_report(self, run: ExplanationRun) -> str | None:
        """Digest of the report."""
        return _digest(run.report)
