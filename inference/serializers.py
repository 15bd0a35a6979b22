"""The shapes of the inference API."""

from typing import Any

from rest_framework import serializers


class PredictionIn(serializers.Serializer[Any]):
    """One of three forms; which names and shapes they take is in the model's signature."""

    rows = serializers.ListField(
        child=serializers.JSONField(), required=False, help_text="Lists, or objects by feature."
    )
    columns = serializers.DictField(
        child=serializers.ListField(), required=False, help_text="A list for each feature."
    )
    inputs = serializers.DictField(
        child=serializers.ListField(), required=False, help_text="A list of rows for each input."
    )


class PredictionOut(serializers.Serializer[Any]):
    """The answer, and under which approval or, in an emergency, under which grant it was given."""

    id = serializers.UUIDField()
    model = serializers.CharField()
    version = serializers.IntegerField()
    version_digest = serializers.CharField()
    share = serializers.IntegerField(
        required=False, help_text="Percent of the alias's calls that this version answers."
    )
    approval = serializers.UUIDField(required=False)
    emergency = serializers.UUIDField(
        required=False, help_text="The emergency grant, where no approval stands behind the answer."
    )
    emergency_until = serializers.DateTimeField(required=False)
    predictions = serializers.ListField(child=serializers.DictField())
