"""The first tab: where the version stands, what it still needs, and what can be done with it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.callers import Caller
from common.decisions import Decision, allow, deny
from common.errors import Conflict
from compliance.retention.kept import why_all_kept
from compliance.retention.policies import may_propose_deletion
from evaluation.criteria import PASSED
from governance import policies
from governance.emergencies.policies import may_grant
from governance.evidence.gates import GateResult
from governance.findings.policies import may_raise_finding
from governance.findings.selectors import findings_of
from governance.models import Approval
from governance.policy.documents import Policy
from governance.selectors import policy_for, statement_of, waivers_named
from governance.services import dry_run
from inference.selectors import latest_refusal
from registry.declared import PARTS
from registry.models import DatasetSnapshot, ModelVersion, Status
from registry.selectors import latest_evidence
from web.emergencies.presenting import grants_of
from web.findings.presenting import accepted_under, open_first
from web.retention.presenting import held_version
from web.reviews.people import contributors_of, waived
from web.reviews.presenting import OPEN, measured_in_words
from web.versions.base import Tab
from web.versions.standing import Standing, submittable
from web.vocabulary import spoken
from web.words import gate_title

_HEADLINES = ("accuracy", "f1_macro", "roc_auc", "r2", "mae")
_MEASURES = "web:version-evaluation"
_EVIDENCE_TABS = {
    "admission": "web:version-files",
    "card": "web:version-card",
    "explanation": "web:version-explanations",
    "parity": "web:version-compression",
    "sandbox": "web:version-files",
    "size": "web:version-files",
    "lineage": "web:version-files",
    "explanation_shift": "web:version-explanations",
}


@dataclass(frozen=True)
class Act:
    """A button: what it says, where it leads, and whether (or why not) it can be pressed."""

    label: str
    url: str
    decision: Decision
    tone: str = ""


class Overview(Tab):
    """The tab."""

    tab = "overview"
    template = "versions/overview.html"
    evidence = False

    def context(self) -> dict[str, Any]:
        """Consumers see what the model is and how to call it."""
        now = Standing.of(self.version)
        context: dict[str, Any] = {"now": now, "facts": facts_of(self.version)}
        if not self.reads_evidence:
            return context
        gates, without = gates_of(self.version, self.address, self.caller)
        return context | {
            "gates": gates,
            "gates_missing": without,
            "passed": sum(gate["state"] == PASSED for gate in gates),
            "acts": acts_of(self.caller, self.version, now),
            "headlines": headlines_of(self.version),
            "refusal": latest_refusal(self.version.pk) if now.approval else None,
            "contributors": contributors_of(self.version),
            "waivers": _waivers_of(now.approval),
            **_findings(self.caller, self.version, now.approval),
            **held_version(self.caller, self.version),
            "grants": grants_of(self.caller, self.version),
            "deleted": self.version.tombstones.order_by("at").first(),
        }


def _findings(caller: Caller, version: ModelVersion, approval: Approval | None) -> dict[str, Any]:
    """The findings about the version, and the conditions under which it was approved."""
    found = open_first(findings_of(version))
    return {
        "findings": found,
        "open_findings": sum(finding.is_open for finding in found),
        "accepted": accepted_under(approval) if approval else [],
        "may_raise": may_raise_finding(caller, version),
        "raise_url": reverse("web:finding-new", args=[version.model.name, version.number]),
    }


def _waivers_of(approval: Approval | None) -> list[dict[str, Any]]:
    """The waivers on which an approval rests."""
    return [waived(row) for row in waivers_named(statement_of(approval.review))] if approval else []


def gates_of(
    version: ModelVersion, address: Any, caller: Caller
) -> tuple[list[dict[str, Any]], str]:
    """The gates of a dry run for `{% gate_list %}`, or why there are none."""
    try:
        results: Sequence[GateResult] = dry_run(version)
        policy = Policy.read(policy_for(version.model).document)
    except Conflict as error:
        return [], error.reason
    may_waive = policies.may_waive(caller, version, policy)
    return [
        {
            **result.as_statement(),
            "title": gate_title(result.gate),
            "evidence": measured_in_words(result.as_statement()),
            "blocks": result.blocks,
            "detail": _detail(result, may_waive),
            "links": [
                *_evidence_links(version, result, address),
                *_waiver_links(result, address, caller, may_waive),
            ],
            "waiver": waived(result.waiver) if result.waiver else None,
        }
        for result in results
    ], ""


def _evidence_links(
    version: ModelVersion, result: GateResult, address: Any
) -> list[tuple[str, str]]:
    """Where the evidence of a gate is; a validation report is written on the page of a review."""
    if result.gate == "licence":
        return [(_("Open"), reverse("web:model", args=[version.model.name]))]
    ages = result.gate == "evidence_age" and not version.servable
    if result.gate != "validation_report" and not ages:
        return [(_("Open"), address(_EVIDENCE_TABS.get(result.gate, _MEASURES)))]
    report = version.validations.filter(number__isnull=False).order_by("number").last()
    if report:
        return [(_("Open"), reverse("web:validation", args=[report.pk]))]
    review = version.reviews.filter(state__in=OPEN).first()
    there = reverse("web:review", args=[review.pk]) + "#validation" if review else ""
    return [(_("Open the review"), there)] if there else []


def _detail(result: GateResult, may_waive: Decision) -> str:
    if not result.waivable or result.waiver or may_waive:
        return result.reason
    words = {"reason": result.reason, "why": may_waive.reason}
    return _("%(reason)s The policy lets it be waived. %(why)s") % words


def _waiver_links(
    result: GateResult, address: Any, caller: Caller, may_waive: Decision
) -> list[tuple[str, str]]:
    if result.waiver and policies.may_withdraw_waiver(caller, result.waiver):
        return [(_("Withdraw the waiver"), address("web:waiver-withdraw", result.waiver.pk))]
    if result.waivable and not result.waiver and may_waive:
        return [(_("Waive this gate"), f"{address('web:version-waive')}?finding={result.digest}")]
    return []


def acts_of(caller: Caller, version: ModelVersion, now: Standing) -> list[Act]:
    """Submit, promote, revoke and retire, each with what stands in its way."""
    team, address = version.model.team_id, [version.model.name, version.number]
    submit, revoke = policies.may_submit(caller, team), policies.may_revoke(caller, team)
    promote, retire = policies.may_promote(caller, team), policies.may_retire(caller, team)

    def url(name: str) -> str:
        return reverse(name, args=address)

    return [
        Act(
            _("Submit for review"),
            url("web:version-submit"),
            _first(submit, submittable(version, now)),
            "primary",
        ),
        Act(
            _("Move an alias here"),
            url("web:version-promote"),
            _first(promote, _promotable(version, now)),
            "ok",
        ),
        Act(
            _("Give it a share of an alias"),
            url("web:version-split"),
            _first(promote, _promotable(version, now)),
        ),
        *(
            [Act(_("End its share of an alias"), url("web:version-split-end"), promote)]
            if version.splits.exists()
            else []
        ),
        *(
            [Act(_("Emergency grant"), url("web:emergency-new"), may_grant(caller, team))]
            if version.servable and not now.holds
            else []
        ),
        Act(_("Revoke the approval"), url("web:version-revoke"), _first(revoke, _revocable(now))),
        Act(_("Retire"), url("web:version-retire"), _first(retire, _retirable(version, now))),
        *(
            [Act(_("Delete the files"), url("web:version-delete"), _deletable(caller, version))]
            if version.status == Status.RETIRED
            else []
        ),
    ]


def _first(*decisions: Decision) -> Decision:
    return next((decision for decision in decisions if not decision), allow())


def _promotable(version: ModelVersion, now: Standing) -> Decision:
    if not version.servable:
        return deny(_("It is used elsewhere: it never answers here."))
    if now.verdict is None:
        return deny(now.trouble or _("An alias points only at an approved version."))
    return allow() if now.verdict.ok else deny(now.verdict.reason)


def _revocable(now: Standing) -> Decision:
    if now.approval is None or now.is_revoked:
        return deny(_("There is no approval to revoke."))
    return allow()


def _retirable(version: ModelVersion, now: Standing) -> Decision:
    if version.status == Status.RETIRED:
        return deny(_("It is retired already."))
    if version.aliases.all():
        return deny(_("An alias points at it; move the alias first."))
    return deny(_("A review is open; withdraw it first.")) if now.is_open else allow()


def _deletable(caller: Caller, version: ModelVersion) -> Decision:
    may = may_propose_deletion(caller, version.model.team_id)
    why = why_all_kept(version, timezone.now()) if may else ""
    return deny(why) if why else may


def headlines_of(version: ModelVersion) -> list[dict[str, Any]]:
    """Up to three metrics of the newest evaluation, for `{% metric_card %}`."""
    row = latest_evidence(version, "evaluation")
    if row is None:
        return []
    metrics = json.loads(bytes(row.body))["metrics"]
    found = [metrics[name] for name in _HEADLINES if name in metrics]
    return [
        {
            "name": spoken(entry["title"]),
            "value": entry["value"],
            "interval": [entry["low"], entry["high"]] if entry["low"] is not None else None,
            "higher_is_better": entry["direction"] == "higher",
        }
        for entry in found
        if entry["state"] == "measured"
    ][:3]


def _written(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def facts_of(version: ModelVersion) -> dict[str, Any]:
    """Where the version comes from: recipe or method, parent, rows, agreement of the export."""
    lineage = version.lineage
    digests = [str(lineage[key]) for key in ("dataset", "validation") if lineage.get(key)]
    bare = [digest.removeprefix("sha256:") for digest in digests]
    known = DatasetSnapshot.objects.filter(blob_id__in=bare, team_id=version.model.team_id)
    return {
        "how": lineage.get("recipe") or lineage.get("method") or "",
        "datasets": list(known.order_by("split", "name")[:4]) if bare else [],
        "params": [
            (name, _written(v)) for name, v in sorted((lineage.get("params") or {}).items())
        ],
        "facts": lineage.get("facts") or {},
        "agreement": lineage.get("onnx_agreement"),
        "note": lineage.get("note", ""),
        "declared": [(name, lineage[name]) for name in PARTS if lineage.get(name)],
        "size": sum(artifact.size for artifact in version.artifacts.all()),
    }
