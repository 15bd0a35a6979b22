"""The statement that persons sign: which bytes, on which evidence, under which policy."""

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version as installed
from typing import Any
from uuid import UUID

from governance.evidence.gates import GateResult, run_gates
from governance.evidence.subjects import Subject, look_at
from governance.models import PolicyVersion
from governance.policy.documents import Policy
from governance.policy.scopes import require_within
from governance.waivers.records import as_statement, with_waivers
from registry.models import ModelVersion
from registry.selectors import contributor_ids
from trust.approval import STALE_GRACE
from trust.elsewhere import ELSEWHERE, USE, is_run_elsewhere

STATEMENT = "assay/review-statement/1"
PROVIDER = "CPUExecutionProvider"
# What must still be the same when somebody signs and when the notary looks again.
# The runtime may have been renewed (the golden rows tell), and contributors may have come.
_CURRENT = (
    "type",
    "review",
    "model",
    "number",
    "version_digest",
    "artifacts",
    "evidence",
    "policy",
    "gates",
    "waivers",
    "signers_required",
    "scope",
    "validity_days",
    "outage_grace_s",
    STALE_GRACE,
    USE,
)


def build_statement(
    *, review: UUID, version: ModelVersion, policy: PolicyVersion, scope: Mapping[str, Any]
) -> tuple[dict[str, Any], list[GateResult]]:
    """The statement about a version as it stands now, and its gates with their waivers.

    Raises Conflict for a scope that the policy does not allow.
    """
    document = Policy.read(policy.document)
    manifest = json.loads(bytes(version.manifest))
    elsewhere = is_run_elsewhere(manifest)
    require_within(scope, document, elsewhere=elsewhere)
    subject = look_at(version, document)
    gates = with_waivers(run_gates(subject), version=version, policy=policy)
    statement = {
        "type": STATEMENT,
        "review": str(review),
        "model": manifest["model"],
        "number": version.number,
        "version_digest": f"sha256:{version.digest}",
        "artifacts": manifest["artifacts"],
        "evidence": _evidence(subject),
        "policy": {
            "id": str(policy.pk),
            "name": policy.name,
            "revision": policy.revision,
            "digest": f"sha256:{policy.digest}",
        },
        "gates": [gate.as_statement() for gate in gates],
        "waivers": [as_statement(gate.waiver) for gate in gates if gate.waiver],
        "contributors": [str(person) for person in contributor_ids(version)],
        "signers_required": document.signers,
        "runtime": {} if elsewhere else _runtime(),
        "scope": dict(scope),
        "validity_days": document.validity_days,
        "outage_grace_s": document.outage_grace_s,
    }
    if document.stale_grace_s is not None:
        statement[STALE_GRACE] = document.stale_grace_s
    if elsewhere:
        statement[USE] = ELSEWHERE
    return statement, gates


def _runtime() -> dict[str, str]:
    return {"onnxruntime": installed("onnxruntime"), "provider": PROVIDER}


def _evidence(subject: Subject) -> list[dict[str, str]]:
    found = [{"kind": kind, "digest": report.digest} for kind, report in subject.reports.items()]
    if subject.card:
        found.append({"kind": "card", "digest": f"sha256:{subject.card.digest}"})
    return sorted(found, key=lambda item: item["kind"])


def what_changed(shown: dict[str, Any], now: dict[str, Any]) -> Sequence[str]:
    """Names of the parts of a statement that are no longer as they were shown."""
    return [part for part in _CURRENT if shown.get(part) != now.get(part)]
