"""What was deleted is taken for sound only as the log tells of it, and holds only with an event."""

from pathlib import Path

import pytest

from tests.trust.bundle_factory import BATCH_ID, BEN, BundleStory
from tests.trust.verifier import report_of
from trust.bundle_layout import hold_member, predictions_member
from trust.digests import digest_of

PREDICTIONS = predictions_member(BATCH_ID)
WHOLE, OTHER = digest_of(b"the records as they were sealed"), digest_of(b"other")
HOLD = {"type": "assay/hold/1", "id": "hold-1", "person": BEN, "reason": "Asked for."}


def emptied(**changes: object) -> BundleStory:
    """The records of the story are what is left of others that were sealed."""
    story = BundleStory()
    sealed = next(one for one in story.events if one["action"] == "predictions.sealed")
    sealed["payload"]["digest"] = WHOLE
    left = {"kept": digest_of(story.files[PREDICTIONS]), "count": 3}
    said = {"batch": BATCH_ID, "digest": WHOLE, **left} | changes
    story.event("predictions.emptied", said, person=BEN)
    return story


def test_records_that_lost_their_content_are_sound_with_the_event(tmp_path: Path) -> None:
    report = report_of(emptied(), tmp_path)
    assert (report.exit_code, report.findings) == (0, [])
    (note,) = report.notes
    assert note.startswith("inputs and outputs of 3 predictions were deleted on 2026-")
    assert note.endswith(f"confirmed by the person {BEN}")


@pytest.mark.parametrize("changes", [{"kept": OTHER}, {"count": 2}, {"batch": "another"}])
def test_other_records_than_those_left_are_found(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    report = report_of(emptied(**changes), tmp_path)
    assert report.exit_code == 1
    assert [finding.member for finding in report.findings] == [PREDICTIONS]


@pytest.mark.parametrize(
    ("person", "told", "problem"),
    [
        (BEN, True, ""),
        ("person-mira", True, "names another person"),
        (BEN, False, "no event of this hold"),
    ],
)
def test_a_hold_is_one_that_the_log_tells_of(
    tmp_path: Path, person: str, told: bool, problem: str
) -> None:
    story = BundleStory()
    digest = story.put(hold_member, HOLD)
    if told:
        story.event("hold.placed", {"hold": "hold-1", "record": digest}, person=person)
    report = report_of(story, tmp_path)
    assert [problem in finding.problem for finding in report.findings] == [True] * bool(problem)
    assert report.notes == (["1 legal holds are in force by the disclosed events"] if told else [])
