"""The shapes of the accounts API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import ApiToken, Identity, Team, User
from accounts.roles import Role, Scope
from common.api import Input


class Reauthenticated(Input):
    """What every body carries that asks who it is again."""

    password = serializers.CharField(max_length=1024, trim_whitespace=False, write_only=True)
    code = serializers.CharField(
        max_length=64,
        required=False,
        allow_blank=True,
        default="",
        write_only=True,
        help_text="What the authenticator app shows now; left out by who has none.",
    )


class MembershipOut(serializers.Serializer[Any]):
    """A role in a team."""

    team = serializers.CharField(source="team.slug")
    role = serializers.CharField()


class IdentityOut(serializers.ModelSerializer[Identity]):
    """An account at the identity provider that opens a login."""

    class Meta:
        model = Identity
        fields = ["id", "issuer", "subject", "bound_at"]


class UserOut(serializers.ModelSerializer[User]):
    """A login with its person and roles."""

    name = serializers.CharField(source="person.name")
    person = serializers.UUIDField(source="person_id")
    roles = MembershipOut(source="person.memberships", many=True)
    second_factor = serializers.SerializerMethodField()
    identities = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = [
            "id",
            "username",
            "name",
            "person",
            "email",
            "is_active",
            "is_admin",
            "second_factor",
            "identities",
            "roles",
        ]

    def get_second_factor(self, user: User) -> bool:
        """Whether the person has an authenticator app."""
        return hasattr(user.person, "second_factor")

    @extend_schema_field(IdentityOut(many=True))
    def get_identities(self, user: User) -> Any:
        """The accounts at the identity provider that open it."""
        found = getattr(user, "live_identities", None)
        rows = user.identities.filter(ended_at=None) if found is None else found
        return IdentityOut(rows, many=True).data


class UserIn(Input):
    """A new person with a login."""

    username = serializers.CharField(max_length=150)
    name = serializers.CharField(max_length=200)
    email = serializers.EmailField(required=False, allow_blank=True, default="")


class TeamIn(Input):
    """A new team."""

    slug = serializers.SlugField(max_length=64)
    name = serializers.CharField(max_length=200)


class TeamOut(serializers.ModelSerializer[Team]):
    """A team."""

    class Meta:
        model = Team
        fields = ["id", "slug", "name", "created_at"]


class RoleIn(Input):
    """A role for a login's person."""

    username = serializers.CharField(max_length=150)
    role = serializers.ChoiceField(Role.choices)


class FactorOut(serializers.Serializer[Any]):
    """Whether the caller has an authenticator app; never its secret."""

    enrolled = serializers.BooleanField()
    enrolled_at = serializers.DateTimeField(allow_null=True)
    recovery_codes_left = serializers.IntegerField()


class FactorOfferOut(serializers.Serializer[Any]):
    """A secret for an app, shown this once; it counts when its first code came back."""

    secret = serializers.CharField()
    address = serializers.CharField(help_text="The `otpauth:` address that stands in a QR code.")
    offer = serializers.CharField(
        source="sealed", help_text="To be sent with the code, within fifteen minutes."
    )


class ProofIn(Input):
    """Password and code, where one's own second factor is changed."""

    password = serializers.CharField(max_length=1024, trim_whitespace=False, write_only=True)
    code = serializers.CharField(
        max_length=64, write_only=True, help_text="Of the app, or a recovery code."
    )


class FactorIn(ProofIn):
    """The first code of an app, and the password."""

    offer = serializers.CharField(max_length=1000)


class RecoveryCodesOut(serializers.Serializer[Any]):
    """Recovery codes, shown this once."""

    recovery_codes = serializers.ListField(child=serializers.CharField())


class TokenIn(Input):
    """A new token of one's own."""

    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(Scope.choices), min_length=1, max_length=len(Scope.values)
    )
    days = serializers.IntegerField(min_value=1, max_value=365)


class TokenOut(serializers.ModelSerializer[ApiToken]):
    """A token without its secret."""

    class Meta:
        model = ApiToken
        fields = [
            "id",
            "name",
            "prefix",
            "last_four",
            "scopes",
            "created_at",
            "expires_at",
            "revoked_at",
            "last_used_at",
            "last_used_address",
        ]


class NewTokenOut(TokenOut):
    """A token with its text, shown this once."""

    token = serializers.CharField()

    class Meta(TokenOut.Meta):
        fields = [*TokenOut.Meta.fields, "token"]
