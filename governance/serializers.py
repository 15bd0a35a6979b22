"""The shapes of the governance API."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.passkeys.serializers import ProvedIn
from common.api import Input
from evaluation.serializers import PlannedOut, UsesOut
from governance.approvals.answering import ANSWERINGS
from governance.findings.selectors import conditions_named
from governance.findings.serializers import AnnexOut, FindingOut, NamedConditionOut
from governance.models import (
    Approval,
    PolicyVersion,
    Review,
    Revocation,
    Signature,
    SignDecision,
)
from governance.policy.reading import json_schema
from governance.policy.scopes import LONGEST_PURPOSE, MOST_NAMES
from governance.policy.validity import renewable_from
from governance.reviewing.assignments import holding_assignment, is_late
from governance.reviewing.serializers_assigning import AssignmentOut
from governance.reviewing.signing import method_of
from governance.waivers.serializers import NamedWaiverOut, WaiverOut
from registry.serializers import DigestField
from trust.scope import WHOLE


class GateOut(serializers.Serializer[Any]):
    """The answer of a gate."""

    gate = serializers.CharField()
    state = serializers.CharField(help_text="passed, failed or not measured")
    measured = serializers.JSONField(allow_null=True)
    limit = serializers.JSONField(allow_null=True)
    required: Any = serializers.BooleanField()
    reason = serializers.CharField()
    evidence = serializers.CharField(allow_null=True)
    digest = serializers.CharField(help_text="Of the finding; a waiver is given for it.")
    waivable = serializers.BooleanField(
        help_text="Whether it has not passed and the policy lets it be waived."
    )
    waiver = WaiverOut(allow_null=True, help_text="The waiver that holds now.")


class SignatureOut(serializers.ModelSerializer[Signature]):
    """A signature under the review's statement."""

    digest = DigestField()
    person = serializers.UUIDField(source="person_id")
    method = serializers.SerializerMethodField()

    class Meta:
        model = Signature
        fields = ["digest", "person", "printed_name", "role", "decision", "reason", "at", "method"]

    def get_method(self, signature: Signature) -> str:
        """How the person was asked who he is, in the record's own words."""
        return method_of(signature.record)


class ApprovalOut(serializers.ModelSerializer[Approval]):
    """The notary's approval."""

    envelope_digest = DigestField()
    revoked_at = serializers.SerializerMethodField()
    waivers = serializers.SerializerMethodField()
    conditions = serializers.SerializerMethodField()

    class Meta:
        model = Approval
        fields = [
            "id",
            "envelope_digest",
            "issued_at",
            "not_after",
            "revoked_at",
            "waivers",
            "conditions",
        ]

    def get_revoked_at(self, approval: Approval) -> str | None:
        """When it was revoked."""
        revocation = getattr(approval, "revocation", None)
        return revocation.at.isoformat() if revocation else None

    @extend_schema_field(NamedWaiverOut(many=True))
    def get_waivers(self, approval: Approval) -> list[dict[str, Any]]:
        """The waivers that it rests on; it ends with the first of them."""
        waivers: list[dict[str, Any]] = self.context["statement"]["waivers"]
        return waivers

    @extend_schema_field(NamedConditionOut(many=True))
    def get_conditions(self, approval: Approval) -> list[dict[str, str]]:
        """The conditions that its signers accepted."""
        return conditions_named(approval)


class ReviewOut(serializers.ModelSerializer[Review]):
    """A review in a list."""

    model = serializers.CharField(source="version.model.name")
    number = serializers.IntegerField(source="version.number")
    statement_digest = DigestField()
    opened_by = serializers.CharField(source="opened_by.username")
    signatures = SignatureOut(many=True)
    assignment = serializers.SerializerMethodField()
    overdue = serializers.SerializerMethodField()

    class Meta:
        model = Review
        fields = [
            "id",
            "model",
            "number",
            "state",
            "statement_digest",
            "opened_by",
            "opened_at",
            "closed_at",
            "notary_note",
            "signatures",
            "assignment",
            "overdue",
        ]

    @extend_schema_field(AssignmentOut(allow_null=True))
    def get_assignment(self, review: Review) -> Any:
        """Who is asked to sign and by when; null where nobody ever was."""
        held = holding_assignment(review)
        return AssignmentOut(held).data if held else None

    def get_overdue(self, review: Review) -> bool:
        """Whether it still takes signatures after the day by which they were wanted (UTC)."""
        return is_late(review)


class ReviewDetailOut(ReviewOut):
    """A review with its statement and approval."""

    statement = serializers.SerializerMethodField()
    waivers = serializers.SerializerMethodField()
    annex = serializers.SerializerMethodField()
    findings = serializers.SerializerMethodField()
    plan = serializers.SerializerMethodField()
    uses = serializers.SerializerMethodField()
    approval = serializers.SerializerMethodField()

    class Meta(ReviewOut.Meta):
        fields = [
            *ReviewOut.Meta.fields,
            "statement",
            "waivers",
            "annex",
            "findings",
            "plan",
            "uses",
            "approval",
        ]

    def get_statement(self, review: Review) -> dict[str, Any]:
        """The statement that persons sign, parsed; its bytes are at `statement`."""
        from_selector: dict[str, Any] = self.context["statement"]
        return from_selector

    @extend_schema_field(WaiverOut(many=True))
    def get_waivers(self, review: Review) -> Any:
        """The waivers that the statement names."""
        return WaiverOut(self.context["waivers"], many=True).data

    @extend_schema_field(AnnexOut)
    def get_annex(self, review: Review) -> dict[str, Any]:
        """What signers are shown beside the statement now; its digest goes with a signature."""
        annex = self.context["annex"]
        digest = f"sha256:{annex.digest}" if annex.digest else ""
        return {"digest": digest, "conditions": annex.document.get("conditions", [])}

    @extend_schema_field(FindingOut(many=True))
    def get_findings(self, review: Review) -> Any:
        """The findings about the version that are not closed."""
        return FindingOut(self.context["findings"], many=True).data

    @extend_schema_field(PlannedOut(allow_null=True))
    def get_plan(self, review: Review) -> Any:
        """The plan of the evaluation that the statement names; null if none was sealed before."""
        plan = self.context["measured"].plan
        return PlannedOut(plan).data if plan else None

    @extend_schema_field(UsesOut(allow_null=True))
    def get_uses(self, review: Review) -> Any:
        """Uses of that evaluation's rows for the model; null where nothing was measured."""
        uses = self.context["measured"].uses
        return UsesOut(uses).data if uses else None

    def get_approval(self, review: Review) -> dict[str, Any] | None:
        """The approval, once the notary has given it."""
        approval = getattr(review, "approval", None)
        return dict(ApprovalOut(approval, context=self.context).data) if approval else None


class ApprovalScopeIn(Input):
    """What a version shall be approved for; what is left out is as the policy has it."""

    aliases = serializers.ListField(
        child=serializers.CharField(max_length=64),
        required=False,
        max_length=MOST_NAMES,
        help_text='Names of aliases; ["*"] is every alias.',
    )
    environments = serializers.ListField(
        child=serializers.CharField(max_length=64),
        required=False,
        max_length=MOST_NAMES,
        help_text="Names of environments (ASSAY_ENVIRONMENT of the inference processes).",
    )
    consumers = serializers.ListField(
        child=serializers.CharField(max_length=160),
        required=False,
        max_length=MOST_NAMES,
        help_text="team:SLUG, person:LOGIN or token:ID of who may call; left out: every member.",
    )
    purpose = serializers.CharField(max_length=LONGEST_PURPOSE, required=False)
    traffic_share = serializers.IntegerField(
        min_value=1,
        max_value=WHOLE,
        required=False,
        help_text="Percent of an alias's calls that it may answer at most; left out: all.",
    )


class SubmitIn(Input):
    """What a version is submitted for."""

    scope = ApprovalScopeIn(required=False)


class SignIn(ProvedIn):
    """A signature; password and code, or a passkey, are asked in the same request."""

    statement_digest = serializers.CharField(max_length=71, help_text="Of what was shown.")
    annex_digest = serializers.CharField(
        max_length=71,
        required=False,
        allow_blank=True,
        default="",
        help_text="Of the open conditions that were shown; left out where there are none.",
    )
    decision = serializers.ChoiceField(SignDecision.choices)
    reason = serializers.CharField(max_length=4000)


class PromoteIn(Input):
    """Where an alias shall point."""

    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    reason = serializers.CharField(max_length=2000)
    accept_schema_change = serializers.BooleanField(required=False, default=False)


class ChallengerOut(serializers.Serializer[Any]):
    """The version that is to answer a share of an alias's calls, and whether it does."""

    version = serializers.IntegerField(source="version.number")
    version_digest = DigestField(source="version.digest")
    percent = serializers.IntegerField()
    served = serializers.BooleanField(help_text="If not, the holder answers its share as well.")
    state = serializers.ChoiceField(ANSWERINGS)
    reason = serializers.CharField(help_text="Why it is not served; empty where it is.")


class AnswerOut(serializers.Serializer[Any]):
    """An alias, the version behind it, and whether that answers."""

    alias = serializers.CharField(source="alias.name")
    version = serializers.IntegerField(source="alias.version.number")
    version_digest = DigestField(source="alias.version.digest")
    moved_at = serializers.DateTimeField(source="alias.moved_at")
    served = serializers.BooleanField(help_text="Whether the serving gate would serve it now.")
    state = serializers.ChoiceField(ANSWERINGS)
    reason = serializers.CharField(help_text="Why it is not served; empty where it is.")
    stale_until = serializers.DateTimeField(
        allow_null=True, help_text="How long it is served on, where its approval is stale."
    )
    share = serializers.IntegerField(help_text="Percent of the calls that it answers, if it is.")
    challenger = ChallengerOut(
        allow_null=True, help_text="Who answers a share of the calls; else the holder answers all."
    )


class EndingOut(serializers.Serializer[Any]):
    """An approval that ends soon, and what it concerns."""

    model = serializers.CharField(source="version.model.name")
    version = serializers.IntegerField(source="version.number")
    version_digest = DigestField(source="version.digest")
    approval = serializers.UUIDField(source="pk")
    not_after = serializers.DateTimeField()
    renewable_from = serializers.SerializerMethodField(
        help_text="From then on the version may be submitted anew; it is served meanwhile."
    )
    stale_since = serializers.DateTimeField(
        source="staleness.since", default=None, allow_null=True, help_text="A newer card or policy."
    )
    served_until = serializers.DateTimeField(
        source="staleness.until", default=None, allow_null=True, help_text="Where it is stale."
    )
    aliases = serializers.SerializerMethodField()

    def get_renewable_from(self, row: Approval) -> datetime:
        """When the renewal may begin."""
        return renewable_from(row)

    def get_aliases(self, row: Approval) -> list[str]:
        """The aliases that point at the version."""
        return sorted(alias.name for alias in row.version.aliases.all())


class RevokeIn(ProvedIn):
    """Why an approval ends."""

    reason = serializers.CharField(max_length=2000)


class RevocationOut(serializers.ModelSerializer[Revocation]):
    """The end of an approval."""

    approval = serializers.UUIDField(source="approval_id")

    class Meta:
        model = Revocation
        fields = ["approval", "reason", "at"]


class RetireIn(Input):
    """Why a version is taken out of use."""

    reason = serializers.CharField(max_length=2000)


@extend_schema_field(json_schema())
class PolicyDocumentField(serializers.DictField):
    """The document of a policy; what it says is read by the service, which names the field."""


class PolicyOut(serializers.ModelSerializer[PolicyVersion]):
    """A revision of an approval policy."""

    team = serializers.CharField(source="team.slug", allow_null=True, default=None)
    digest = DigestField()
    document = serializers.JSONField()
    published_by = serializers.CharField(
        source="published_by.username", allow_null=True, default=None
    )

    class Meta:
        model = PolicyVersion
        fields = [
            "id",
            "name",
            "revision",
            "tier",
            "team",
            "digest",
            "document",
            "published_by",
            "published_at",
            "proposal",
        ]
