"""REST edges of what waits for the caller, and of mail about it."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.edges import CallerView
from common.openapi import changes, reads
from governance.waiting.lines import lines_for
from governance.waiting.serializers import MailingIn, MailingOut, WaitingOut
from governance.waiting.services import choose_mailing, mailing_of


class Waiting(CallerView):
    """What needs the caller."""

    @extend_schema(operation_id="waiting_list", responses=reads(WaitingOut(many=True)))
    def get(self, request: Request) -> Response:
        """What waits for the caller, by kind, what is due first; at most 50 of each kind."""
        lines = lines_for(self.caller, timezone.now())
        return Response(WaitingOut(lines, many=True).data)


class MailingView(CallerView):
    """Mail about what waits."""

    @extend_schema(operation_id="mailing_read", responses=reads(MailingOut))
    def get(self, request: Request) -> Response:
        """The caller's choice."""
        return Response(MailingOut(mailing_of(self.caller.user.person)).data)

    @extend_schema(
        operation_id="mailing_choose", request=MailingIn, responses=changes(200, MailingOut)
    )
    def put(self, request: Request) -> Response:
        """Choose; in a session only, as every setting of one's own."""
        row = choose_mailing(caller=self.caller, **MailingIn.read(request.data))
        return Response(MailingOut(row).data)
