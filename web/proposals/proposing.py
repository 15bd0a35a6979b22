"""Pages on which something is proposed that takes two persons."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import policies
from accounts.models import Proposal, Team, User
from accounts.oidc.identities import bound_to, end_identity, identity_by_id
from accounts.passkeys.assertions import Ask
from accounts.proposals.services import ask_to_propose, propose
from accounts.selectors import team_named
from common.errors import NotFound
from web.access.sections import sections
from web.base import PageView
from web.formpage import FormPage
from web.forms.proposals import ProposeForm, ProposeIdentityForm, ProposeRolesForm
from web.forms.proving import Asks, given_proof
from web.proving import asks_of, challenge_for


def proposed(page: Any, proposal: Proposal) -> HttpResponse:
    """On to what was proposed, with a word on what comes next."""
    messages.success(page.request, _("Proposed. Nothing is done until another person confirms it."))
    return redirect("web:proposal", proposal.pk)


class Proposing(FormPage, ABC):
    """A page that proposes; before it is sent it may ask for a challenge at `?ask`."""

    kind: ClassVar[str]

    @abstractmethod
    def wish(self, form: forms.Form) -> dict[str, Any]:
        """What is proposed, in the words of the kind."""

    def asks(self) -> Asks:
        """What the person may show."""
        return asks_of(self.caller, f"{self.request.path}?ask")

    def sent(self, request: Any) -> forms.Form:
        """Kept, for the wish is read from it."""
        self.filled = super().sent(request)
        return self.filled

    def post(self, request: HttpRequest, **address: Any) -> HttpResponse:
        """Proposes it, or makes the challenge that proves it."""
        if "ask" not in request.GET:
            return super().post(request, **address)
        self.prepare(**address)
        return challenge_for(self.sent(request), request, self._ask)

    def _ask(self, by: str) -> Ask:
        reason = self.filled.cleaned_data["reason"]
        wish = self.wish(self.filled)
        return ask_to_propose(caller=self.caller, kind=self.kind, wish=wish, reason=reason, by=by)

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Proposes it."""
        proof = given_proof(self.filled)
        wish, reason = self.wish(self.filled), given["reason"]
        return proposed(
            self,
            propose(caller=self.caller, kind=self.kind, wish=wish, reason=reason, **proof),
        )


class ProposePage(Proposing):
    """What is going to be proposed, why, and who says so."""

    template = "proposals/propose.html"
    renamed: ClassVar[dict[str, str]] = {"username": "reason"}
    what: ClassVar[str | Promise]
    section: ClassVar[str]
    title: str

    def form(self, data: Any = None) -> forms.Form:
        """Reason and proof."""
        return ProposeForm(data, asks=self.asks())

    def context(self) -> dict[str, Any]:
        """Head and words of the page."""
        return {
            "title": self.title,
            "what": self.what,
            "sections": sections(self.caller, self.section),
        }


class ProposeRoles(ProposePage):
    """Roles of a team that sign or administer."""

    kind = "roles"
    section = "web:teams"
    what = gettext_lazy(
        "Roles that sign or administer are given by two persons: you propose them, and another "
        "administrator or a manager of the team confirms them."
    )
    renamed: ClassVar[dict[str, str]] = {"grants": "usernames"}
    team: Team

    def prepare(self, **address: Any) -> None:
        """Refuses whoever may not give roles in the team."""
        self.team = team_named(self.caller, address["slug"])
        policies.may_manage_roles(self.caller, self.team.pk).enforce()
        self.title = _("Propose roles in %(team)s") % {"team": self.team.name}

    def form(self, data: Any = None) -> forms.Form:
        """Who, which role, reason and proof."""
        return ProposeRolesForm(data, asks=self.asks(), use_required_attribute=True)

    def wish(self, form: forms.Form) -> dict[str, Any]:
        """The grants."""
        assert isinstance(form, ProposeRolesForm)
        return form.wish(self.team.slug)


class _OfLogin(ProposePage):
    section = "web:people"
    words: ClassVar[Promise]
    user: User

    def prepare(self, **address: Any) -> None:
        """Refuses whoever administers nobody."""
        policies.may_manage_people(self.caller).enforce()
        user = User.objects.select_related("person").filter(pk=address["pk"]).first()
        if user is None:
            raise NotFound("There is no such login.")
        self.user = user
        self.title = str(self.words) % {"name": user.person.name, "login": user.username}

    def wish(self, form: forms.Form) -> dict[str, Any]:
        """The login."""
        return {"username": self.user.username}


class ProposeReset(_OfLogin):
    """Taking the second factor from a person who has lost it."""

    kind = "second_factor_reset"
    words = gettext_lazy("Propose to reset the second factor of %(name)s")
    what = gettext_lazy(
        "Once another administrator has confirmed it, the password alone opens the logins of this "
        "person, until a new app is set up. Make sure that it is this person who asks."
    )


class ProposePassword(_OfLogin):
    """A way in for a person who has forgotten the password, or has none yet."""

    kind = "password"
    words = gettext_lazy("Propose a new password for %(login)s (%(name)s)")
    what = gettext_lazy(
        "Once another administrator has confirmed it, the password, the sessions and the tokens of "
        "this login end, and each of you two gets one half of a way to a new password. Give yours "
        "to the person yourself, and make sure that it is this person who asks."
    )


class ProposeReopening(_OfLogin):
    """Opening a closed login again."""

    kind = "reopening"
    words = gettext_lazy("Propose to open the login %(login)s (%(name)s) again")
    what = gettext_lazy(
        "Once another administrator has confirmed it, the login is open, without password, tokens, "
        "accounts and administration, and a person who had left has no roles. Each of you two gets "
        "one half of a way to a new password."
    )


class ProposeIdentity(_OfLogin):
    """Binding an account at the identity provider."""

    kind = "identity"
    words = gettext_lazy("Accounts that open %(login)s")
    what = gettext_lazy(
        "Once another administrator has confirmed it, whoever has this account at the identity "
        "provider signs in, and signs, as this person. Make sure that it is this person's."
    )
    renamed: ClassVar[dict[str, str]] = {"username": "subject"}

    def form(self, data: Any = None) -> forms.Form:
        """The account, reason and proof."""
        return ProposeIdentityForm(data, asks=self.asks())

    def wish(self, form: forms.Form) -> dict[str, Any]:
        """The login and the account."""
        return {**super().wish(form), "subject": form.cleaned_data["subject"]}

    def context(self) -> dict[str, Any]:
        """With the accounts that open it now."""
        return {**super().context(), "login": self.user, "identities": bound_to(self.user)}


class IdentityEnd(PageView):
    """The end of an account's binding."""

    def post(self, request: HttpRequest, pk: UUID, identity_pk: UUID) -> HttpResponse:
        """Lets the account open the login no more."""
        policies.may_manage_people(self.caller).enforce()
        user = User.objects.filter(pk=pk).first()
        if user is None:
            raise NotFound("There is no such login.")
        end_identity(caller=self.caller, identity=identity_by_id(user, identity_pk))
        messages.success(request, _("The account opens the login no more."))
        return redirect("web:bind-identity", pk)


class ProposeAdministrator(_OfLogin):
    """Making a login one of the administrators."""

    kind = "administrator"
    words = gettext_lazy("Propose to make %(login)s (%(name)s) an administrator")
    what = gettext_lazy(
        "Once another administrator has confirmed it, the login administers this instance: people, "
        "teams, roles, and policies for every team."
    )
