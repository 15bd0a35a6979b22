"""A gate that has not passed needs a waiver in the bundle, and each defect of a waiver is found."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.factories.damage import approved_statement
from tests.trust.bundle_factory import AUTHOR, ORIGIN, BundleStory, Document, Edit
from tests.trust.test_bundle_findings import STATEMENT, drop_files, update, update_predicate
from tests.trust.verifier import report_of
from trust.approval import read_approval
from trust.digests import digest_of
from trust.keys import approvals_name
from trust.times import format_moment

OTHER = digest_of(b"other")
LATE, LATER = "2028-02-01T00:00:00.000000Z", "2029-01-01T00:00:00.000000Z"
DIED = "2026-03-01T09:04:00.000000Z"


def of_finding(**changes: object) -> Edit:
    return lambda record: record["finding"].update(changes)


def of_statement_waiver(**changes: object) -> Edit:
    return lambda statement: statement["waivers"][0].update(changes)


def of_event(number: int, **actor: object) -> Edit:
    return lambda events: events[number]["actor"].update(actor)


def another_action(events: list[Document]) -> None:
    events[4]["action"] = "card.edited"


def withdrawn_at(moment: str) -> Edit:
    def withdraw(events: list[Document]) -> None:
        events[0] |= {"action": "waiver.withdrawn", "payload": events[4]["payload"], "at": moment}

    return withdraw


def second_finding(statement: Document) -> None:
    """Two floors of one metric, of which one is waived."""
    statement["gates"].append(statement["gates"][1] | {"limit": 2})


DEFECTS: list[tuple[dict[str, Edit], str, str]] = [
    ({"edit_waiver": update(type="assay/signature/1")}, "waivers/", "not of the type"),
    ({"edit_waiver": update(version_digest=OTHER)}, "waivers/", "another version"),
    ({"edit_waiver": update(policy_digest=OTHER)}, "waivers/", "another policy"),
    ({"edit_waiver": update(person=AUTHOR)}, "waivers/", "contributed"),
    ({"edit_waiver": update(not_after=LATE)}, "waivers/", "another moment"),
    ({"edit_waiver": update(at=LATE)}, "waivers/", "not in force"),
    ({"edit_waiver": update(at="soon")}, "waivers/", "moment"),
    ({"edit_waiver": update(finding=None)}, "waivers/", "finding"),
    ({"edit_waiver": update(name_commitment=OTHER)}, "disclosures/", "does not open"),
    ({"edit_waiver": of_finding(gate="accuracy")}, "waivers/", "another finding"),
    ({"edit_waiver": of_finding(measured=0.5)}, "waivers/", "another finding"),
    ({"edit_waiver": of_finding(limit=0.5)}, "waivers/", "another finding"),
    ({"edit_waiver": of_finding(state="not measured")}, "waivers/", "another finding"),
    ({"edit_waiver": of_finding(evidence=OTHER)}, "waivers/", "other evidence"),
    ({"edit_policy": update(waivable=["card"])}, "waivers/", "lets nobody waive"),
    ({"edit_policy": lambda policy: policy.pop("waivable")}, "waivers/", "lets nobody waive"),
    ({"edit_statement": update(waivers=[])}, STATEMENT, "neither passed nor waived"),
    ({"edit_statement": of_statement_waiver(digest=OTHER)}, "waivers/", "not in the bundle"),
    ({"edit_statement": of_statement_waiver(gate="accuracy")}, "waivers/", "another finding"),
    ({"edit_statement": of_statement_waiver(more=1)}, "", "unknown 'more'"),
    ({"edit_statement": second_finding}, STATEMENT, "neither passed nor waived"),
    ({"edit_events": another_action}, "waivers/", "no event"),
    ({"edit_events": of_event(4, person="person-dan")}, "waivers/", "another person"),
    ({"edit_events": withdrawn_at(DIED)}, "waivers/", "withdrawn before"),
    ({"edit_files": drop_files("waivers/")}, "waivers/", "not in the bundle"),
    ({"edit_approval": update_predicate(not_after=LATER)}, "approvals/", "outlives a waiver"),
    ({"edit_approval": update_predicate(waivers=[])}, "approvals/", "does not speak of them"),
    (
        {"edit_approval": lambda s: s["predicate"].pop("waivers")},
        STATEMENT,
        "the list of waivers that was signed",
    ),
]


@pytest.mark.parametrize(("edits", "member", "problem"), DEFECTS)
def test_a_defect_is_named(
    tmp_path: Path, edits: dict[str, Any], member: str, problem: str
) -> None:
    report = report_of(BundleStory(**edits), tmp_path)

    assert report.exit_code == 1
    found = [f for f in report.findings if f.member.startswith(member)]
    assert any(re.search(problem, f.problem) for f in found), report.findings


@pytest.mark.parametrize("gate", ["admission", "golden"])
def test_no_policy_lets_the_bytes_go_unchecked(tmp_path: Path, gate: str) -> None:
    def rename(statement: Document) -> None:
        statement["gates"][1]["gate"] = statement["waivers"][0]["gate"] = gate

    story = BundleStory(
        edit_policy=update(waivable=[gate]),
        edit_statement=rename,
        edit_waiver=of_finding(gate=gate),
    )

    report = report_of(story, tmp_path)

    assert [f.problem for f in report.findings] == ["the policy lets nobody waive this gate"]


def test_a_withdrawal_after_the_approval_contradicts_nothing(tmp_path: Path) -> None:
    report = report_of(BundleStory(edit_events=withdrawn_at(LATE)), tmp_path)

    assert (report.exit_code, report.findings) == (0, [])


class TestAnApproval:
    def test_names_its_waivers(self) -> None:
        story = BundleStory()
        keys = story.keys.named(approvals_name(ORIGIN))

        approval = read_approval(story.files[story.approval_file], keys)

        assert [(w.gate, w.not_after) for w in approval.waivers] == [
            ("latency", story.waived_until)
        ]
        assert format_moment(approval.not_after) < format_moment(story.waived_until)

    def test_without_waivers_reads_as_before_there_were_any(self, tmp_path: Path) -> None:
        def all_passed(statement: Document) -> None:
            statement["gates"][1]["state"] = "passed"
            statement["waivers"] = []

        story = BundleStory(edit_statement=all_passed)
        keys = story.keys.named(approvals_name(ORIGIN))
        envelope = story.files[story.approval_file]

        assert "waivers" not in approved_statement(envelope)["predicate"]
        assert read_approval(envelope, keys).waivers == ()
        assert report_of(story, tmp_path).exit_code == 0
