"""A policy that says apart what is asked of models used elsewhere: an outsider finds whatever was
approved by the gates of the other kind, or by fewer."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.trust.bundle_factory import BundleStory, Document, Edit
from tests.trust.test_bundle_elsewhere import MIXED, NOBODY, no_answers, problems
from tests.trust.test_bundle_findings import update
from tests.trust.verifier import report_of


def passed(gate: str, measured: Any = None, limit: Any = None) -> Document:
    said = {"gate": gate, "state": "passed", "measured": measured, "limit": limit}
    return said | {"required": True}


WHOLE: Document = {
    "metrics": [{"metric": "accuracy", "limit": 0.9, "bound": "value"}],
    "evidence": ["evaluation", "card"],
    "size_bytes": 12,
}
PART: Document = {"evidence": ["card"], "lineage": True}
CARD = passed("card", 0, 0)
SERVED = [CARD, passed("evaluation"), passed("size", 12, 12), passed("metric:accuracy", 0.97, 0.9)]
ELSEWHERE = [CARD, passed("lineage", "declared", "complete")]
DECLARED = {"source": "declared", "vendor": "Acme", "product": "Score", "release": "3"}


# Reports that say what they measured: the gates are asked of them again.
REPORTS: dict[str, Any] = {"planned": True, "edit_evaluation": update(metrics={"accuracy": {}})}


def holding(gates: list[Document], **more: Any) -> Edit:
    """A statement with these gates besides."""

    def say(statement: Document) -> None:
        statement["gates"] += deepcopy(gates)
        statement |= more

    return say


def served(gates: list[Document], **policy: Any) -> BundleStory:
    terms = WHOLE | {"elsewhere": PART} | policy
    return BundleStory(edit_statement=holding(gates), edit_policy=update(**terms), **REPORTS)


def elsewhere(gates: list[Document], terms: Document) -> BundleStory:
    return no_answers(
        edit_manifest=update(signature=None, lineage=DECLARED),
        edit_statement=holding(gates, use="elsewhere", scope=NOBODY, runtime={}),
        edit_policy=update(**terms),
        **REPORTS,
    )


def without(gates: list[Document], name: str) -> list[Document]:
    return [gate for gate in gates if gate["gate"] != name]


def left_out(name: str) -> str:
    return f"the gate {name!r} that the policy asks for is not in it"


def not_following(name: str) -> str:
    return f"the gate {name!r} does not answer this from the policy and the evidence"


BOTH = WHOLE | {"elsewhere": PART}


def test_both_kinds_are_sound_by_their_own_gates(tmp_path: Path) -> None:
    for made in (served(SERVED), elsewhere(ELSEWHERE, BOTH)):
        report = report_of(made, tmp_path)
        assert (report.exit_code, report.findings) == (0, [])
        assert report.counts["gates asked again"] == 1


@pytest.mark.parametrize(
    ("name", "problem"), [("card", left_out("card")), ("lineage", not_following("lineage"))]
)
def test_every_gate_of_the_part_is_in_the_approval(tmp_path: Path, name: str, problem: str) -> None:
    assert problems(elsewhere(without(ELSEWHERE, name), BOTH), tmp_path) == {problem}


@pytest.mark.parametrize("name", ["evaluation", "card", "metric:accuracy"])
def test_every_report_and_limit_is_among_the_gates_of_what_is_served(
    tmp_path: Path, name: str
) -> None:
    assert problems(served(without(SERVED, name)), tmp_path) == {left_out(name)}


def test_a_sealed_plan_is_among_the_gates_where_the_policy_wants_one(tmp_path: Path) -> None:
    assert problems(served(SERVED, sealed_plan=True), tmp_path) == {left_out("sealed_plan")}


def test_nothing_is_served_by_the_gates_of_what_is_used_elsewhere(tmp_path: Path) -> None:
    found = problems(served(ELSEWHERE), tmp_path)
    missing = {left_out("evaluation"), left_out("metric:accuracy")}
    assert found == missing | {not_following("size")}


def test_what_is_used_elsewhere_does_not_pass_for_served(tmp_path: Path) -> None:
    """Neither by a signed statement that keeps the use back."""
    made = BundleStory(
        edit_manifest=update(signature=None, lineage=DECLARED),
        edit_statement=holding(ELSEWHERE),
        edit_policy=update(**BOTH),
        **REPORTS,
    )
    found = problems(made, tmp_path)
    assert found >= {MIXED, left_out("evaluation"), not_following("size")}


def test_what_can_be_served_is_not_approved_by_the_part_for_elsewhere(tmp_path: Path) -> None:
    made = no_answers(
        edit_manifest=update(signature={}, lineage=DECLARED),
        edit_statement=holding(ELSEWHERE, use="elsewhere", scope=NOBODY, runtime={}),
        edit_policy=update(**BOTH),
        **REPORTS,
    )
    assert MIXED in problems(made, tmp_path)


def test_a_policy_without_a_part_asks_all_of_it(tmp_path: Path) -> None:
    found = problems(elsewhere(ELSEWHERE, WHOLE), tmp_path)
    assert found == {left_out("evaluation"), left_out("metric:accuracy"), not_following("size")}


@pytest.mark.parametrize(
    "part",
    [{}, PART | {"passkey": False}, PART | {"waivable": ["latency"]}, ["card"], None],
    ids=str,
)
def test_a_part_that_is_none_is_found(tmp_path: Path, part: Any) -> None:
    assert report_of(elsewhere(ELSEWHERE, WHOLE | {"elsewhere": part}), tmp_path).exit_code == 1


def test_the_part_changes_nothing_of_how_persons_sign(tmp_path: Path) -> None:
    found = problems(elsewhere(ELSEWHERE, BOTH | {"second_factor": True}), tmp_path)
    assert "it was given without the second factor that the policy demands" in found
