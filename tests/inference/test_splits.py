"""A challenger answers its share of an alias's calls, never more than its approval is for."""

import threading
from collections.abc import Callable
from math import sqrt
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from audit.actions import Action
from audit.models import AuditEvent
from common.errors import Conflict, Invalid
from governance.approvals.releases import promote
from governance.splits.models import Split, SplitMove
from governance.splits.services import split
from inference.follower import Follower
from inference.predicting import NotApproved, OutOfScope, route
from inference.sharing import draw, read_sticky
from inference.table import Asked
from tests.cast import user_of, who
from tests.factories import serving, splits
from tests.factories.damage import by_force
from tests.factories.serving import until
from tests.inference.test_following import stop
from tests.inference.test_scopes import recorded
from tests.stage import MODEL, Stage, version_of

KEYS = 2000
AT_ONCE_S = 1.0
CONSUMER = {"consumers": ["person:carl"]}


@pytest.fixture
def shared(approved_copy: Stage) -> Stage:
    """v1 holds champion, v2 is approved for at most 10 percent and answers 5."""
    splits.challenger(approved_copy, traffic_share=10)
    splits.give(5)
    return approved_copy


def asked(made: Follower, key: str, who_asks: str = "carl", **wishes: Any) -> Asked:
    rights = made.table.users[user_of(who_asks).pk]
    return serving.asked(rights, sticky=key, **wishes)


def numbers(made: Follower, keys: int = KEYS) -> list[int]:
    """Which version answers each key."""
    return [
        route(made.table, asked(made, f"k{one}"), silence_s=0.0).opened.number
        for one in range(keys)
    ]


def raised_by_force(stage: Stage, percent: int) -> None:
    by_force(
        stage.database, "governance_split", "UPDATE governance_split SET percent = %s", percent
    )
    stage.database.rows("UPDATE inference_servingstate SET generation = generation + 1 RETURNING 1")


class TestTheShare:
    @pytest.mark.parametrize("percent", [1, 5, 50, 99])
    def test_is_what_calls_converge_to(self, approved_copy: Stage, percent: int) -> None:
        splits.challenger(approved_copy)
        splits.give(percent)

        with serving.follower() as made:
            found = numbers(made).count(2)

        part = percent / 100
        assert abs(found - KEYS * part) < 4 * sqrt(KEYS * part * (1 - part))

    def test_sticks_to_the_key_while_it_grows(self, shared: Stage) -> None:
        with serving.follower() as made:
            before = numbers(made, 500)
            assert numbers(made, 500) == before
            splits.give(10)
            made.look()
            after = numbers(made, 500)

        assert before.count(2) < after.count(2)
        assert all(now == 2 for was, now in zip(before, after, strict=True) if was == 2)

    def test_is_drawn_by_the_request_where_nobody_names_a_key(self, shared: Stage) -> None:
        with serving.follower() as made:
            rights = made.table.users[user_of("carl").pk]
            drawn = {draw(serving.asked(rights, request_id=str(one)), "m") for one in range(KEYS)}

        assert drawn == set(range(100))

    def test_stands_in_the_answer_and_in_the_record(self, shared: Stage, folder: Path) -> None:
        with serving.follower() as made:
            answers = {
                (body["version"], body["share"])
                for one in range(200)
                for body in [serving.answer(made, "carl", folder, sticky=f"k{one}").body]
            }
            serving.answer(made, "carl", folder, number=1)

        assert answers == {(1, 95), (2, 5)}
        said = {(one["number"], one.get("share"), one["alias"]) for one in recorded(folder)}
        assert said == {(1, 95, "champion"), (2, 5, "champion"), (1, None, None)}

    def test_of_a_challenger_is_not_gone_round_by_its_number(
        self, shared: Stage, folder: Path
    ) -> None:
        with serving.follower() as made, pytest.raises(OutOfScope, match="and this is 100 %"):
            serving.answer(made, "carl", folder, number=2)
        assert recorded(folder) == []

    @pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 129, "a\x7f"])
    def test_sticks_to_no_key_that_cannot_be_one(self, key: str) -> None:
        with pytest.raises(Invalid):
            read_sticky(key)


class TestTheApproval:
    def test_is_asked_by_the_gate_whatever_the_rows_say(self, shared: Stage, folder: Path) -> None:
        with serving.follower() as made:
            raised_by_force(shared, 60)
            made.look()
            made.load_missing()

            assert set(numbers(made, 300)) == {1}
            assert {serving.answer(made, "carl", folder).body["share"]} == {100}
        (told,) = AuditEvent.objects.filter(action=Action.SPLIT_REFUSED.value)
        assert "at most 10 % of the calls of an alias, and this is 60 %" in told.payload["reason"]

    def test_for_other_consumers_leaves_those_calls_to_the_holder(
        self, approved_copy: Stage
    ) -> None:
        splits.challenger(approved_copy, **CONSUMER)
        splits.give(99)

        with serving.follower() as made:
            for name, found in (("carl", {1, 2}), ("ada", {1})):
                routed = [
                    route(made.table, asked(made, f"k{one}", name), silence_s=0.0)
                    for one in range(600)
                ]
                assert {one.opened.number for one in routed} == found
            assert {one.share for one in routed} == {100}

    def test_that_was_revoked_gives_the_share_back_within_a_second(self, shared: Stage) -> None:
        with serving.running_follower() as made:
            until(lambda: len(made.table.loaded) == 2)
            assert 2 in numbers(made, 300)
            stop(version_of(MODEL, 2))

            assert until(lambda: not made.table.shares) < AT_ONCE_S
            assert set(numbers(made, 300)) == {1}
            routed = route(made.table, asked(made, "k"), silence_s=0.0)
        assert routed.share == 100
        (ended,) = AuditEvent.objects.filter(action=Action.SPLIT_ENDED.value)
        assert ended.payload["cause"] == "revoked"
        assert not Split.objects.exists()

    def test_of_the_holder_that_was_revoked_leaves_no_more_to_the_challenger(
        self, shared: Stage
    ) -> None:
        stop(version_of(MODEL, 1))

        with serving.follower() as made:
            answered, refused = 0, 0
            for one in range(600):
                try:
                    routed = route(made.table, asked(made, f"k{one}"), silence_s=0.0)
                except NotApproved:
                    refused += 1
                else:
                    answered += 1
                    assert (routed.opened.number, routed.share) == (2, 5)
        assert 0 < answered < 600 * 0.12
        assert refused == 600 - answered


def at_once(*verbs: Callable[[], object]) -> list[str]:
    """What became of each: its name, or why it was refused."""
    both, outcomes = threading.Barrier(len(verbs)), []

    def act(verb: Callable[[], object]) -> None:
        try:
            both.wait()
            verb()
            outcomes.append("done")
        except Conflict as refusal:
            outcomes.append(refusal.reason)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=act, args=(verb,)) for verb in verbs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_a_move_and_a_split_at_once_leave_no_challenger_that_holds_the_alias(
    approved_copy: Stage,
) -> None:
    splits.challenger(approved_copy)
    mira, first, second = who("mira"), version_of(MODEL, 1), version_of(MODEL, 2)
    moved: dict[str, Any] = {"caller": mira, "alias": "champion", "reason": "Race."}
    for _ in range(3):
        outcomes = at_once(
            lambda: promote(version=second, **moved),
            lambda: split(version=second, percent=5, **moved),
        )

        assert "done" in outcomes
        assert not Split.objects.exists()
        assert (
            SplitMove.objects.filter(cause="promoted").count()
            == SplitMove.objects.filter(cause="given").count()
        )
        promote(version=first, **moved)
