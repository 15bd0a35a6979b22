"""The shapes of the evaluation API."""

from typing import Any

from rest_framework import serializers

from common.api import Input
from evaluation.models import EvaluationRun, ExplanationRun
from evaluation.services import MOST_RESAMPLES, MOST_ROWS, MOST_SEED


class EvaluationIn(Input):
    """What to measure on."""

    dataset = serializers.UUIDField()
    seed = serializers.IntegerField(min_value=0, max_value=MOST_SEED, required=False, default=0)
    resamples = serializers.IntegerField(
        min_value=100, max_value=MOST_RESAMPLES, required=False, default=2000
    )


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
    champion = serializers.IntegerField(source="champion.number", allow_null=True, default=None)

    class Meta:
        model = EvaluationRun
        fields = [
            "id",
            "job_id",
            "dataset",
            "champion",
            "seed",
            "resamples",
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
