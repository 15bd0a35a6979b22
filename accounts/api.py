"""REST edges of people, teams, roles and tokens."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import policies, selectors, services
from accounts.edges import CallerView, once
from accounts.models import User
from accounts.oidc.identities import end_identity, identity_by_id
from accounts.serializers import (
    NewTokenOut,
    RoleIn,
    TeamIn,
    TeamOut,
    TokenIn,
    TokenOut,
    UserIn,
    UserOut,
)
from common.errors import NotFound
from common.openapi import KEY, changes, reads
from common.paging import KeysetPagination, page_of, page_schema


class ByUsername(KeysetPagination):
    """Alphabetical pages."""

    ordering = ("username",)


class Me(CallerView):
    """The caller."""

    @extend_schema(operation_id="me_read", responses=reads(UserOut))
    def get(self, request: Request) -> Response:
        """The caller's login, person and roles."""
        return Response(UserOut(selectors.people().get(pk=self.caller.user.pk)).data)


class Users(CallerView):
    """Logins."""

    @extend_schema(operation_id="users_list", responses=reads(page_schema(UserOut)))
    def get(self, request: Request) -> Response:
        """All logins, for administrators."""
        policies.may_manage_people(self.caller).enforce()
        return page_of(selectors.people(), request, self, UserOut, ByUsername)

    @extend_schema(operation_id="users_create", request=UserIn, responses=changes(201, UserOut))
    def post(self, request: Request) -> Response:
        """Enter a person with a login."""
        user = services.create_user(caller=self.caller, **UserIn.read(request.data))
        return Response(UserOut(user).data, status=201)


class Deactivation(CallerView):
    """Closing a login."""

    @extend_schema(operation_id="users_deactivate", request=None, responses=changes(200, UserOut))
    def post(self, request: Request, user_id: UUID) -> Response:
        """Close a login and end its tokens."""
        policies.may_manage_people(self.caller).enforce()
        user = selectors.people().filter(pk=user_id).first()
        if user is None:
            raise NotFound("There is no such login.")
        return Response(UserOut(services.deactivate_user(caller=self.caller, user=user)).data)


class IdentityRemoval(CallerView):
    """The end of an account's binding to a login."""

    @extend_schema(
        operation_id="users_identity_remove", request=None, responses=changes(200, UserOut)
    )
    def post(self, request: Request, user_id: UUID, identity_id: UUID) -> Response:
        """Let the account at the identity provider open the login no more."""
        policies.may_manage_people(self.caller).enforce()
        user = selectors.people().filter(pk=user_id).first()
        if user is None:
            raise NotFound("There is no such login.")
        end_identity(caller=self.caller, identity=identity_by_id(user, identity_id))
        return Response(UserOut(selectors.people().get(pk=user_id)).data)


class Teams(CallerView):
    """Teams."""

    @extend_schema(operation_id="teams_list", responses=reads(TeamOut(many=True)))
    def get(self, request: Request) -> Response:
        """Teams of the caller; all of them for administrators."""
        return Response(TeamOut(selectors.teams_of(self.caller)[:500], many=True).data)

    @extend_schema(
        operation_id="teams_create",
        parameters=[KEY],
        request=TeamIn,
        responses=changes(201, TeamOut),
    )
    @once
    def post(self, request: Request) -> Response:
        """Make a team."""
        team = services.create_team(caller=self.caller, **TeamIn.read(request.data))
        return Response(TeamOut(team).data, status=201)


class Roles(CallerView):
    """Roles in a team."""

    @extend_schema(operation_id="roles_grant", request=RoleIn, responses=changes(201, UserOut))
    def post(self, request: Request, slug: str) -> Response:
        """Give a person a role."""
        team = selectors.team_named(self.caller, slug)
        fields = RoleIn.read(request.data)
        policies.may_manage_roles(self.caller, team.pk).enforce()
        user = _login(fields["username"])
        services.grant_role(caller=self.caller, team=team, user=user, role=fields["role"])
        return Response(UserOut(selectors.people().get(pk=user.pk)).data, status=201)


class Role(CallerView):
    """One role of one person in a team."""

    @extend_schema(operation_id="roles_remove", responses=changes(204, None))
    def delete(self, request: Request, slug: str, username: str, role: str) -> Response:
        """Take a role away."""
        team = selectors.team_named(self.caller, slug)
        policies.may_manage_roles(self.caller, team.pk).enforce()
        services.remove_role(caller=self.caller, team=team, user=_login(username), role=role)
        return Response(status=204)


def _login(username: str) -> User:
    user = selectors.people().filter(username__iexact=username).first()
    if user is None:
        raise NotFound("There is no such login.", field="username")
    return user


class Tokens(CallerView):
    """One's own tokens."""

    @extend_schema(operation_id="tokens_list", responses=reads(page_schema(TokenOut)))
    def get(self, request: Request) -> Response:
        """Tokens of the caller's login."""
        rows = selectors.tokens_of(self.caller.user)
        return page_of(rows, request, self, TokenOut, KeysetPagination)

    @extend_schema(
        operation_id="tokens_create", request=TokenIn, responses=changes(201, NewTokenOut)
    )
    def post(self, request: Request) -> Response:
        """Make a token; its text is shown this once."""
        token, text = services.create_token(caller=self.caller, **TokenIn.read(request.data))
        return Response({**TokenOut(token).data, "token": text}, status=201)


class Token(CallerView):
    """One token."""

    @extend_schema(operation_id="tokens_revoke", responses=changes(204, None))
    def delete(self, request: Request, token_id: UUID) -> Response:
        """End a token."""
        services.revoke_token(caller=self.caller, token_id=token_id)
        return Response(status=204)
