"""Findings on the review's page: all of the version, at their gates, and what signers accept."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.callers import Caller
from governance.findings.policies import may_raise_finding
from governance.findings.records import Annex
from governance.findings.selectors import findings_of
from governance.models import FindingEffect, Review
from web.findings.presenting import accepted_under, open_first
from web.templatetags.vocabulary import look


def about(caller: Caller, review: Review) -> dict[str, Any]:
    """What the page shows of the version's findings; `names` is F-1 and so on by digest."""
    version = review.version
    found = open_first(findings_of(version))
    open_now = [finding for finding in found if finding.is_open]
    conditions = [f for f in open_now if f.row.effect == FindingEffect.CONDITION]
    annex = Annex.of(f.row for f in conditions)
    approval = getattr(review, "approval", None)
    return {
        "findings": found,
        "open_findings": len(open_now),
        "blocking": [finding for finding in open_now if finding.blocks],
        "conditions": conditions,
        "annex_digest": f"sha256:{annex.digest}" if annex.digest else "",
        "accepted": accepted_under(approval) if approval else [],
        "names": {f"sha256:{f.row.digest}": f.name for f in found},
        "may_raise": may_raise_finding(caller, version),
        "raise_url": reverse("web:finding-new", args=[version.model.name, version.number]),
    }


def link(gates: list[dict[str, Any]], about: dict[str, Any]) -> None:
    """Adds to each gate the findings that stand there, and the way to raise one."""
    for gate in gates:
        gate["links"] += [
            (f"{f.name}: {_state(f.badge)}", f.url)
            for f in about["findings"]
            if f.row.anchor == gate["gate"]
        ]
        if about["may_raise"]:
            url = f"{about['raise_url']}?anchor={gate['gate']}"
            gate["links"].append((_("Raise a finding"), url))


def _state(badge: str) -> str:
    return str(look(badge).word)
