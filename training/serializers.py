"""The shapes of the training API."""

from typing import Any

from rest_framework import serializers

from common.api import Input
from training.models import CompressionMethod, CompressionRun, TrainingRun


class ParamOut(serializers.Serializer[Any]):
    """One parameter of a recipe or a compression."""

    name = serializers.CharField()
    kind = serializers.CharField()
    default = serializers.JSONField(source="initial")
    help = serializers.CharField()
    min = serializers.FloatField(allow_null=True)
    max = serializers.FloatField(allow_null=True)
    choices = serializers.ListField(child=serializers.CharField())


class RecipeOut(serializers.Serializer[Any]):
    """A way to train."""

    name = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    params = ParamOut(many=True)


class TrainingIn(Input):
    """What to train."""

    recipe = serializers.CharField(max_length=32)
    params = serializers.DictField(required=False, default=dict)
    dataset = serializers.UUIDField()
    validation = serializers.UUIDField(required=False, allow_null=True, default=None)


class TrainingOut(serializers.ModelSerializer[TrainingRun]):
    """A training: its job, and its version once that has succeeded."""

    model = serializers.CharField(source="model.name")
    version = serializers.IntegerField(source="version.number", allow_null=True, default=None)
    params = serializers.JSONField()
    history = serializers.JSONField()

    class Meta:
        model = TrainingRun
        fields = [
            "id",
            "model",
            "recipe",
            "params",
            "dataset",
            "validation",
            "job_id",
            "version",
            "history",
            "created_at",
        ]


class CompressionIn(Input):
    """How to make a version smaller."""

    method = serializers.ChoiceField(CompressionMethod.choices)
    params = serializers.DictField(required=False, default=dict)
    holdout = serializers.UUIDField(help_text="Held-out rows to compare parent and child on.")
    calibration = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="Training rows to work with."
    )


class CompressionOut(serializers.ModelSerializer[CompressionRun]):
    """A compression: its job, and its version once that has succeeded."""

    version = serializers.IntegerField(source="version.number", allow_null=True, default=None)
    parent: Any = serializers.IntegerField(source="parent.number")
    params = serializers.JSONField()

    class Meta:
        model = CompressionRun
        fields = [
            "id",
            "parent",
            "method",
            "params",
            "calibration",
            "holdout",
            "job_id",
            "version",
            "created_at",
        ]
