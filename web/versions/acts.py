"""Verbs on a version that ask for confirmation: submit, promote, revoke, retire, edit the card."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.decisions import Decision
from common.errors import DomainError
from governance import policies
from governance.approvals import releases
from governance.approvals.moves import consumers_of
from governance.policy.scopes import offered_scope
from governance.selectors import wanted_of_card
from governance.services import submit
from registry import policies as registry_policies
from registry.models import Alias, ModelVersion
from registry.selectors import latest_card
from registry.services import edit_card
from web.formpage import FormPage
from web.forms.proving import Asks
from web.forms.versions import CardForm, PromoteForm, RetireForm, RevokeForm, SubmitForm
from web.proving import asks_of
from web.versions.base import OfVersion
from web.versions.overview import gates_of


class ActPage(FormPage, OfVersion, ABC):
    """A page that says what is going to happen, with the form that makes it happen."""

    template = "versions/act.html"
    form_class: ClassVar[type[forms.Form]]
    title: ClassVar[str | Promise]
    what: ClassVar[str | Promise]
    button: ClassVar[str | Promise]
    tone: ClassVar[str] = "primary"

    @abstractmethod
    def allowed(self) -> Decision:
        """Whether the person may do this at all."""

    def why_not(self) -> str:
        """Why it cannot be done now, which the page says in the place of the form."""
        return ""

    def prepare(self, **address: Any) -> None:
        """Refuses whoever may not do it."""
        self.find(address["name"], address["number"])
        self.allowed().enforce()

    def form(self, data: Any = None) -> forms.Form:
        """The form."""
        return self.form_class(data)

    def context(self) -> dict[str, Any]:
        """Head and words of the page."""
        words = {name: getattr(self, name) for name in ("title", "what", "button", "tone")}
        return {**self.head(""), **words, "why_not": self.why_not()}

    def asked(self, challenge: str, *, passkey_only: bool = False) -> Asks:
        """What a signing form asks of this person; `challenge` names the address that makes one."""
        return asks_of(self.caller, self.address(challenge), passkey_only=passkey_only)

    def done(self, said: str, to: str = "web:version") -> HttpResponse:
        """Back to the version, with a word."""
        messages.success(self.request, said)
        return redirect(self.address(to))


class Submit(ActPage):
    """Asking for a review."""

    title = gettext_lazy("Submit for review")
    what = gettext_lazy(
        "Bytes, evidence, policy and gates are frozen into one statement that other persons sign. "
        "Gates that have not passed are shown to them; the version cannot be approved then, unless "
        "a person has waived them before."
    )
    button = gettext_lazy("Submit")

    def allowed(self) -> Decision:
        """Contributors and managers."""
        return policies.may_submit(self.caller, self.version.model.team_id)

    def form(self, data: Any = None) -> forms.Form:
        """Filled in with what the policy lets a submission ask for."""
        given = offered_scope(self.version)
        return SubmitForm(data, initial=given, elsewhere=not self.version.servable)

    def context(self) -> dict[str, Any]:
        """With the gates as they would be frozen now."""
        gates, without = gates_of(self.version, self.address, self.caller)
        failing = [gate for gate in gates if gate["blocks"]]
        return {**super().context(), "gates": gates, "gates_missing": without, "failing": failing}

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Opens the review and shows it."""
        review = submit(caller=self.caller, version=self.version, scope=given)
        messages.success(self.request, _("Submitted; other persons can sign now."))
        return redirect("web:review", review.pk)

    def refused(self, form: forms.Form, error: DomainError) -> int:
        """Parts of the scope are fields of the form."""
        error.field = (error.field or "").removeprefix("scope.") or None
        return super().refused(form, error)


def holders_beside(version: ModelVersion) -> dict[str, Any]:
    """Who holds which alias of the model, and what its callers would notice of a version."""
    rows = Alias.objects.filter(model=version.model).select_related("version__model")
    holders = [
        {"alias": row, "differences": releases.schema_differences(row.version, version)}
        for row in rows.order_by("name")
        if version.signature
    ]
    return {"holders": holders, "consumers": consumers_of(version.model)}


class Promote(ActPage):
    """Moving an alias to the version."""

    form_class = PromoteForm
    title = gettext_lazy("Move an alias here")
    what = gettext_lazy(
        "From then on this version answers callers of the alias. The former holder stays in the "
        "history."
    )
    button = gettext_lazy("Move the alias")
    tone = "ok"

    def allowed(self) -> Decision:
        """Managers."""
        return policies.may_promote(self.caller, self.version.model.team_id)

    def context(self) -> dict[str, Any]:
        """With who holds which alias now, and what its callers would notice."""
        return {**super().context(), **holders_beside(self.version)}

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Moves it."""
        releases.promote(caller=self.caller, version=self.version, **given)
        words = {"alias": given["alias"], "n": self.version.number}
        return self.done(_("@%(alias)s points at v%(n)s now.") % words)


class Revoke(ActPage):
    """Ending the approval."""

    title = gettext_lazy("Revoke the approval")
    what = gettext_lazy(
        "Every inference process that is connected stops answering with this version within a "
        "second. This cannot be taken back; the version would have to be reviewed again."
    )
    button = gettext_lazy("Revoke")
    tone = "bad"
    signing: RevokeForm

    def allowed(self) -> Decision:
        """Managers and compliance."""
        return policies.may_revoke(self.caller, self.version.model.team_id)

    def form(self, data: Any = None) -> forms.Form:
        """With a code for whoever has an authenticator app, or a passkey for whoever has one."""
        self.signing = RevokeForm(data, asks=self.asked("api:revoke-challenge"))
        return self.signing

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Revokes it."""
        proof = self.signing.proof()
        releases.revoke(caller=self.caller, version=self.version, reason=given["reason"], **proof)
        return self.done(_("The approval is revoked."))


class Retire(ActPage):
    """Taking the version out of use."""

    form_class = RetireForm
    title = gettext_lazy("Retire the version")
    what = gettext_lazy(
        "A retired version is out of use for good: it is no longer submitted, measured or served. "
        "Its bytes and records stay."
    )
    button = gettext_lazy("Retire")
    tone = "bad"

    def allowed(self) -> Decision:
        """Managers."""
        return policies.may_retire(self.caller, self.version.model.team_id)

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Retires it."""
        releases.retire(caller=self.caller, version=self.version, **given)
        return self.done(_("The version is retired."))


class CardEdit(ActPage):
    """Writing a new revision of the card."""

    template = "versions/card_edit.html"
    title = gettext_lazy("Edit the model card")
    what = gettext_lazy(
        "Markdown is shown safely; HTML is not. Whoever edits the card becomes a contributor and "
        "cannot sign for this version."
    )
    button = gettext_lazy("Save a new revision")
    renamed = {}

    def allowed(self) -> Decision:
        """Contributors and managers."""
        return registry_policies.may_contribute(self.caller, self.version.model.team_id)

    def form(self, data: Any = None) -> forms.Form:
        """Filled in with the newest revision."""
        card = latest_card(self.version)
        wanted = wanted_of_card(self.version)
        return CardForm(data, content=card.content if card else {}, wanted=wanted)

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Saves it."""
        edit_card(caller=self.caller, version=self.version, content=given)
        return self.done(_("The card is saved."), "web:version-card")
