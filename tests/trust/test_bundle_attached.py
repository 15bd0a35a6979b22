"""A file that an event names is in the bundle, or the log says that it was deleted."""

from typing import cast

import pytest

from trust.bundle_attachments import check_attachments
from trust.bundle_layout import attachment_member
from trust.bundle_members import BundleMembers
from trust.bundle_report import BundleReport

HEX = "ab" * 32
DIGEST = f"sha256:{HEX}"
SAID = {DIGEST: "deleted on 2026-01-02, confirmed by the person mira"}


class Holding:
    """Members of which one may be the file."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def has(self, name: str) -> bool:
        return name in self._names

    def folder(self, prefix: str, suffix: str) -> list[tuple[str, str]]:
        return []


@pytest.mark.parametrize(
    ("here", "deleted", "problem"),
    [
        (True, {}, ""),
        (False, SAID, ""),
        (False, {}, "it is not in the bundle"),
        (False, {f"sha256:{'cd' * 32}": "deleted"}, "it is not in the bundle"),
        (True, SAID, "but it is here"),
    ],
)
def test_it_is_forgiven_by_its_own_deletion_alone(
    here: bool, deleted: dict[str, str], problem: str
) -> None:
    members = Holding(*([attachment_member(HEX)] if here else []))
    report = BundleReport()

    check_attachments(cast(BundleMembers, members), {DIGEST}, deleted, report)

    said = " ".join(finding.problem for finding in report.findings)
    assert problem in said
    assert bool(said) == bool(problem)
