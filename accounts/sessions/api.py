"""REST edges of sessions: one's own, and those of a person whom one looks after."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import policies, selectors
from accounts.callers import Caller
from accounts.edges import CallerView
from accounts.models import BrowserSession, User
from accounts.sessions.services import end_session, end_sessions, is_own_seat, sessions_of
from accounts.sessions.user_agents import program_and_system
from common.errors import NotFound
from common.openapi import changes, reads


class SessionOut(serializers.ModelSerializer[BrowserSession]):
    """A browser that is signed in; its key is shown to nobody."""

    program = serializers.SerializerMethodField()
    system = serializers.SerializerMethodField()
    is_current = serializers.SerializerMethodField()

    class Meta:
        model = BrowserSession
        fields = [
            "id",
            "program",
            "system",
            "agent",
            "address",
            "created_at",
            "last_used_at",
            "is_current",
        ]

    def get_program(self, session: BrowserSession) -> str:
        """The browser; empty where it is not known."""
        return program_and_system(session.agent)[0]

    def get_system(self, session: BrowserSession) -> str:
        """The operating system; empty where it is not known."""
        return program_and_system(session.agent)[1]

    def get_is_current(self, session: BrowserSession) -> bool:
        """Whether the request came through it."""
        caller: Caller = self.context["caller"]
        return is_own_seat(caller, session)


class EndedOut(serializers.Serializer[Any]):
    """How many sessions were ended."""

    ended = serializers.IntegerField()


class _Sessions(CallerView):
    def shown(self, user: User) -> Response:
        """The list."""
        policies.may_manage_sessions(self.caller, user).enforce()
        rows = sessions_of(user)
        return Response(SessionOut(rows, many=True, context={"caller": self.caller}).data)

    def login(self, user_id: UUID) -> User:
        """A login whose sessions the caller may see. Raises NotFound, NotAllowed."""
        user = selectors.people().filter(pk=user_id).first()
        if user is None or not policies.may_manage_sessions(self.caller, user):
            policies.keeps_sessions(self.caller).enforce()
            raise NotFound("There is no such login.")
        return user


class Mine(_Sessions):
    """The caller's own sessions."""

    @extend_schema(operation_id="sessions_list", responses=reads(SessionOut(many=True)))
    def get(self, request: Request) -> Response:
        """Those that are open, the one used last first."""
        return self.shown(self.caller.user)


class EndMine(_Sessions):
    """The end of one of the caller's sessions."""

    @extend_schema(operation_id="sessions_end", request=None, responses=changes(204, None))
    def post(self, request: Request, session_id: UUID) -> Response:
        """Sign it out."""
        end_session(caller=self.caller, user=self.caller.user, session_id=session_id)
        return Response(status=204)


class EndOthers(_Sessions):
    """The end of the caller's other sessions."""

    @extend_schema(
        operation_id="sessions_end_others", request=None, responses=changes(200, EndedOut)
    )
    def post(self, request: Request) -> Response:
        """Sign all of them out but the one that asks."""
        ended = end_sessions(caller=self.caller, user=self.caller.user)
        return Response(EndedOut({"ended": ended}).data)


class OfUser(_Sessions):
    """The sessions of a person whom the caller looks after."""

    @extend_schema(operation_id="users_sessions_list", responses=reads(SessionOut(many=True)))
    def get(self, request: Request, user_id: UUID) -> Response:
        """Those that are open, for administrators of the instance or of a team of the person."""
        return self.shown(self.login(user_id))


class EndOfUser(_Sessions):
    """The end of the sessions of a person whom the caller looks after."""

    @extend_schema(
        operation_id="users_sessions_end", request=None, responses=changes(200, EndedOut)
    )
    def post(self, request: Request, user_id: UUID) -> Response:
        """Sign the login out everywhere."""
        ended = end_sessions(caller=self.caller, user=self.login(user_id))
        return Response(EndedOut({"ended": ended}).data)
