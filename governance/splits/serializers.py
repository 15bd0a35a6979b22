"""Shapes of splits."""

from typing import Any

from rest_framework import serializers

from common.api import Input
from governance.splits.models import MOST_PERCENT, SplitMove


class SplitIn(Input):
    """The share that a challenger shall answer."""

    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    percent = serializers.IntegerField(min_value=1, max_value=MOST_PERCENT)
    reason = serializers.CharField(max_length=2000)
    accept_schema_change = serializers.BooleanField(required=False, default=False)


class SplitEndIn(Input):
    """Why a challenger answers no more."""

    reason = serializers.CharField(max_length=2000)


class SplitMoveOut(serializers.ModelSerializer[SplitMove]):
    """A share that was given to a challenger, or 0 percent where it ended."""

    holder: Any = serializers.SlugRelatedField(slug_field="number", read_only=True)
    version: Any = serializers.SlugRelatedField(slug_field="number", read_only=True)
    approval = serializers.UUIDField(source="approval_id")
    by = serializers.CharField(source="by.username", allow_null=True, default=None)

    class Meta:
        model = SplitMove
        fields = [
            "alias",
            "holder",
            "version",
            "percent",
            "approval",
            "cause",
            "reason",
            "by",
            "at",
        ]
