"""The shapes of who is asked to sign, in the API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.api import Input
from governance.reviewing.delegations import stand_in_for
from governance.reviewing.models import Assignee, Assignment
from governance.reviewing.serializers_delegations import DelegationOut


class AssigneeOut(serializers.ModelSerializer[Assignee]):
    """A person who is asked to sign."""

    person = serializers.UUIDField(source="person_id")
    name = serializers.CharField(source="person.name")
    stand_in = serializers.SerializerMethodField()

    class Meta:
        model = Assignee
        fields = ["person", "name", "stand_in"]

    @extend_schema_field(DelegationOut(allow_null=True))
    def get_stand_in(self, row: Assignee) -> Any:
        """The delegation that holds today, where the person is away; it moves no authority."""
        held = stand_in_for(row.person)
        return DelegationOut(held).data if held else None


class AssignmentOut(serializers.ModelSerializer[Assignment]):
    """Who is asked to sign a review, and by which day."""

    assignees = AssigneeOut(many=True)
    by = serializers.CharField(source="person.name", help_text="Who said so.")

    class Meta:
        model = Assignment
        fields = ["assignees", "due_on", "by", "at"]


class AssignmentIn(Input):
    """Who shall be asked, in place of whoever is asked now."""

    assignees: Any = serializers.ListField(
        child=serializers.CharField(max_length=150),
        max_length=20,
        help_text="The logins of persons who may sign; empty: nobody in particular.",
    )
    due_on = serializers.DateField(
        allow_null=True, help_text="The day, in UTC, by which signatures are wanted; null: none."
    )
