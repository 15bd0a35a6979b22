"""An outsider finds every record that was answered outside of the scope that was signed."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.trust.bundle_factory import (
    APPROVAL_ID,
    MODEL,
    START,
    BundleStory,
    Document,
    Edit,
    unchanged,
)
from tests.trust.test_bundle_findings import update
from tests.trust.verifier import report_of
from trust.digests import digest_of
from trust.errors import Malformed
from trust.scope import UNBOUNDED, read_scope
from trust.times import format_moment

SCOPE: Document = {
    "aliases": ["champion"],
    "environments": ["production"],
    "consumers": ["person:carl", "team:t"],
    "purpose": "Triage.",
}
INSIDE: Document = {
    "alias": "champion",
    "environment": "production",
    "consumer": "person:carl",
    "person": "carl",
}


def story(
    scope: Document = SCOPE,
    policy: Document | None = None,
    tell: Edit = unchanged,
    **record: Any,
) -> BundleStory:
    """Records that lie in the scope but for what is said."""

    def answer(records: list[Document]) -> None:
        for entry in records:
            entry |= INSIDE | record

    return BundleStory(
        edit_statement=update(scope=scope),
        edit_predictions=answer,
        edit_events=tell,
        edit_policy=update(**{f"scope_{name}": part for name, part in (policy or {}).items()}),
    )


def problems(made: BundleStory, folder: Path) -> set[str]:
    return {finding.problem for finding in report_of(made, folder).findings}


@pytest.mark.parametrize("more", [{}, {"consumer": "team:t", "person": "somebody"}], ids=str)
def test_records_within_it_are_sound(tmp_path: Path, more: Document) -> None:
    report = report_of(story(**more), tmp_path)

    assert (report.exit_code, report.findings) == (0, [])


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ({"alias": "shadow"}, "The approval is not for the alias 'shadow', only for champion"),
        ({"alias": None}, "The approval is for calls by alias only: champion"),
        ({"environment": "staging"}, "here is 'staging'"),
        ({"environment": None}, "this process has no environment"),
        ({"consumer": "person:ada"}, "The approval is for other consumers"),
        ({"consumer": None}, "The approval is for other consumers"),
        ({"consumer": ["person:carl"]}, "The approval is for other consumers"),
        ({"person": "ada"}, "Its consumer is not the person who asked"),
    ],
    ids=str,
)
def test_a_record_outside_of_it_is_named(tmp_path: Path, record: Document, problem: str) -> None:
    found = problems(story(**record), tmp_path)

    assert found
    assert all(problem in one for one in found)


def test_a_scope_beyond_the_policy_is_named(tmp_path: Path) -> None:
    policy = {"aliases": ["stable"], "environments": ["production"], "required": ["purpose"]}

    assert problems(story(policy=policy), tmp_path) == {
        "The policy approves for the aliases stable only"
    }
    wordless = {name: part for name, part in SCOPE.items() if name != "purpose"}
    assert problems(story(wordless, {"required": ["purpose", "consumers"]}), tmp_path) == {
        "The policy wants a purpose to be stated"
    }


def split_story(
    share: int, *told: tuple[float, str, int], most: int = 10, is_holder: bool = False
) -> BundleStory:
    """Records with this share, of which the log tells: hours, the event, percent."""

    def tell(events: list[Document]) -> None:
        version = next(
            e["payload"]["version_digest"] for e in events if e["action"] == "version.approved"
        )
        other = digest_of(b"another version")
        holder, challenger = (version, other) if is_holder else (other, version)
        for hours, action, percent in told:
            payload = {"alias": "champion", "holder": holder, "challenger": challenger}
            events.append(
                events[-1]
                | {
                    "action": action,
                    "payload": payload | ({"percent": percent} if percent else {}),
                    "subject": {"type": "model", "id": MODEL["name"]},
                    "at": format_moment(START + timedelta(minutes=5, hours=hours)),
                }
            )

    return story(SCOPE | {"traffic_share": most}, tell=tell, share=share)


@pytest.mark.parametrize("percent", [5, 10])
def test_a_record_within_the_approved_share_is_sound(tmp_path: Path, percent: int) -> None:
    report = report_of(split_story(percent, (0, "alias.split", percent)), tmp_path)

    assert (report.exit_code, report.findings) == (0, [])


def test_a_record_of_the_rest_that_the_holder_answers_is_sound(tmp_path: Path) -> None:
    made = split_story(95, (0, "alias.split", 5), most=100, is_holder=True)

    assert report_of(made, tmp_path).findings == []


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ((), 3),
        (((0, "alias.split", 7),), 3),
        (((1.5, "alias.split", 5),), 1),
        (((0, "alias.split", 5), (1.5, "alias.split_ended", 0)), 2),
        (((0, "alias.split", 5), (1.5, "alias.split", 7)), 2),
    ],
    ids=str,
)
def test_a_share_that_nobody_had_given_then_is_named(
    tmp_path: Path, told: tuple[tuple[float, str, int], ...], wrong: int
) -> None:
    """The records are of 1, 2 and 3 hours after the approval."""
    found = report_of(split_story(5, *told), tmp_path).findings

    assert len(found) == wrong
    assert all("tells of no share of 5 % for its version then" in one.problem for one in found)


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ({"share": 11}, "at most 10 % of the calls of an alias, and this is 11 %"),
        ({"share": 100}, "and this is 100 %"),
        ({}, "and this is 100 %"),
        ({"share": 0}, "no percentage from 1 to 100"),
        ({"share": "5"}, "no percentage from 1 to 100"),
        ({"share": None}, "no percentage from 1 to 100"),
    ],
    ids=str,
)
def test_a_record_beyond_the_approved_share_is_named(
    tmp_path: Path, record: Document, problem: str
) -> None:
    found = problems(story(SCOPE | {"traffic_share": 10}, **record), tmp_path)

    assert found
    assert all(problem in one for one in found)


def test_a_share_beyond_the_policy_is_named(tmp_path: Path) -> None:
    more = SCOPE | {"traffic_share": 100}
    beyond = {"The policy approves for at most 10 % of an alias's calls"}

    assert problems(story(more, {"traffic_share": 10}), tmp_path) == beyond
    assert problems(story(SCOPE, {"traffic_share": 10}), tmp_path) == beyond
    assert problems(story(SCOPE, {"required": ["traffic_share"]}), tmp_path) == {
        "The policy wants a share of the traffic to be said"
    }


def test_another_scope_than_the_signed_one_is_named(tmp_path: Path) -> None:
    def widen(statement: Document) -> None:
        statement["predicate"]["scope"] = {"aliases": ["*"]}

    made = BundleStory(edit_statement=update(scope=SCOPE), edit_approval=widen)

    assert "the scope that was signed is not the one that was approved" in problems(made, tmp_path)


@pytest.mark.parametrize(
    "scope",
    [
        {},
        {"aliases": "champion"},
        {"aliases": ["*", "champion"]},
        {"aliases": ["champion", "champion"]},
        {"aliases": [""]},
        {"aliases": ["*"], "environments": ["*"]},
        {"aliases": ["*"], "consumers": ["carl"]},
        {"aliases": ["*"], "consumers": ["king:carl"]},
        {"aliases": ["*"], "purpose": ""},
        {"aliases": ["*"], "share": 1},
        {"aliases": ["*"], "traffic_share": 0},
        {"aliases": ["*"], "traffic_share": 101},
        {"aliases": ["*"], "traffic_share": 5.0},
        {"aliases": ["*"], "traffic_share": True},
        {"aliases": ["*"], "traffic_share": "5"},
    ],
    ids=str,
)
def test_a_scope_that_cannot_be_read_is_no_scope(scope: Document) -> None:
    with pytest.raises(Malformed):
        read_scope(scope)


def test_scopes_from_before_there_were_any_bound_nothing() -> None:
    assert read_scope({"aliases": ["*"]}) == UNBOUNDED


def stale_story(grace: int, hours: float) -> BundleStory:
    """An approval that became stale so many hours after it was given, noticed at once."""

    def tell(events: list[Document]) -> None:
        since = format_moment(START + timedelta(minutes=5, hours=hours))
        payload = {"approval": APPROVAL_ID, "since": since}
        events.append(events[-1] | {"action": "approval.stale", "payload": payload, "at": since})

    return BundleStory(edit_statement=update(stale_grace_s=grace), edit_events=tell)


@pytest.mark.parametrize(
    ("grace", "hours", "records"), [(3600, 0.5, {2, 3}), (7200, 1.5, set()), (0, 2.5, {3})]
)
def test_records_from_after_the_grace_of_a_stale_approval_are_named(
    tmp_path: Path, grace: int, hours: float, records: set[int]
) -> None:
    found = problems(stale_story(grace, hours), tmp_path)

    assert {problem.partition(":")[0] for problem in found} == {f"record {n}" for n in records}
    assert all("the grace that it states is over" in problem for problem in found)


def test_another_grace_than_the_signed_one_is_named(tmp_path: Path) -> None:
    def lengthen(statement: Document) -> None:
        statement["predicate"]["stale_grace_s"] = 9999

    made = BundleStory(edit_statement=update(stale_grace_s=60), edit_approval=lengthen)

    assert "the grace when stale that was signed is not the one that was approved" in problems(
        made, tmp_path
    )
