"""Findings in a bundle: nothing that blocks was open at an approval, conditions were accepted."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.factories.damage import approved_statement
from tests.trust.bundle_factory import AUTHOR, ORIGIN, BundleStory, Document, Edit, unchanged
from tests.trust.finding_story import DUE, LATER
from tests.trust.test_bundle_findings import STATEMENT, drop_files, update_predicate
from tests.trust.verifier import report_of
from trust.approval import read_approval
from trust.digests import digest_hex, digest_of
from trust.keys import approvals_name

OTHER = digest_of(b"other")


def story(**edits: Any) -> BundleStory:
    return BundleStory(conditional=True, **edits)


def of_condition(**changes: object) -> Edit:
    return lambda records: records[1].update(changes)


def of_signature(annex: Document | None) -> Edit:
    def change(records: list[Document]) -> None:
        del records[1]["annex"]
        records[1] |= {"annex": annex} if annex is not None else {}

    return change


def of_events(wanted: str, **changes: Any) -> Edit:
    """Changes the events of an action."""

    def change(events: list[Document]) -> None:
        for event in events:
            if event["action"] == wanted:
                event.update(changes)

    return change


def by(person: str) -> dict[str, Any]:
    return {"actor": {"person": person, "user": person + "-login", "via": "session"}}


def reopened(events: list[Document]) -> None:
    """The finding that blocked was opened again before the approval."""
    closed = next(event for event in events if event["action"] == "finding.closed")
    events[events.index(closed) - 4]["payload"] = closed["payload"]
    closed["action"] = "finding.reopened"


def closed_before(events: list[Document]) -> None:
    """The condition was closed before the approval that names it."""
    raised = [event for event in events if event["action"] == "finding.raised"][1]
    closed = next(event for event in events if event["action"] == "finding.closed")
    closed["payload"] = {"finding": raised["payload"]["finding"]}


def other_bytes(files: dict[str, bytes]) -> None:
    """Of the file that is attached."""
    files |= {name: b"summer" for name in files if name.startswith("attachments/")}


def other_amendment(files: dict[str, bytes]) -> None:
    """Of the change of the condition's day."""
    files |= {name: b"{}" for name in files if name.startswith("finding-amendments/")}


DEFECTS: list[tuple[dict[str, Edit], str, str]] = [
    ({"edit_events": of_events("finding.closed", action="card.edited")}, "findings/", "it blocked"),
    ({"edit_events": reopened}, "findings/", "it blocked"),
    ({"edit_events": closed_before}, STATEMENT, "not those that were open"),
    ({"edit_events": of_events("finding.closed", **by(AUTHOR))}, "findings/", "contributor"),
    ({"edit_events": of_events("finding.raised", action="card.edited")}, "log/", "before"),
    (
        {"edit_events": of_events("finding.raised", **by("person-dan"))},
        "findings/",
        "another person",
    ),
    ({"edit_findings": of_condition(type="assay/waiver/1")}, "findings/", "not of the type"),
    ({"edit_findings": of_condition(version_digest=OTHER)}, "findings/", "another version"),
    ({"edit_findings": of_condition(due_on="2027-12-31")}, "findings/", "another day"),
    ({"edit_findings": of_condition(effect="blocking")}, "findings/", "no condition"),
    ({"edit_signatures": of_signature(None)}, "signatures/", "shown other conditions"),
    (
        {"edit_signatures": of_signature({"conditions": [{"digest": OTHER, "due_on": "x"}]})},
        "signatures/",
        "shown other conditions",
    ),
    ({"edit_signatures": of_signature({"conditions": []})}, "signatures/", "left out"),
    ({"edit_signatures": of_signature({"surprise": 1})}, "signatures/", "no 'conditions'"),
    ({"edit_files": drop_files("findings/")}, "findings/", "not in the bundle"),
    ({"edit_files": drop_files("attachments/")}, "attachments/", "names it, but it is not in"),
    ({"edit_files": other_bytes}, "attachments/", "do not have the digest"),
    ({"edit_findings": of_condition(attachments=[{"name": "a"}])}, "findings/", "is not a digest"),
    (
        {"edit_approval": lambda s: s["predicate"].pop("annex")},
        STATEMENT,
        "not those that were open",
    ),
    ({"edit_approval": update_predicate(annex={"conditions": []})}, "approvals/", "left out"),
]


def of_amendment(**changes: object) -> Edit:
    return lambda record: record.update(changes)


def named_without(part: str) -> Edit:
    """An approval whose condition lacks a part."""
    return lambda s: s["predicate"]["annex"]["conditions"][0].pop(part)


AMENDED: list[tuple[dict[str, Edit], str, str]] = [
    ({"amended": of_amendment(type="assay/finding/1")}, "findings/", "not of the type"),
    ({"amended": of_amendment(finding=OTHER)}, "findings/", "of another finding"),
    ({"amended": of_amendment(due_on=DUE)}, "findings/", "due on another day"),
    ({"amended": of_amendment(person="person-ben")}, "findings/", "another person for its"),
    ({"edit_events": of_events("finding.amended", **by(AUTHOR))}, "findings/", "a contributor"),
    ({"edit_events": of_events("finding.amended", action="card.edited")}, "findings/", "told of"),
    ({"edit_approval": named_without("amendment")}, "findings/", "than the log told of"),
    ({"edit_approval": named_without("due_on")}, "approvals/", "no 'due_on'"),
    ({"edit_files": drop_files("finding-amendments/")}, "finding-amendments/", "not in the bundle"),
    ({"edit_files": other_amendment}, "finding-amendments/", "do not have the digest"),
]


@pytest.mark.parametrize(("edits", "member", "problem"), DEFECTS)
def test_a_defect_is_named(
    tmp_path: Path, edits: dict[str, Any], member: str, problem: str
) -> None:
    report = report_of(story(**edits), tmp_path)

    assert report.exit_code == 1
    found = [f for f in report.findings if f.member.startswith(member)]
    assert any(re.search(problem, f.problem) for f in found), report.findings


@pytest.mark.parametrize(("edits", "member", "problem"), AMENDED)
def test_a_defect_of_an_amended_condition_is_named(
    tmp_path: Path, edits: dict[str, Any], member: str, problem: str
) -> None:
    test_a_defect_is_named(tmp_path, {"amended": unchanged, **edits}, member, problem)


def test_an_amended_one_is_sound_and_named_with_its_amendment(tmp_path: Path) -> None:
    with_it = story(amended=unchanged)
    report = report_of(with_it, tmp_path)

    assert (report.exit_code, report.findings) == (0, [])
    keys = with_it.keys.named(approvals_name(ORIGIN))
    (named,) = read_approval(with_it.files[with_it.approval_file], keys).annex.conditions
    assert named.due_on == LATER
    assert f"finding-amendments/{digest_hex(named.amendment or '')}.json" in with_it.files


def test_a_whole_one_is_sound(tmp_path: Path) -> None:
    report = report_of(story(), tmp_path)

    assert (report.exit_code, report.findings) == (0, [])
    assert (report.counts["conditions"], report.counts["attached files"]) == (1, 2)


def test_an_approval_names_its_conditions_or_does_not_speak_of_them() -> None:
    with_them, without = story(), BundleStory()
    keys = with_them.keys.named(approvals_name(ORIGIN))

    approval = read_approval(with_them.files[with_them.approval_file], keys)

    assert [named.due_on for named in approval.annex.conditions] == ["2026-12-31"]
    predicate = approved_statement(without.files[without.approval_file])["predicate"]
    assert "annex" not in predicate
