"""Verbs on the waivers of a version: give one, withdraw it."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.decisions import Decision
from common.errors import Conflict
from governance import policies
from governance.evidence.gates import GateResult
from governance.models import Waiver
from governance.policy.documents import Policy
from governance.selectors import policy_for, waiver_by_id
from governance.services import dry_run
from governance.waivers.records import latest_expiry
from governance.waivers.services import waive, withdraw_waiver
from web.forms.versions import WaiveForm, WithdrawWaiverForm
from web.versions.acts import ActPage
from web.words import gate_title


class Waive(ActPage):
    """Answering for a gate that has not passed."""

    title = gettext_lazy("Waive a gate")
    what = gettext_lazy(
        "You sign that this version may be used in spite of what the gate found. The waiver is for "
        "exactly this finding and policy: with new evidence or a new policy it no longer counts. "
        "An approval ends with the first of its waivers. What persons sign names the waivers that "
        "hold at the submission: while a review is open, withdraw it and submit the version again."
    )
    button = gettext_lazy("Sign the waiver")
    policy: Policy
    signing: WaiveForm
    findings: list[GateResult]

    def prepare(self, **address: Any) -> None:
        """Refuses whoever may not waive, and where there is nothing to waive."""
        self.find(address["name"], address["number"])
        row = policy_for(self.version.model)
        self.policy = Policy.read(row.document)
        self.allowed().enforce()
        gates = dry_run(self.version, row)
        self.findings = [gate for gate in gates if gate.waivable and not gate.waiver]
        if not self.findings:
            raise Conflict(_("There is no gate of this version that may be waived now."))

    def allowed(self) -> Decision:
        """Who might sign for the version."""
        return policies.may_waive(self.caller, self.version, self.policy)

    def form(self, data: Any = None) -> forms.Form:
        """With the findings that may be waived."""
        self.signing = WaiveForm(
            data,
            findings=[
                (gate.digest, f"{gate_title(gate.gate)}: {gate.reason}") for gate in self.findings
            ],
            latest=latest_expiry(self.policy, timezone.now()),
            shown=self.request.GET.get("finding", ""),
            asks=self.asked("api:waive-challenge", passkey_only=self.policy.passkey),
        )
        return self.signing

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Signs it."""
        shown = given["finding"]
        waive(
            caller=self.caller,
            version=self.version,
            gate=next(gate.gate for gate in self.findings if gate.digest == shown),
            gate_digest=shown,
            reason=given["reason"],
            expires_on=given["expires_on"],
            **self.signing.proof(),
        )
        return self.done(_("The gate is waived."))


class Withdraw(ActPage):
    """Ending a waiver."""

    form_class = WithdrawWaiverForm
    title = gettext_lazy("Withdraw a waiver")
    what = gettext_lazy(
        "The gate blocks again, a review that names the waiver can no longer be approved, and the "
        "approval that rests on it is revoked: the version stops answering within a second."
    )
    button = gettext_lazy("Withdraw the waiver")
    tone = "bad"
    waiver: Waiver

    def prepare(self, **address: Any) -> None:
        """Refuses whoever may not withdraw it."""
        self.find(address["name"], address["number"])
        self.waiver = waiver_by_id(self.version, address["waiver_id"])
        self.allowed().enforce()

    def allowed(self) -> Decision:
        """Whoever gave it, managers, compliance."""
        return policies.may_withdraw_waiver(self.caller, self.waiver)

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Withdraws it."""
        withdraw_waiver(caller=self.caller, waiver=self.waiver, **given)
        return self.done(_("The waiver is withdrawn."))
