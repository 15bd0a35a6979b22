"""The shapes of passkeys: what browsers give and take, in their own words."""

from typing import Any

from rest_framework import serializers

from accounts.models import Passkey
from accounts.passkeys.records import said_by
from accounts.passkeys.services import LONGEST_NAME
from accounts.serializers import Reauthenticated
from common.api import Input
from trust.methods import OIDC, PASSKEY

LONGEST_ANSWER = 16_000


def _bytes(**more: Any) -> serializers.CharField:
    """Bytes in base64url."""
    return serializers.CharField(max_length=LONGEST_ANSWER, **more)


class AssertionAnswerIn(Input):
    """What a device has signed: bytes in base64url."""

    clientDataJSON = _bytes()  # noqa: N815 - WebAuthn's names
    authenticatorData = _bytes()  # noqa: N815
    signature = _bytes()
    userHandle = serializers.CharField(  # noqa: N815
        max_length=200, required=False, allow_null=True, allow_blank=True
    )


class AttestationIn(Input):
    """What a device gives that has made a passkey: bytes in base64url."""

    clientDataJSON = _bytes()  # noqa: N815 - WebAuthn's names
    attestationObject = _bytes()  # noqa: N815
    transports = serializers.ListField(
        child=serializers.CharField(max_length=40), max_length=20, required=False
    )
    # Browsers repeat parts of the attestation for those who cannot read it.
    authenticatorData = _bytes(required=False)  # noqa: N815
    publicKey = _bytes(required=False, allow_null=True)  # noqa: N815
    publicKeyAlgorithm = serializers.IntegerField(required=False)  # noqa: N815


class CredentialIn(Input):
    """A `PublicKeyCredential` as its `toJSON()` writes it."""

    id = serializers.CharField(max_length=2000)
    rawId = serializers.CharField(max_length=2000, required=False)  # noqa: N815
    type = serializers.CharField(max_length=20, required=False)
    authenticatorAttachment = serializers.CharField(  # noqa: N815
        max_length=100, required=False, allow_null=True
    )
    clientExtensionResults = serializers.DictField(required=False)  # noqa: N815


class AssertedIn(CredentialIn):
    """The answer of a passkey that signs."""

    response = AssertionAnswerIn()


class MadeIn(CredentialIn):
    """The answer of a device that has made a passkey."""

    response = AttestationIn()


class PasskeyProofIn(Input):
    """The answer to a challenge, given instead of the password."""

    challenge = serializers.UUIDField(help_text="The id of the challenge.")
    credential = AssertedIn()


class ProvedIn(Reauthenticated):
    """Who it is again, by password or by passkey."""

    password = serializers.CharField(
        max_length=1024,
        trim_whitespace=False,
        write_only=True,
        required=False,
        allow_blank=True,
        default="",
        help_text="Left out where a passkey answers.",
    )
    passkey = PasskeyProofIn(
        required=False,
        allow_null=True,
        default=None,
        write_only=True,
        help_text="The answer to a challenge for these very words; then no password is given.",
    )
    sign_in = serializers.UUIDField(
        required=False,
        allow_null=True,
        default=None,
        write_only=True,
        help_text="A challenge for these very words that the identity provider answered; then no "
        "password is given.",
    )


def by_field() -> serializers.ChoiceField:
    """How the person is going to prove an act that commits to its words."""
    return serializers.ChoiceField(
        [PASSKEY, OIDC],
        required=False,
        default=PASSKEY,
        help_text="`passkey`, or `oidc`: signing in anew at the identity provider, in a session.",
    )


class AskOut(serializers.Serializer[Any]):
    """A challenge that commits to what was sent; it may be answered once, within minutes."""

    challenge = serializers.UUIDField()
    public_key = serializers.DictField(
        help_text="`PublicKeyCredentialRequestOptions` as JSON; empty where no passkey is asked."
    )
    address = serializers.CharField(
        help_text="Where the browser goes to sign in anew, and `sign_in` of the act is the "
        "challenge then; empty where a passkey is asked."
    )
    intent = serializers.CharField(help_text="The canonical JSON to which the challenge commits.")


class PasskeyIn(Reauthenticated):
    """A passkey that a device has just made, its name, and who it is again."""

    name = serializers.CharField(max_length=LONGEST_NAME)
    challenge = serializers.UUIDField(help_text="The id of the challenge of the offer.")
    credential = MadeIn()


class RenameIn(Input):
    """Another name."""

    name = serializers.CharField(max_length=LONGEST_NAME)


class PasskeyOfferOut(serializers.Serializer[Any]):
    """A challenge for a new passkey; it may be answered once, within minutes."""

    challenge = serializers.UUIDField()
    public_key = serializers.DictField(help_text="`PublicKeyCredentialCreationOptions` as JSON.")


class PasskeyOut(serializers.ModelSerializer[Passkey]):
    """A passkey; the private half never leaves the device."""

    credential = serializers.SerializerMethodField()
    algorithm = serializers.SerializerMethodField()
    public_key = serializers.SerializerMethodField()
    aaguid = serializers.SerializerMethodField()
    attestation = serializers.SerializerMethodField()
    transports = serializers.SerializerMethodField()

    class Meta:
        model = Passkey
        fields = [
            "id",
            "name",
            "credential",
            "algorithm",
            "public_key",
            "aaguid",
            "attestation",
            "transports",
            "sign_count",
            "registered_at",
            "last_used_at",
            "removed_at",
        ]

    def get_credential(self, passkey: Passkey) -> str:
        """The digest of the credential's id, as log and records name it."""
        return f"sha256:{passkey.credential}"

    def get_algorithm(self, passkey: Passkey) -> str:
        """ES256, EdDSA or RS256."""
        return str(said_by(passkey)["algorithm"])

    def get_public_key(self, passkey: Passkey) -> str:
        """The COSE key in base64url."""
        return str(said_by(passkey)["public_key"])

    def get_aaguid(self, passkey: Passkey) -> str:
        """The make of the authenticator; zeros where it does not say."""
        return str(said_by(passkey)["aaguid"])

    def get_attestation(self, passkey: Passkey) -> str:
        """The format in which it vouched for itself; `none` for most."""
        return str(said_by(passkey)["attestation"])

    def get_transports(self, passkey: Passkey) -> list[str]:
        """How a browser reaches it."""
        return list(said_by(passkey)["transports"])
