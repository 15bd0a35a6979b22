"""The shapes of findings in the API."""

from datetime import date
from typing import Any
from uuid import UUID

from rest_framework import serializers

from common.api import Input
from governance.attachments.serializers import AttachmentOut, attachments_in
from governance.findings.models import FindingAmendment
from governance.findings.records import duty_of, is_overdue, state_of
from governance.models import Finding, FindingEffect, FindingMove, Severity
from registry.serializers import DigestField


class NamedConditionOut(serializers.Serializer[Any]):
    """A condition as annex and envelope name it."""

    digest = serializers.CharField()
    due_on = serializers.DateField()
    amendment = serializers.CharField(
        required=False, help_text="The last change of its owner or day, where there was one."
    )


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
    attachments = AttachmentOut(many=True)

    class Meta:
        model = FindingMove
        fields = ["move", "text", "evidence", "attachments", "person", "name", "digest", "at"]


class FindingAmendmentOut(serializers.ModelSerializer[FindingAmendment]):
    """Another owner of a finding, another day, or both, and what they were before."""

    digest = DigestField()
    was_owner = serializers.UUIDField(source="was_owner_id")
    was_owner_name = serializers.CharField(source="was_owner.name")
    owner = serializers.UUIDField(source="owner_id")
    owner_name = serializers.CharField(source="owner.name")
    person = serializers.UUIDField(source="person_id")
    name = serializers.CharField(source="person.name")

    class Meta:
        model = FindingAmendment
        fields = [
            "was_owner",
            "was_owner_name",
            "was_due_on",
            "owner",
            "owner_name",
            "due_on",
            "text",
            "person",
            "name",
            "digest",
            "at",
        ]


class FindingOut(serializers.ModelSerializer[Finding]):
    """What a reviewer found in a version."""

    model = serializers.CharField(source="version.model.name")
    version = serializers.IntegerField(source="version.number")
    state = serializers.SerializerMethodField()
    overdue = serializers.SerializerMethodField()
    owner = serializers.SerializerMethodField(help_text="Who is to answer it now.")
    owner_name = serializers.SerializerMethodField()
    due_on = serializers.SerializerMethodField(help_text="The day, in UTC, that holds now.")
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

    def get_owner(self, finding: Finding) -> UUID:
        """Who is to answer it, as the last amendment says."""
        return duty_of(finding).owner.pk

    def get_owner_name(self, finding: Finding) -> str:
        """His name."""
        return duty_of(finding).owner.name

    def get_due_on(self, finding: Finding) -> date:
        """The day, as the last amendment says."""
        return duty_of(finding).due_on

    def get_overdue(self, finding: Finding) -> bool:
        """Whether its day has passed (UTC) and it is not closed."""
        return is_overdue(finding)


class FindingDetailOut(FindingOut):
    """A finding with everything that was said about it."""

    moves = FindingMoveOut(many=True)
    amendments = FindingAmendmentOut(many=True)
    attachments = AttachmentOut(many=True)

    class Meta(FindingOut.Meta):
        fields = [*FindingOut.Meta.fields, "attachments", "moves", "amendments"]


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
    attachments = attachments_in()


class AmendmentIn(Input):
    """Another owner, another day, or both; what is left out stays."""

    text = serializers.CharField(max_length=4000, help_text="Why.")
    owner = serializers.CharField(
        max_length=150, required=False, help_text="The login of who is to answer from now on."
    )
    due_on = serializers.DateField(required=False, help_text="The last day, in UTC.")


class JudgementIn(Input):
    """Why a finding is closed or reopened."""

    text = serializers.CharField(max_length=4000)
