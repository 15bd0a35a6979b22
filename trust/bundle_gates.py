"""The gates of an approval asked again: policy, evidence and log give what the statement says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from trust.approval import Approval
from trust.bundle_layout import evidence_member, statement_member
from trust.bundle_members import BundleMembers
from trust.bundle_report import BundleReport
from trust.digests import digest_hex
from trust.errors import Malformed
from trust.fields import JsonObject, read_digest, read_moment, read_object, read_objects, read_text
from trust.gate_answers import Answer, Shown, rows_in
from trust.gates import AGEING, ask

# A row's moment and its event's differ by what a transaction takes.
_APART = timedelta(minutes=5)
_LOOKED_AT = (*AGEING, "sandbox", "validation")
_ASKING = frozenset(
    (
        "slices",
        "no_regression",
        "mcnemar",
        "latency_ms",
        "size_bytes",
        "licences",
        "lineage",
        "sandbox",
        "evidence_days",
        "validation_report",
        "explanation_shift",
    )
)
_AGE = "evidence_age"
Told = Mapping[object, Sequence[tuple[datetime, object]]]
"""What was said of a model, by its id, in the order of the log."""


class GateFacts(Protocol):
    """What a log tells of evidence and of models."""

    @property
    def stored(self) -> Mapping[str, datetime]:
        """Digest of a report -> the first event that names it."""

    @property
    def champions(self) -> Told:
        """Digests of the versions that held the alias `champion`."""

    @property
    def licences(self) -> Told:
        """Licences; None where the log does not say which."""


@dataclass(frozen=True, slots=True)
class Evidenced:
    """A statement with what its gates were about: policy, manifest, reports and digests by kind."""

    statement: JsonObject
    policy: JsonObject
    manifest: JsonObject
    reports: Mapping[str, JsonObject]
    digests: Mapping[str, str]


def evidence_of(statement: JsonObject) -> dict[str, str]:
    """The digests of the evidence that a statement names and gates look at, by kind."""
    return {
        read_text(entry, "kind"): read_digest(entry, "digest")
        for entry in read_objects(statement, "evidence")
        if entry.get("kind") in _LOOKED_AT
    }


def asks_again(policy: JsonObject) -> bool:
    """Whether the policy names any of the gates that are asked again here, or limits on metrics."""
    return not _ASKING.isdisjoint(policy) or bool(policy.get("metrics"))


def check_answers(
    members: BundleMembers,
    statement: JsonObject,
    policy: JsonObject,
    manifest: JsonObject,
    approval: Approval,
    facts: GateFacts,
    report: BundleReport,
) -> None:
    """Every gate that can be asked again from the bundle answers as the statement says."""
    if not manifest or not asks_again(policy):
        return
    folder = digest_hex(approval.version_digest)
    digests = evidence_of(statement)
    paths = {kind: evidence_member(folder, digest_hex(digest)) for kind, digest in digests.items()}
    found = {kind: members.document(path) for kind, path in paths.items() if members.has(path)}
    reports = {kind: document for kind, document in found.items() if document is not None}
    about = Evidenced(statement, policy, manifest, reports, digests)
    for problem in unfounded(about, approval, facts):
        report.find(statement_member(approval.review), problem)
    report.count("gates asked again")


def unfounded(about: Evidenced, approval: Approval, facts: GateFacts) -> Iterator[str]:
    """The gates that do not follow from policy, evidence and log as of the approval."""
    frozen = list(read_objects(about.statement, "gates"))
    try:
        tries = [
            ask(about.policy, _shown(about, approval, facts, champion))
            for champion in _champions(about, approval, facts)
        ]
    except Malformed as error:
        yield f"the gates cannot be asked again: {error}"
        return
    yield from _metrics_left_out(about, {gate.get("gate") for gate in frozen})
    for answers in zip(*tries, strict=True):
        same = next((gate for gate in frozen if any(_is(gate, one) for one in answers)), None)
        if same is None:
            name = answers[0].gate
            yield f"the gate {name!r} does not answer this from the policy and the evidence"
        else:
            frozen.remove(same)


def _metrics_left_out(about: Evidenced, held: set[object]) -> Iterator[str]:
    """Limits on metrics that the evaluation has, and of which no gate speaks."""
    measured = read_object(about.reports.get("evaluation", {"metrics": {}}), "metrics")
    for row in rows_in(about.policy, "metrics"):
        metric = read_text(row, "metric")
        if metric in measured and f"metric:{metric}" not in held:
            yield f"the gate {f'metric:{metric}'!r} that the policy asks for is not in it"


def _is(gate: JsonObject, answer: Answer) -> bool:
    said = (answer.gate, answer.state, answer.measured, answer.limit, answer.required)
    return said == tuple(gate.get(p) for p in ("gate", "state", "measured", "limit", "required"))


def _shown(about: Evidenced, approval: Approval, facts: GateFacts, champion: str | None) -> Shown:
    return Shown(
        manifest=about.manifest,
        reports=about.reports,
        since=_since(about, facts),
        now=approval.issued_at,
        licence=_licence(about, approval, facts),
        champion=champion,
        applies=_metrics(about),
    )


def _metrics(about: Evidenced) -> set[str]:
    """Those that the report has, and those of which a gate of the statement speaks."""
    measured = read_object(about.reports.get("evaluation", {"metrics": {}}), "metrics")
    asked = {str(gate.get("gate")) for gate in read_objects(about.statement, "gates")}
    return set(measured) | {name.partition(":")[2] for name in asked if ":" in name}


def _frozen(about: Evidenced, name: str) -> JsonObject:
    gates = read_objects(about.statement, "gates")
    return next((gate for gate in gates if gate.get("gate") == name), {})


def _since(about: Evidenced, facts: GateFacts) -> dict[str, datetime]:
    """When the log tells of each report; to the microsecond as the gate says, if that is near."""
    gate, found = _frozen(about, _AGE), {}
    said = read_moment(gate, "measured") if gate.get("measured") is not None else None
    for kind, digest in about.digests.items():
        told = facts.stored.get(digest)
        if told is not None:
            found[kind] = said if said is not None and abs(said - told) <= _APART else told
    return found


def _model(about: Evidenced) -> object:
    return read_object(about.manifest, "model").get("id")


def _licence(about: Evidenced, approval: Approval, facts: GateFacts) -> str:
    """The licence then, as the log tells it; as the statement says where the log does not."""
    told = [
        licence for at, licence in facts.licences.get(_model(about), ()) if at <= approval.issued_at
    ]
    known = told[-1] if told else None
    return str(known if known is not None else _frozen(about, "licence").get("measured") or "")


def _champions(about: Evidenced, approval: Approval, facts: GateFacts) -> list[str | None]:
    """Versions that may have been the champion to compare with: by the log, one most of the time.

    Where the log says nothing, none, the one that was compared with, and another one.
    """
    told = facts.champions.get(_model(about), ())
    before = [digest for at, digest in told if at < approval.issued_at - _APART]
    near = [digest for at, digest in told if abs(at - approval.issued_at) <= _APART]
    own = approval.version_digest
    if told:
        held = [*(before[-1:] or [None]), *near]
        return [None if digest == own else _text(digest) for digest in held]
    report = about.reports.get("evaluation", {})
    comparison = report.get("comparison")
    compared = read_object(report, "comparison").get("champion") if comparison else None
    digest = compared.get("digest") if isinstance(compared, dict) else None
    return [None, "", _text(digest)]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
