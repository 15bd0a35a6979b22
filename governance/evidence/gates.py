"""Gates: each asks one question of the evidence and answers passed, failed or not measured.

A new gate is one function here and one entry in `GATES`; what outsiders can ask again from policy
and evidence stands in `trust.gates`. *Not measured* never passes.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from hashlib import sha256
from typing import Any

from common.errors import Conflict
from evaluation.criteria import FAILED, NOT_MEASURED, PASSED, Floor, judge
from evaluation.metrics.catalogue import BY_NAME
from evaluation.planned import Planned
from governance.evidence.subjects import Report, Subject
from governance.models import Waiver
from governance.policy.fields import SEALED_PLAN
from registry.cards import missing_fields
from trust.canonical import canonical
from trust.elsewhere import NOT_RUN_HERE, is_run_elsewhere
from trust.errors import Malformed
from trust.gate_answers import Asked
from trust.gates import ASKED_AGAIN


@dataclass(frozen=True)
class GateResult:
    """The answer of a gate, with what was measured, the limit, a sentence and its evidence.

    `waivable` says whether the policy lets it be waived, `waiver` is the waiver that holds.
    """

    gate: str
    state: str
    measured: float | str | None
    limit: float | str | None
    reason: str
    evidence: str | None = None
    required: bool = True
    waivable: bool = False
    waiver: Waiver | None = None

    @property
    def finding(self) -> dict[str, Any]:
        """What was found and on which evidence: a waiver is for exactly this."""
        return {
            "gate": self.gate,
            "state": self.state,
            "measured": self.measured,
            "limit": self.limit,
            "evidence": self.evidence,
        }

    @property
    def digest(self) -> str:
        """`sha256:<hex>` of the finding; it changes when evidence or limit do."""
        return f"sha256:{sha256(canonical(self.finding)).hexdigest()}"

    @property
    def blocks(self) -> bool:
        """Whether the version cannot be approved as it stands."""
        return self.required and self.state != PASSED and self.waiver is None

    def as_statement(self) -> dict[str, Any]:
        """The gate as it stands in the statement that persons sign."""
        return {
            "gate": self.gate,
            "state": self.state,
            "measured": self.measured,
            "limit": self.limit,
            "required": self.required,
        }


def admitted(subject: Subject) -> Iterable[GateResult]:
    """The file passed the static checks and the sandbox."""
    report = subject.reports.get("sandbox")
    if is_run_elsewhere(subject.shown.manifest):
        yield GateResult("admission", NOT_MEASURED, None, None, NOT_RUN_HERE, required=False)
        return
    if report is None:
        yield GateResult("admission", NOT_MEASURED, None, None, "No admission check is kept.")
        return
    level = str(report.body.get("level", ""))
    state = PASSED if report.body.get("ok") is True else FAILED
    yield GateResult("admission", state, level, None, f"Checked at level {level}.", report.digest)


def evidence_present(subject: Subject) -> Iterable[GateResult]:
    """Each kind of evidence that the policy names is there."""
    for kind in subject.policy.evidence:
        if kind == "card":
            continue
        report = subject.reports.get(kind)
        if report is None:
            yield GateResult(kind, NOT_MEASURED, None, None, _missing(kind))
        else:
            yield GateResult(kind, PASSED, None, None, _present(kind), report.digest)


def _present(kind: str) -> str:
    return "The golden rows are there." if kind == "golden" else f"The {kind} is there."


def _missing(kind: str) -> str:
    if kind == "golden":
        return "There are no golden rows of this version; an evaluation keeps them."
    return f"There is no {kind} of this version."


def card_complete(subject: Subject) -> Iterable[GateResult]:
    """The model card says what the policy wants said."""
    if "card" not in subject.policy.evidence:
        return
    if subject.card is None:
        yield GateResult("card", NOT_MEASURED, None, None, "There is no model card.")
        return
    missing = missing_fields(subject.card.content)
    reason = f"Still empty: {', '.join(missing)}." if missing else "All required fields are filled."
    yield GateResult(
        "card",
        FAILED if missing else PASSED,
        len(missing),
        0,
        reason,
        f"sha256:{subject.card.digest}",
    )


def metrics_reach_floors(subject: Subject) -> Iterable[GateResult]:
    """Each metric of the policy that applies to the task meets its limit."""
    report = subject.reports.get("evaluation")
    task = (subject.version.signature or {}).get("task")
    for floor in subject.policy.metrics:
        if is_run_elsewhere(subject.shown.manifest):
            name = f"metric:{floor.metric}"
            yield GateResult(name, NOT_MEASURED, None, floor.limit, NOT_RUN_HERE)
        elif task in BY_NAME[floor.metric].tasks:
            yield _floor(floor, report)


def _floor(floor: Floor, report: Report | None) -> GateResult:
    found = judge(floor, report.body if report else None, of="policy")
    evidence = report.digest if report and found.in_report else None
    name = f"metric:{floor.metric}"
    return GateResult(name, found.state, found.measured, floor.limit, found.reason, evidence)


def criteria_sealed(subject: Subject) -> Iterable[GateResult]:
    """The criteria of the evaluation were sealed before any result was known, and are met."""
    if not subject.policy.sealed_plan:
        return
    if "evaluation" not in subject.reports:
        yield GateResult(SEALED_PLAN, NOT_MEASURED, None, None, "There is no evaluation yet.")
        return
    if subject.plan is None:
        why = "No plan was sealed before the run of this evaluation."
        evidence = subject.reports["evaluation"].digest
        yield GateResult(SEALED_PLAN, FAILED, None, None, why, evidence)
        return
    yield _sealed(subject.plan, subject.reports["plan"].digest)


def _sealed(plan: Planned, digest: str) -> GateResult:
    states = {found.state for found in plan.criteria}
    state = next((bad for bad in (FAILED, NOT_MEASURED) if bad in states), PASSED)
    reason = f"{plan.met} of {len(plan.criteria)} criteria, sealed before the run, are met."
    if plan.known:
        state = FAILED
        reason = f"{plan.known} results on these rows were known before the plan was sealed."
    return GateResult(SEALED_PLAN, state, plan.met, len(plan.criteria), reason, digest)


def derived_compared(subject: Subject) -> Iterable[GateResult]:
    """A compressed version has been compared with its parent."""
    if subject.version.kind != "compressed":
        return
    report = subject.reports.get("parity")
    if report is None:
        yield GateResult("parity", NOT_MEASURED, None, None, "It was not compared with its parent.")
    else:
        yield GateResult(
            "parity", PASSED, None, None, str(report.body.get("verdict", "")), report.digest
        )


Gate = Callable[[Subject], Iterable[GateResult]]


def _of_trust(asked: Asked) -> Gate:
    """A gate of `trust.gates` for the versions of this instance."""

    @wraps(asked)
    def gate(subject: Subject) -> Iterable[GateResult]:
        try:
            answers = list(asked(subject.policy.as_dict(), subject.shown))
        except Malformed as error:
            raise Conflict(f"The evidence cannot be read: {error}.") from None
        for answer in answers:
            report = subject.reports.get(answer.kind) if answer.kind else None
            yield GateResult(
                answer.gate,
                answer.state,
                answer.measured,
                answer.limit,
                answer.reason,
                report.digest if report else None,
                answer.required,
            )

    return gate


GATES: tuple[Gate, ...] = (
    admitted,
    evidence_present,
    card_complete,
    metrics_reach_floors,
    criteria_sealed,
    derived_compared,
    *map(_of_trust, ASKED_AGAIN),
)


def run_gates(subject: Subject) -> list[GateResult]:
    """All gates in their fixed order."""
    return [result for gate in GATES for result in gate(subject)]


def blocking(results: Iterable[GateResult]) -> list[GateResult]:
    """Required gates that have neither passed nor been waived."""
    return [result for result in results if result.blocks]
