"""Emergency grants in a bundle: what two persons agreed to, and what was answered under it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.trust.bundle_factory import START
from tests.trust.emergency_story import GRANT_ID, MIRA, EmergencyStory
from tests.trust.verifier import report_of
from trust.times import format_moment


def problems(folder: Path, **story: Any) -> str:
    found = report_of(EmergencyStory(**story), folder).findings
    return "\n".join(finding.problem for finding in found)


def update(**changes: Any) -> Any:
    return lambda document: document.update(changes)


def details(**changes: Any) -> Any:
    return lambda document: document["details"].update(changes)


def answer(**changes: Any) -> Any:
    return lambda records: records[0].update(changes)


def test_a_sound_one_is_sound_and_said(tmp_path: Path) -> None:
    report = report_of(EmergencyStory(), tmp_path)
    assert report.findings == []
    assert report.counts["emergency grants"] == 1
    assert any("without an approval" in note for note in report.notes)


@pytest.mark.parametrize(
    ("story", "problem"),
    [
        ({"confirmer": MIRA}, "tells of no two persons"),
        ({"method": "password"}, "tells of no two persons"),
        ({"confirmer": "person-eve"}, "the log names other persons"),
        ({"told": False}, "no event that this emergency grant was given"),
        ({"edit_brave_policy": update(emergency_hours=3)}, "does not allow an emergency grant"),
        ({"edit_brave_policy": lambda p: p.pop("emergency_hours")}, "does not allow an emergency"),
        ({"edit_proposal": details(hours=3)}, "lasts longer than two persons agreed"),
        ({"edit_proposal": details(alias="night")}, "agreed to another alias"),
        ({"edit_proposal": details(environment="eu")}, "agreed to another environment"),
        ({"edit_proposal": details(version_digest="sha256:0")}, "agreed to another version"),
        ({"edit_proposal": update(kind="roles")}, "not one for an emergency"),
        ({"edit_proposal": update(reason="No.")}, "agreed for another reason"),
        ({"edit_grant": update(contributors=[MIRA])}, "contributed to the version"),
        ({"edit_grant": update(persons=[MIRA, MIRA])}, "two different persons"),
        (
            {"edit_grant": update(not_after=format_moment(START + timedelta(days=9)))},
            "lasts at most 72 hours",
        ),
        ({"edit_grant": update(emergency="another")}, "emergency grant of another id"),
        ({"edit_answers": answer(alias="night")}, "for another alias"),
        ({"edit_answers": answer(environment="eu")}, "for another environment"),
        ({"edit_answers": answer(version_digest=f"sha256:{'0' * 64}")}, "for another version"),
        (
            {"edit_answers": answer(at=format_moment(START + timedelta(days=2)))},
            "was not in force",
        ),
        ({"edit_answers": answer(emergency="another")}, "not in the bundle"),
        ({"edit_answers": answer(number=4)}, "not those of its version"),
        ({"edit_answers": answer(model="another")}, "not those of its version"),
        (
            {"edit_grant": lambda grant: grant["artifacts"].pop()},
            "not those of the version's manifest",
        ),
        ({"edit_answers": answer(approval=GRANT_ID)}, "not in the bundle"),
        ({"ended_after": timedelta(minutes=5)}, "was ended"),
    ],
)
def test_a_defect_is_named(story: dict[str, Any], problem: str, tmp_path: Path) -> None:
    assert problem in problems(tmp_path, **story)
