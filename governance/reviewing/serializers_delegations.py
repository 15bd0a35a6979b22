"""The shapes of delegations in the API."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from common.api import Input
from governance.reviewing.models import Delegation


class DelegationOut(serializers.ModelSerializer[Delegation]):
    """Who is asked in the place of whom, and when."""

    person = serializers.UUIDField(source="person_id")
    name = serializers.CharField(source="person.name", help_text="Of who is away.")
    delegate = serializers.UUIDField(source="delegate_id")
    delegate_name = serializers.CharField(source="delegate.name")
    ended_at = serializers.SerializerMethodField()

    class Meta:
        model = Delegation
        fields = [
            "id",
            "person",
            "name",
            "delegate",
            "delegate_name",
            "starts_on",
            "ends_on",
            "ended_at",
            "at",
        ]

    def get_ended_at(self, row: Delegation) -> datetime | None:
        """When it was ended before its day; null where it was not."""
        return row.ending.at if hasattr(row, "ending") else None


class DelegationIn(Input):
    """Who shall be asked in the caller's place."""

    delegate: Any = serializers.CharField(
        max_length=150, help_text="The login of another person who reviews in the caller's teams."
    )
    starts_on = serializers.DateField(help_text="The first day, in UTC.")
    ends_on = serializers.DateField(help_text="The last day, in UTC.")
