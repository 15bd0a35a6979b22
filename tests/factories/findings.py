"""Findings about the stage's version, by ben, for ada to answer, unless wished otherwise."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from governance.findings.models import FindingAmendment
from governance.findings.records import annex_of, duty_of
from governance.findings.selectors import findings_of
from governance.findings.services import amend_finding, raise_finding
from governance.models import Finding
from registry.models import ModelVersion
from tests.cast import user_of, who

WHY = "Ada is away until then."
TEXT = "The test rows end in May; show that the model holds in winter."


def in_days(days: int) -> date:
    """A day from today on, in UTC."""
    return (datetime.now(UTC) + timedelta(days=days)).date()


def found(name: str, version: ModelVersion, **wishes: Any) -> Finding:
    """A finding, read again with its state."""
    given: dict[str, Any] = {
        "caller": who(name),
        "version": version,
        "severity": "high",
        "effect": "blocking",
        "text": TEXT,
        "owner": user_of("ada").person_id,
        "due_on": in_days(30),
    }
    return again(raise_finding(**(given | wishes)))


def again(finding: Finding) -> Finding:
    """A finding as it stands now."""
    return findings_of(finding.version).get(pk=finding.pk)


def annex_now(version: ModelVersion) -> str:
    """The digest of what signers are shown beside the statement, as a client sends it."""
    digest = annex_of(version.pk).digest
    return f"sha256:{digest}" if digest else ""


def person_of(name: str) -> Any:
    """The id of the person behind a login."""
    return user_of(name).person_id


def amend(name: str, finding: Finding, **wishes: Any) -> FindingAmendment:
    """Another owner or day, of what the person was shown last."""
    given: dict[str, Any] = {
        "caller": who(name),
        "finding": finding,
        "text": WHY,
        "revision": duty_of(again(finding)).revision,
    }
    return amend_finding(**(given | wishes))


def moved(name: str, finding: Finding, days: int = 40) -> FindingAmendment:
    """Another day."""
    return amend(name, finding, due_on=in_days(days))
