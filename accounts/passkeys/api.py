"""REST edges of passkeys: one's own, and how they are made."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.edges import CallerView
from accounts.passkeys import services as passkeys
from accounts.passkeys.records import passkey_by_id, passkeys_of
from accounts.passkeys.serializers import PasskeyIn, PasskeyOfferOut, PasskeyOut, RenameIn
from accounts.serializers import Reauthenticated
from common.openapi import changes, reads


class Passkeys(CallerView):
    """The caller's own passkeys."""

    @extend_schema(operation_id="passkeys_list", responses=reads(PasskeyOut(many=True)))
    def get(self, request: Request) -> Response:
        """Those that sign now, the oldest first."""
        return Response(PasskeyOut(passkeys_of(self.caller.person_id), many=True).data)

    @extend_schema(
        operation_id="passkeys_register",
        request=PasskeyIn,
        responses=changes(201, PasskeyOut, 429),
    )
    def post(self, request: Request) -> Response:
        """Keep the passkey that a device has made for the challenge of an offer."""
        fields = PasskeyIn.read(request.data)
        passkey = passkeys.register_passkey(caller=self.caller, **fields)
        return Response(PasskeyOut(passkey).data, status=201)


class Offer(CallerView):
    """How a passkey is made."""

    @extend_schema(
        operation_id="passkeys_offer", request=None, responses=changes(201, PasskeyOfferOut, 429)
    )
    def post(self, request: Request) -> Response:
        """A challenge and what `navigator.credentials.create` takes."""
        offer = passkeys.offer_passkey(caller=self.caller)
        return Response(PasskeyOfferOut(offer).data, status=201)


class Passkey(CallerView):
    """One of the caller's own passkeys."""

    @extend_schema(
        operation_id="passkeys_rename", request=RenameIn, responses=changes(200, PasskeyOut)
    )
    def patch(self, request: Request, passkey_id: UUID) -> Response:
        """Give it another name."""
        fields = RenameIn.read(request.data)
        passkey = passkey_by_id(self.caller.person_id, passkey_id)
        renamed = passkeys.rename_passkey(caller=self.caller, passkey=passkey, **fields)
        return Response(PasskeyOut(renamed).data)


class Removal(CallerView):
    """The end of one of the caller's own passkeys."""

    @extend_schema(
        operation_id="passkeys_remove",
        request=Reauthenticated,
        responses=changes(200, PasskeyOut, 429),
    )
    def post(self, request: Request, passkey_id: UUID) -> Response:
        """Sign with it no more, with the password; what it has signed stays signed."""
        fields = Reauthenticated.read(request.data)
        passkey = passkey_by_id(self.caller.person_id, passkey_id)
        removed = passkeys.remove_passkey(caller=self.caller, passkey=passkey, **fields)
        return Response(PasskeyOut(removed).data)
