"""One's own profile and tokens."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import services
from accounts.models import ApiToken, Membership
from accounts.selectors import tokens_of
from common.errors import Conflict, Invalid
from governance.findings.records import today
from governance.reviewing import delegations
from governance.reviewing.models import Delegation
from governance.waiting.services import mailing_of
from web.access.sections import sections
from web.base import UNPROCESSABLE, PageView, show_refusal
from web.forms.access import DelegationForm, MailingForm, ProfileForm, TokenForm
from web.paging import newest_first

MOST_DELEGATIONS = 10


class Profile(PageView):
    """Who I am here, my roles, my time zone."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        return self._page(ProfileForm(initial={"time_zone": self.caller.user.time_zone}), 200)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Change the time zone."""
        form = ProfileForm(request.POST)
        if not form.is_valid():
            return self._page(form, UNPROCESSABLE)
        services.set_time_zone(caller=self.caller, time_zone=form.cleaned_data["time_zone"])
        messages.success(request, _("Times are shown in your zone from now on."))
        return redirect("web:access")

    def away_form(self, data: Any = None) -> DelegationForm:
        """Naming who is asked in one's place."""
        people = delegations.possible_delegates(self.caller)
        return DelegationForm(data, people=[(str(person.pk), person.name) for person in people])

    def _page(
        self,
        form: ProfileForm,
        status: int,
        *,
        away: DelegationForm | None = None,
        mail: MailingForm | None = None,
    ) -> HttpResponse:
        mailing = mailing_of(self.caller.user.person)
        chosen = {"wanted": mailing.wanted, "language": mailing.language}
        may_delegate = bool(delegations.may_delegate(self.caller))
        rows = delegations.delegations_of(self.caller)[:MOST_DELEGATIONS]
        memberships = (
            Membership.objects.filter(person=self.caller.person_id)
            .select_related("team")
            .order_by("team__slug", "role")
        )
        context = {
            "form": form,
            "mailing": mailing,
            "mail_form": mail or MailingForm(initial=chosen),
            "mail_is_sent": bool(settings.EMAIL_HOST),
            "memberships": memberships,
            "delegations": [(row, _held(row)) for row in rows],
            "away_form": (away or self.away_form()) if may_delegate else None,
            "sections": sections(self.caller, "web:access"),
        }
        return self.page("access/profile.html", context, status=status)


def _held(row: Delegation) -> str:
    if hasattr(row, "ending"):
        return "closed"
    if row.ends_on < today():
        return "expired"
    return "active" if row.starts_on <= today() else "waiting"


class Tokens(PageView):
    """My tokens; a new one shows its secret once, in the answer that makes it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list with the form."""
        return self._page(TokenForm(), 200)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make a token and show its text."""
        form = TokenForm(request.POST)
        if not form.is_valid():
            return self._page(form, UNPROCESSABLE)
        try:
            token, text = services.create_token(caller=self.caller, **form.cleaned_data)
        except (Invalid, Conflict) as error:
            return self._page(form, show_refusal(form, error))
        return self._page(TokenForm(), 201, secret=text, made=token)

    def _page(
        self, form: TokenForm, status: int, *, secret: str = "", made: ApiToken | None = None
    ) -> HttpResponse:
        rows = tokens_of(self.caller.user)
        listing = newest_first(rows, "created_at", self.request.GET.get("after", ""))
        now = timezone.now()
        context = {
            "form": form,
            "listing": listing,
            "entries": [
                (token, _state(token, expired=token.expires_at <= now)) for token in listing.rows
            ],
            "secret": secret,
            "made": made,
            "sections": sections(self.caller, "web:tokens"),
        }
        return self.page("access/tokens.html", context, status=status)


def _state(token: ApiToken, *, expired: bool) -> str:
    if token.revoked_at:
        return "revoked"
    return "expired" if expired else "active"


class TokenRevoke(PageView):
    """Ending a token."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Revoke it."""
        services.revoke_token(caller=self.caller, token_id=pk)
        messages.success(request, _("The token is revoked; it stops working at once."))
        return redirect("web:tokens")
