"""The shapes of waivers in the API."""

from typing import Any

from rest_framework import serializers

from accounts.passkeys.serializers import ProvedIn
from common.api import Input
from governance.models import Waiver, WaiverWithdrawal
from governance.reviewing.signing import method_of
from registry.serializers import DigestField


class WaiverOut(serializers.ModelSerializer[Waiver]):
    """A person's word that one finding of a gate shall not stop a version."""

    digest = DigestField()
    policy_digest = DigestField(source="policy.digest")
    measured = serializers.JSONField(allow_null=True)
    not_after = serializers.DateTimeField(help_text="From this moment on it no longer holds.")
    person = serializers.UUIDField(source="person_id")
    withdrawn_at = serializers.DateTimeField(source="withdrawal.at", default=None, allow_null=True)
    method = serializers.SerializerMethodField()

    class Meta:
        model = Waiver
        fields = [
            "id",
            "gate",
            "state",
            "measured",
            "reason",
            "not_after",
            "person",
            "printed_name",
            "role",
            "digest",
            "policy_digest",
            "at",
            "withdrawn_at",
            "method",
        ]

    def get_method(self, waiver: Waiver) -> str:
        """How the person was asked who he is, in the record's own words."""
        return method_of(waiver.record)


class NamedWaiverOut(serializers.Serializer[Any]):
    """A waiver as statement and envelope name it."""

    gate = serializers.CharField()
    digest = serializers.CharField()
    not_after = serializers.DateTimeField()


class WaiveIn(ProvedIn):
    """A waiver; password and code, or a passkey, are asked in the same request."""

    gate = serializers.CharField(max_length=64)
    gate_digest = serializers.CharField(max_length=71, help_text="Of the finding that was shown.")
    reason = serializers.CharField(max_length=4000)
    expires_on = serializers.DateField(help_text="The day, in UTC, on which it no longer holds.")


class WithdrawWaiverIn(Input):
    """Why a waiver ends."""

    reason = serializers.CharField(max_length=4000)


class WaiverWithdrawalOut(serializers.ModelSerializer[WaiverWithdrawal]):
    """The end of a waiver."""

    waiver = serializers.UUIDField(source="waiver_id")

    class Meta:
        model = WaiverWithdrawal
        fields = ["waiver", "reason", "at"]
