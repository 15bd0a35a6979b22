"""The validation report of an approval in a bundle: by whom, about what, and told by the log."""

from pathlib import Path
from typing import Any

import pytest

from tests.trust.bundle_factory import AUTHOR, BEN, EVA, BundleStory, Document
from tests.trust.verifier import report_of
from trust.bundle_layout import evidence_member
from trust.digests import digest_hex, digest_of

RATING = {"name": "fit", "title": "Fit"}


def story(told_by: str = EVA, gate: str = "passed", **changes: Any) -> BundleStory:
    """An approval under a policy that demands a report, with one that may be changed."""
    made: list[BundleStory] = []
    digests: list[str] = []

    def add(statement: Document) -> None:
        version = statement["version_digest"]
        report: Document = {
            "type": "assay/validation/1",
            "version": version,
            "person": EVA,
            "rating": RATING,
        }
        folder = digest_hex(version)
        digests.append(made[0].put(lambda h: evidence_member(folder, h), report | changes))
        statement["evidence"].append({"kind": "validation", "digest": digests[0]})
        said = {"gate": "validation_report", "state": gate, "measured": "Fit", "limit": None}
        statement["gates"].append(said | {"required": True})

    class Story(BundleStory):
        def _statement(self, version: str) -> tuple[Document, bytes]:
            made.append(self)
            found = super()._statement(version)
            if told_by:
                self.event("validation.finished", {"validation": digests[0]}, person=told_by)
            return found

    return Story(
        planned=True,
        edit_evaluation=lambda report: report.update(metrics={}),
        edit_statement=add,
        edit_policy=lambda policy: policy.update(validation_report=True),
    )


def test_a_sound_one_is_counted(tmp_path: Path) -> None:
    report = report_of(story(), tmp_path)

    assert (report.exit_code, report.findings) == (0, [])
    assert report.counts["validation reports"] == 1


@pytest.mark.parametrize(
    ("wishes", "problem"),
    [
        ({"person": AUTHOR, "told_by": AUTHOR}, "a contributor to the version wrote it"),
        ({"told_by": ""}, "the log has no event that this report was finished"),
        ({"told_by": BEN}, "the log names another person for it"),
        ({"version": digest_of(b"other")}, "it is about another version"),
        ({"type": "assay/evaluation/1"}, "it is not of the type assay/validation/1"),
        ({"rating": {"name": "fit", "title": "Unfit"}}, "'validation_report' does not answer this"),
    ],
)
def test_a_defect_is_named(tmp_path: Path, wishes: dict[str, Any], problem: str) -> None:
    report = report_of(story(**wishes), tmp_path)

    assert report.exit_code == 1
    assert any(problem in found.problem for found in report.findings), report.findings
