"""Shapes of what a move of an alias would do or has done."""

from typing import Any

from rest_framework import serializers


class OutlookOut(serializers.Serializer[Any]):
    """A dry run of a move."""

    possible = serializers.BooleanField(help_text="Whether the alias could be moved there now.")
    reason = serializers.CharField(help_text="Why it could not; empty where it could.")
    differences = serializers.ListField(
        child=serializers.CharField(),
        help_text="What would break callers; then the move needs accept_schema_change.",
    )
    consumers = serializers.ListField(
        child=serializers.CharField(), help_text="Persons who would be told of these differences."
    )


class MoveChangeOut(serializers.Serializer[Any]):
    """A move, or a share given, after which callers must send or expect something else."""

    model = serializers.CharField(source="move.model.name")
    alias = serializers.CharField(source="move.alias")
    at = serializers.DateTimeField(source="move.at")
    percent = serializers.IntegerField(
        source="move.percent", default=100, help_text="Of the calls; 100 where the alias moved."
    )
    from_version = serializers.IntegerField(source="move.from_version.number")
    to_version = serializers.IntegerField(source="move.to_version.number")
    differences = serializers.ListField(child=serializers.CharField())
