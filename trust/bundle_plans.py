"""The plan of an approval's evaluation, re-derived: same version, same rows, sealed before."""

from typing import Protocol

from trust.approval import Approval
from trust.bundle_layout import evidence_member, statement_member
from trust.bundle_members import BundleMembers
from trust.bundle_report import BundleReport
from trust.digests import digest_hex
from trust.errors import Malformed
from trust.fields import JsonObject, read_digest, read_object, read_objects, read_text

PLAN_TYPE = "assay/plan/1"
PLAN_GATE = "sealed_plan"
_SAME_SETTINGS = ("seed", "interval")


class PlanFacts(Protocol):
    """What a log tells of plans, by the digest of the document."""

    @property
    def plans_sealed(self) -> set[str]:
        """Those that were sealed."""

    @property
    def plans_late(self) -> set[str]:
        """Those of which a run was asked for before they were sealed."""


def check_plan(
    members: BundleMembers,
    statement: JsonObject,
    approval: Approval,
    facts: PlanFacts,
    report: BundleReport,
) -> None:
    """Where a statement names a plan, the evaluation ran under it, after it was sealed.

    Raises Malformed. Without a plan nothing is said, but a gate that demands one has not passed.
    """
    named = {
        read_text(entry, "kind"): read_digest(entry, "digest")
        for entry in read_objects(statement, "evidence")
    }
    plan = named.get("plan")
    if plan is None:
        passed = [g.get("gate") for g in read_objects(statement, "gates") if _passed(g)]
        if PLAN_GATE in passed:
            where = statement_member(approval.review)
            report.find(where, f"the gate {PLAN_GATE!r} has passed without a plan")
        return
    folder = digest_hex(approval.version_digest)
    path = evidence_member(folder, digest_hex(plan))
    evaluated = evidence_member(folder, digest_hex(named.get("evaluation", plan)))
    if not members.has(path) or not members.has(evaluated):
        return
    sealed, evaluation = members.document(path), members.document(evaluated)
    if sealed is None or evaluation is None:
        return
    try:
        wrong = _wrong_with_plan(sealed, evaluation, plan, approval, facts)
    except Malformed as error:
        wrong = {str(error): True}
    for problem in [why for why, is_so in wrong.items() if is_so]:
        report.find(path, problem)
    report.count("plans")


def _passed(gate: JsonObject) -> bool:
    return gate.get("state") == "passed"


def _is_sliced_otherwise(evaluation: JsonObject, sealed: JsonObject) -> bool:
    """Whether the rows of a report were sliced in another way than the plan says."""
    found = read_objects(evaluation, "slices") if "slices" in evaluation else []
    said = [{key: slicing[key] for key in slicing if key != "parts"} for slicing in found]
    return said != sealed.get("slices", [])


def _wrong_with_plan(
    sealed: JsonObject,
    evaluation: JsonObject,
    digest: str,
    approval: Approval,
    facts: PlanFacts,
) -> dict[str, bool]:
    """What may be wrong with a plan, and whether it is."""
    rows, measured = read_object(sealed, "dataset"), read_object(evaluation, "dataset")
    return {
        f"it is not of the type {PLAN_TYPE}": sealed.get("type") != PLAN_TYPE,
        "it is for another version": sealed.get("version") != approval.version_digest,
        "the evaluation does not name it": evaluation.get("plan") != digest,
        "the evaluation is of other rows": measured.get("digest") != rows.get("digest"),
        "the evaluation was made with other settings": any(
            evaluation.get(part) != sealed.get(part) for part in _SAME_SETTINGS
        ),
        "the evaluation was made with other slices": _is_sliced_otherwise(evaluation, sealed),
        "the log has no event that it was sealed": digest not in facts.plans_sealed,
        "the log tells of a run under it before it was sealed": digest in facts.plans_late,
    }
