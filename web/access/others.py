"""People, teams and roles."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts import policies, services
from accounts.models import Membership, Team, User
from accounts.roles import Role
from accounts.selectors import login_named, members_of, people, team_named, teams_of
from common.errors import Conflict, Invalid, NotFound
from web.access.sections import sections
from web.base import UNPROCESSABLE, PageView, show_refusal
from web.forms.access import PersonForm, RoleForm, TeamForm
from web.paging import alphabetical


class People(PageView):
    """All logins, for administrators; a new one is made here."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list with the form. 403 with the reason for everybody else."""
        policies.may_manage_people(self.caller).enforce()
        return self._page(PersonForm(), 200)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Enter a person with a login."""
        policies.may_manage_people(self.caller).enforce()
        form = PersonForm(request.POST)
        if not form.is_valid():
            return self._page(form, UNPROCESSABLE)
        try:
            user = services.create_user(caller=self.caller, **form.cleaned_data)
        except (Invalid, Conflict) as error:
            return self._page(form, show_refusal(form, error))
        messages.success(
            request,
            _("%(login)s is entered. Two administrators let the person set a password.")
            % {"login": user.username},
        )
        return redirect("web:new-password", user.pk)

    def _page(self, form: forms.Form, status: int) -> HttpResponse:
        find = self.request.GET.get("find", "")[:150]
        rows = people()
        if find:
            rows = rows.filter(username__icontains=find) | rows.filter(person__name__icontains=find)
        context = {
            "form": form,
            "find": find,
            "listing": alphabetical(rows, "username", self.request.GET.get("after", "")),
            "sections": sections(self.caller, "web:people"),
        }
        return self.page("access/people.html", context, status=status)


class PersonDeactivate(PageView):
    """Closing a login."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Close it; its sessions and tokens end."""
        policies.may_manage_people(self.caller).enforce()
        user = User.objects.select_related("person").filter(pk=pk).first()
        if user is None:
            raise NotFound("There is no such login.")
        services.deactivate_user(caller=self.caller, user=user)
        messages.success(request, _("%(login)s is closed.") % {"login": user.username})
        return redirect("web:people")


class Teams(PageView):
    """The person's teams (all for administrators); a new one is made here."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list."""
        return self._page(TeamForm(), 200)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make a team."""
        form = TeamForm(request.POST)
        if not form.is_valid():
            return self._page(form, UNPROCESSABLE)
        try:
            team = services.create_team(caller=self.caller, **form.cleaned_data)
        except (Invalid, Conflict) as error:
            return self._page(form, show_refusal(form, error))
        return redirect("web:team", team.slug)

    def _page(self, form: forms.Form, status: int) -> HttpResponse:
        listing = alphabetical(teams_of(self.caller), "slug", self.request.GET.get("after", ""))
        context = {
            "form": form,
            "listing": listing,
            "entries": [
                (team, [Role(role).label for role in Role if self.caller.has_role(team.pk, role)])
                for team in listing.rows
            ],
            "may_make": policies.may_manage_people(self.caller),
            "sections": sections(self.caller, "web:teams"),
        }
        return self.page("access/teams.html", context, status=status)


class TeamPage(PageView):
    """One team: who has which role; administrators give and take roles here."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """The page."""
        return self._page(team_named(self.caller, slug), RoleForm(), 200)

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Give a role."""
        team = team_named(self.caller, slug)
        policies.may_manage_roles(self.caller, team.pk).enforce()
        form = RoleForm(request.POST)
        if not form.is_valid():
            return self._page(team, form, UNPROCESSABLE)
        try:
            user = login_named(form.cleaned_data["username"])
            services.grant_role(
                caller=self.caller, team=team, user=user, role=form.cleaned_data["role"]
            )
        except NotFound as error:
            show_refusal(form, error)
            return self._page(team, form, UNPROCESSABLE)
        except (Invalid, Conflict) as error:
            return self._page(team, form, show_refusal(form, error))
        messages.success(request, _("The role is given."))
        return redirect("web:team", slug)

    def _page(self, team: Team, form: forms.Form, status: int) -> HttpResponse:
        context = {
            "team": team,
            "members": _by_person(members_of(team)),
            "form": form,
            "may_manage": policies.may_manage_roles(self.caller, team.pk),
            "sections": sections(self.caller, "web:teams"),
        }
        return self.page("access/team.html", context, status=status)


def _by_person(memberships: Iterable[Membership]) -> list[dict[str, Any]]:
    """{"person", "login", "user", "roles": [(value, label)]} by name; `user` is the login's id."""
    found: dict[UUID, dict[str, Any]] = {}
    for row in memberships:
        logins = sorted((user.username, user.pk) for user in row.person.logins.all())
        login, user = logins[0] if logins else ("", None)
        entry = found.setdefault(
            row.person_id, {"person": row.person, "login": login, "user": user, "roles": []}
        )
        entry["roles"].append((row.role, row.get_role_display()))
    return list(found.values())


class RoleRemove(PageView):
    """Taking a role away."""

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Take away the role that the form names."""
        team = team_named(self.caller, slug)
        policies.may_manage_roles(self.caller, team.pk).enforce()
        user = login_named(request.POST.get("username", ""))
        services.remove_role(
            caller=self.caller, team=team, user=user, role=request.POST.get("role", "")
        )
        messages.success(request, _("The role is taken away."))
        return redirect("web:team", slug)
