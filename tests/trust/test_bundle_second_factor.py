"""Where the policy demands a second factor, every record in the bundle says that there was one."""

from pathlib import Path
from typing import Any

import pytest

from tests.trust.bundle_factory import BundleStory, Document
from tests.trust.test_bundle_findings import update
from tests.trust.verifier import report_of
from trust.methods import PASSWORD_AND_TOTP

DEMAND = update(second_factor=True)
SHOWN = update(method=PASSWORD_AND_TOTP)
WITHOUT = "it was given without the second factor that the policy demands"


def shown_by_all(records: list[Document]) -> None:
    for record in records:
        SHOWN(record)


def shown_by_one(records: list[Document]) -> None:
    SHOWN(records[0])


def test_records_that_say_so_are_enough(tmp_path: Path) -> None:
    story = BundleStory(edit_policy=DEMAND, edit_signatures=shown_by_all, edit_waiver=SHOWN)

    report = report_of(story, tmp_path)

    assert (report.exit_code, report.findings) == (0, [])


def test_records_may_say_so_where_nobody_demands_it(tmp_path: Path) -> None:
    report = report_of(BundleStory(edit_signatures=shown_by_one), tmp_path)

    assert (report.exit_code, report.findings) == (0, [])


@pytest.mark.parametrize(
    ("edits", "members"),
    [
        ({"edit_signatures": shown_by_one, "edit_waiver": SHOWN}, ["signatures/"]),
        ({"edit_waiver": SHOWN}, ["signatures/", "signatures/"]),
        ({"edit_signatures": shown_by_all}, ["waivers/"]),
    ],
)
def test_each_record_without_one_is_named(
    tmp_path: Path, edits: dict[str, Any], members: list[str]
) -> None:
    report = report_of(BundleStory(edit_policy=DEMAND, **edits), tmp_path)

    found = [f.member.partition("/")[0] + "/" for f in report.findings if f.problem == WITHOUT]
    assert report.exit_code == 1
    assert found == members


@pytest.mark.parametrize("method", ["totp", "password+", "", None, ["password+totp"]])
def test_no_other_word_is_a_second_factor(tmp_path: Path, method: object) -> None:
    def say(records: list[Document]) -> None:
        for record in records:
            record["method"] = method

    report = report_of(
        BundleStory(edit_policy=DEMAND, edit_signatures=say, edit_waiver=SHOWN), tmp_path
    )

    assert [f.problem for f in report.findings].count(WITHOUT) == 2


def test_a_demand_that_is_neither_true_nor_false_is_no_policy(tmp_path: Path) -> None:
    report = report_of(BundleStory(edit_policy=update(second_factor="yes")), tmp_path)

    assert any("is not true or false" in f.problem for f in report.findings)
