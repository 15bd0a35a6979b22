"""A plan that an approval rests on was sealed before the run of the evaluation that names it."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.trust.bundle_factory import BundleStory, Document, Edit
from tests.trust.test_bundle_findings import STATEMENT, update
from tests.trust.verifier import report_of
from trust.digests import digest_of

OTHER = digest_of(b"other")
SEALED, ASKED = 4, 5


def of_plan(**changes: object) -> Edit:
    return lambda plan: plan.update(changes)


def turned_round(events: list[Document]) -> None:
    for part in ("action", "payload"):
        sealed, asked = events[SEALED][part], events[ASKED][part]
        events[SEALED][part], events[ASKED][part] = asked, sealed


def unsealed(events: list[Document]) -> None:
    events[SEALED]["action"] = "card.edited"


def without_a_plan(statement: Document) -> None:
    statement["evidence"] = [e for e in statement["evidence"] if e["kind"] != "plan"]
    statement["gates"].append(statement["gates"][0] | {"gate": "sealed_plan"})


DEFECTS: list[tuple[dict[str, Edit], str, str]] = [
    ({"edit_plan": of_plan(type="assay/card/1")}, "versions/", "not of the type"),
    ({"edit_plan": of_plan(version=OTHER)}, "versions/", "another version"),
    ({"edit_plan": of_plan(dataset={"digest": OTHER})}, "versions/", "other rows"),
    ({"edit_plan": of_plan(dataset=None)}, "versions/", "dataset"),
    ({"edit_plan": of_plan(seed=2)}, "versions/", "other settings"),
    ({"edit_plan": of_plan(interval={"resamples": 9})}, "versions/", "other settings"),
    ({"edit_plan": of_plan(slices=[{"column": "a", "quantiles": 2}])}, "versions/", "other slices"),
    (
        {"edit_evaluation": update(slices=[{"column": "a", "quantiles": 2, "parts": []}])},
        "versions/",
        "other slices",
    ),
    ({"edit_evaluation": update(plan=OTHER)}, "versions/", "does not name it"),
    ({"edit_evaluation": lambda report: report.pop("plan")}, "versions/", "does not name it"),
    ({"edit_events": unsealed}, "versions/", "no event that it was sealed"),
    ({"edit_events": turned_round}, "versions/", "before it was sealed"),
    ({"edit_statement": without_a_plan}, STATEMENT, "passed without a plan"),
]


@pytest.mark.parametrize(("edits", "member", "problem"), DEFECTS)
def test_a_defect_is_named(
    tmp_path: Path, edits: dict[str, Any], member: str, problem: str
) -> None:
    report = report_of(BundleStory(planned=True, **edits), tmp_path)

    assert report.exit_code == 1
    found = [f for f in report.findings if f.member.startswith(member)]
    assert any(re.search(problem, f.problem) for f in found), report.findings


def test_a_plan_that_was_kept_is_sound(tmp_path: Path) -> None:
    report = report_of(BundleStory(planned=True), tmp_path)

    assert (report.exit_code, report.findings) == (0, [])
