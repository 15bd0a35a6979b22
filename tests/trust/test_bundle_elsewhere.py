"""An outsider finds whatever was answered under an approval that is for use elsewhere."""

from pathlib import Path
from typing import Any

import pytest

from tests.trust.bundle_factory import BundleStory, Document
from tests.trust.emergency_story import EmergencyStory
from tests.trust.test_bundle_findings import update
from tests.trust.verifier import report_of
from trust.digests import digest_of

NOBODY: Document = {"aliases": []}
MIXED = "it is approved for serving and cannot be served, or the other way round"


def no_answers(story: type[BundleStory] = BundleStory, **other: Any) -> BundleStory:
    """A version that is run elsewhere, approved for that; nothing was answered under it."""
    given: dict[str, Any] = {
        "edit_manifest": update(signature=None),
        "edit_statement": update(use="elsewhere", scope=NOBODY, runtime={}),
        "edit_predictions": lambda records: records.clear(),
    }
    return story(**(given | other))


def problems(made: BundleStory, folder: Path) -> set[str]:
    return {finding.problem for finding in report_of(made, folder).findings}


def test_a_sound_one_is_sound_and_counted(tmp_path: Path) -> None:
    report = report_of(no_answers(), tmp_path)
    assert (report.exit_code, report.findings) == (0, [])
    assert report.counts["approvals for use elsewhere, which never serve"] == 1


def test_without_any_file_is_sound_too(tmp_path: Path) -> None:
    statement = {"use": "elsewhere", "scope": NOBODY, "runtime": {}, "artifacts": []}
    made = no_answers(
        edit_manifest=update(signature=None, artifacts=[]), edit_statement=update(**statement)
    )
    assert report_of(made, tmp_path).exit_code == 0


def test_an_answer_under_it_is_found(tmp_path: Path) -> None:
    found = problems(no_answers(edit_predictions=lambda records: None), tmp_path)
    assert len(found) == 3
    assert all("The approval is for use elsewhere: it never serves here" in one for one in found)


def test_an_alias_that_was_moved_to_it_is_found(tmp_path: Path) -> None:
    def moved(events: list[Document]) -> None:
        said = next(e["payload"] for e in events if e["action"] == "version.approved")
        move = {"alias": "night", "to": said["version_digest"], "from": None}
        events.append(events[-1] | {"action": "alias.moved", "payload": move})

    assert problems(no_answers(edit_events=moved), tmp_path) == {
        "an alias was moved to its version, though it is for use elsewhere"
    }


@pytest.mark.parametrize(
    ("manifest", "statement"),
    [
        ({"signature": None}, {}),
        ({"signature": {}}, {"use": "elsewhere", "scope": NOBODY, "runtime": {}}),
    ],
    ids=["for serving what is run elsewhere", "for elsewhere what could be served"],
)
def test_another_use_than_the_manifest_allows_is_found(
    tmp_path: Path, manifest: Document, statement: Document
) -> None:
    made = no_answers(edit_manifest=update(**manifest), edit_statement=update(**statement))
    assert MIXED in problems(made, tmp_path)


def test_another_use_than_the_signed_one_is_found(tmp_path: Path) -> None:
    def served(statement: Document) -> None:
        del statement["predicate"]["use"]
        statement["predicate"]["scope"] = {"aliases": ["*"]}

    found = problems(no_answers(edit_approval=served), tmp_path)
    assert "the use that was signed is not the one that was approved" in found


@pytest.mark.parametrize(
    "change",
    [
        {"use": "here"},
        {"scope": {"aliases": ["champion"]}},
        {"use": None},
    ],
    ids=str,
)
def test_one_that_says_both_is_no_approval(tmp_path: Path, change: Document) -> None:
    def say(statement: Document) -> None:
        statement["predicate"] |= change

    report = report_of(no_answers(edit_approval=say), tmp_path)
    assert report.exit_code == 1
    assert report.counts.get("approvals for use elsewhere, which never serve") is None


def test_an_emergency_grant_for_such_a_version_is_found(tmp_path: Path) -> None:
    found = problems(no_answers(EmergencyStory), tmp_path)
    assert "The version has no interface of inputs and outputs, so it is never served" in found


def test_a_digest_is_not_an_alias_of_another_version(tmp_path: Path) -> None:
    def moved(events: list[Document]) -> None:
        move = {"alias": "night", "to": digest_of(b"another"), "from": None}
        events.append(events[-1] | {"action": "alias.moved", "payload": move})

    assert problems(no_answers(edit_events=moved), tmp_path) == set()
