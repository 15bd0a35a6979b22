"""The shapes of findings in the API."""

from typing import Any

from rest_framework import serializers

from common.api import Input
from governance.attachments.serializers import AttachmentOut, attachments_in
from governance.findings.records import is_overdue, state_of
from governance.models import Finding, FindingEffect, FindingMove, Severity
from registry.serializers import DigestField


class NamedConditionOut(serializers.Serializer[Any]):
    """A condition as annex and envelope name it."""

    digest = serializers.CharField()
    due_on = serializers.DateField()


class AnnexOut(serializers.Serializer[Any]):
    """What signers are shown beside the statement."""

    digest = serializers.CharField(help_text="Empty where no condition is open.")
    conditions = NamedConditionOut(many=True)


class FindingMoveOut(serializers.ModelSerializer[FindingMove]):
    """An answer to a finding, its closing or its reopening."""

    digest = DigestField()
    evidence = serializers.ListField(child=serializers.CharField())
    person = serializers.UUIDField(source="person_id")
    name = serializers.CharField(source="person.name")

    class Meta:
        model = FindingMove
        fields = ["move", "text", "evidence", "person", "name", "digest", "at"]


class FindingOut(serializers.ModelSerializer[Finding]):
    """What a reviewer found in a version."""

    model = serializers.CharField(source="version.model.name")
    version = serializers.IntegerField(source="version.number")
    state = serializers.SerializerMethodField()
    overdue = serializers.SerializerMethodField()
    owner = serializers.UUIDField(source="owner_id")
    owner_name = serializers.CharField(source="owner.name")
    person = serializers.UUIDField(source="person_id")
    name = serializers.CharField(source="person.name", help_text="Of who raised it.")
    digest = DigestField()

    class Meta:
        model = Finding
        fields = [
            "id",
            "model",
            "version",
            "number",
            "severity",
            "effect",
            "state",
            "anchor",
            "text",
            "owner",
            "owner_name",
            "due_on",
            "overdue",
            "person",
            "name",
            "digest",
            "at",
        ]

    def get_state(self, finding: Finding) -> str:
        """open, answered or closed: what its moves say."""
        return state_of(finding)

    def get_overdue(self, finding: Finding) -> bool:
        """Whether its day has passed (UTC) and it is not closed."""
        return is_overdue(finding)


class FindingDetailOut(FindingOut):
    """A finding with everything that was said about it."""

    moves = FindingMoveOut(many=True)
    attachments = AttachmentOut(many=True)

    class Meta(FindingOut.Meta):
        fields = [*FindingOut.Meta.fields, "attachments", "moves"]


class FindingIn(Input):
    """A finding about a version; `anchor` is a gate, a section or a figure."""

    severity = serializers.ChoiceField(Severity.choices)
    effect = serializers.ChoiceField(FindingEffect.choices)
    text = serializers.CharField(max_length=4000)
    owner = serializers.CharField(max_length=150, help_text="The login of who is to answer.")
    due_on = serializers.DateField(help_text="The day, in UTC, by which it is to be settled.")
    anchor = serializers.CharField(max_length=64, required=False, allow_blank=True, default="")
    attachments = attachments_in()


class AnswerIn(Input):
    """What was done about a finding, and the reports or cards that show it."""

    text = serializers.CharField(max_length=4000)
    evidence = serializers.ListField(
        child=serializers.RegexField(r"^sha256:[0-9a-f]{64}$"), required=False, default=list
    )


class JudgementIn(Input):
    """Why a finding is closed or reopened."""

    text = serializers.CharField(max_length=4000)
