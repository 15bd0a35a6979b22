"""REST edges of trying a policy on versions, and of comparing revisions."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.edges import CallerView
from accounts.selectors import team_named
from common.api import Input
from common.errors import Invalid
from common.openapi import changes, reads
from common.paging import KeysetPagination, page_schema
from governance import selectors
from governance.policy.changes import FieldChange, changes_between
from governance.policy.documents import Policy
from governance.policy.trials import LIVE, MOST_AT_ONCE, WHICH, try_policy, versions_to_try
from governance.serializers import GateOut, PolicyDocumentField
from registry.models import RiskTier
from registry.policies import may_read_evidence
from registry.selectors import version_numbered
from registry.serializers import DigestField


class TrialIn(Input):
    """A policy, or the document of one; and one version, or all that are live or approved now."""

    policy = serializers.UUIDField(required=False, help_text="A published revision.")
    document = PolicyDocumentField(required=False, help_text="A draft instead.")
    model = serializers.SlugField(max_length=100, required=False)
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    which = serializers.ChoiceField(
        WHICH, required=False, default=LIVE, help_text="Where no model is named."
    )
    tier = serializers.ChoiceField(
        RiskTier.choices, required=False, help_text="Needed where no model is named."
    )
    team = serializers.SlugField(max_length=64, required=False, allow_null=True, default=None)


class TrialOut(serializers.Serializer[Any]):
    """What the policy says of a version as it stands; waivers are not counted."""

    model = serializers.CharField(source="version.model.name")
    version = serializers.IntegerField(source="version.number")
    version_digest = DigestField(source="version.digest")
    elsewhere = serializers.BooleanField(
        help_text="Whether it is used elsewhere, and was asked what the policy asks of that."
    )
    passes = serializers.BooleanField()
    unreadable = serializers.CharField(help_text="Why nothing can be said; empty where it can.")
    gates = GateOut(many=True)


class FieldChangeOut(serializers.Serializer[Any]):
    """A field, or one of its rows, that the later revision says otherwise."""

    field = serializers.CharField(
        source="field.name",
        help_text="With `elsewhere.` before it: what a version that is used elsewhere is asked.",
    )
    row = serializers.CharField(help_text="Which row of the field; empty where it has none.")
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)
    effect = serializers.CharField(help_text="tightened, relaxed or changed")


class ByAge(KeysetPagination):
    """Newest versions first, few at once: each brings its reports."""

    page_size = MOST_AT_ONCE

    def get_page_size(self, request: Request) -> int:
        """At most so many. Raises Invalid as the base does."""
        return min(super().get_page_size(request), MOST_AT_ONCE)


class Trials(CallerView):
    """Trying a policy."""

    only_shows = True

    @extend_schema(
        operation_id="policies_try",
        request=TrialIn,
        responses=changes(200, page_schema(TrialOut)),
    )
    def post(self, request: Request) -> Response:
        """What a policy or a draft says of versions as they stand; changes nothing."""
        fields = TrialIn.read(request.data)
        policy = self._policy(fields)
        if "model" in fields or "version" in fields:
            return self._one(policy, fields)
        if "tier" not in fields:
            raise Invalid("Name a tier, or a model and a version.", field="tier")
        team = team_named(self.caller, fields["team"]) if fields["team"] else None
        rows = versions_to_try(self.caller, which=fields["which"], tier=fields["tier"], team=team)
        paginator = ByAge()
        page = paginator.paginate_queryset(rows, request, self) or []
        return paginator.get_paginated_response(TrialOut(try_policy(policy, page), many=True).data)

    def _policy(self, fields: dict[str, Any]) -> Policy:
        if ("policy" in fields) == ("document" in fields):
            raise Invalid("Give a policy or a document.", field="document")
        if "document" in fields:
            try:
                return Policy.read(fields["document"])
            except Invalid as error:
                raise Invalid(error.reason, field=f"document.{error.field}") from None
        return Policy.read(selectors.policy_by_id(self.caller, fields["policy"]).document)

    def _one(self, policy: Policy, fields: dict[str, Any]) -> Response:
        for name in ("model", "version"):
            if name not in fields:
                raise Invalid("Name a model and a version.", field=name)
        version = version_numbered(self.caller, fields["model"], fields["version"])
        may_read_evidence(self.caller, version.model.team_id).enforce()
        found = TrialOut(try_policy(policy, [version]), many=True).data
        return Response({"next": None, "previous": None, "results": found})


class PolicyChanges(CallerView):
    """What differs between two revisions."""

    @extend_schema(operation_id="policies_compare", responses=reads(FieldChangeOut(many=True)))
    def get(self, request: Request, policy_id: UUID, other_id: UUID) -> Response:
        """The fields that the first says otherwise than the other, and whether it asks more."""
        after = selectors.policy_by_id(self.caller, policy_id)
        before = selectors.policy_by_id(self.caller, other_id)
        found: list[FieldChange] = changes_between(before.document, after.document)
        return Response(FieldChangeOut(found, many=True).data)
