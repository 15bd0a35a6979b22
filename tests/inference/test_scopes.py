"""Nothing is answered outside of the scope that was signed: alias, environment, consumer."""

import json
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import ApiToken
from accounts.services import create_token
from audit.actions import Action
from audit.models import AuditEvent
from governance.approvals.releases import promote
from inference.predicting import NotApproved, OutOfScope
from registry.models import Alias
from tests.cast import TEAM, the_team, user_of, who
from tests.factories import serving
from tests.governance.test_scopes import approved_for
from tests.stage import Stage


def served(stage: Stage, *aliases: str, **scope: Any) -> None:
    """An approval for this scope, behind these aliases, past the verb that would refuse."""
    approved_for(stage, **scope)
    for name in aliases:
        Alias.objects.create(model=stage.version.model, version=stage.version, name=name)


def recorded(folder: Path) -> list[dict[str, Any]]:
    lines = [line for path in folder.iterdir() for line in path.read_bytes().splitlines()]
    return [json.loads(line) for line in lines]


class TestAnAlias:
    def test_of_the_scope_answers_and_no_other(self, ready_copy: Stage, folder: Path) -> None:
        served(ready_copy, "stable", "champion", aliases=["stable"])

        with serving.follower() as made:
            serving.answer(made, "carl", folder, alias="stable")
            with pytest.raises(OutOfScope, match="not for the alias 'champion'"):
                serving.answer(made, "carl", folder, alias="champion")
        assert [record["alias"] for record in recorded(folder)] == ["stable"]

    def test_cannot_be_gone_round_by_the_number(self, ready_copy: Stage, folder: Path) -> None:
        served(ready_copy, "stable", aliases=["stable"])

        with serving.follower() as made, pytest.raises(OutOfScope, match="by alias only"):
            serving.answer(made, "carl", folder, number=1)
        assert recorded(folder) == []


class TestAShare:
    def test_is_not_exceeded_by_holding_the_alias(self, ready_copy: Stage, folder: Path) -> None:
        served(ready_copy, "champion", traffic_share=10)

        with serving.follower() as made, pytest.raises(OutOfScope, match="at most 10 % of"):
            serving.answer(made, "carl", folder)
        assert recorded(folder) == []

    def test_cannot_be_gone_round_by_the_number(self, ready_copy: Stage, folder: Path) -> None:
        served(ready_copy, traffic_share=10)

        with serving.follower() as made, pytest.raises(OutOfScope, match="and this is 100 %"):
            serving.answer(made, "carl", folder, number=1)
        assert recorded(folder) == []

    def test_of_everything_bounds_nothing(self, ready_copy: Stage, folder: Path) -> None:
        served(ready_copy, "champion", traffic_share=100)

        with serving.follower() as made:
            serving.answer(made, "carl", folder)
            serving.answer(made, "carl", folder, number=1)
        assert len(recorded(folder)) == 2


class TestAnEnvironment:
    @pytest.mark.parametrize("here", ["staging", ""])
    def test_that_is_not_of_the_scope_does_not_load(
        self, ready_copy: Stage, folder: Path, settings: Settings, here: str
    ) -> None:
        served(ready_copy, "champion", environments=["production"])
        settings.ENVIRONMENT = here

        with serving.follower() as made, pytest.raises(NotApproved) as refusal:
            serving.answer(made, "carl", folder)
        assert "is for the environment production, and" in refusal.value.reason
        assert not AuditEvent.objects.filter(action=Action.LOAD_REFUSED.value).exists()

    def test_of_the_scope_answers_and_stands_in_the_record(
        self, ready_copy: Stage, folder: Path, settings: Settings
    ) -> None:
        served(ready_copy, "champion", environments=["production"])
        settings.ENVIRONMENT = "production"

        with serving.follower() as made:
            serving.answer(made, "carl", folder)
        assert recorded(folder)[0]["environment"] == "production"


class TestAConsumer:
    def test_who_is_not_of_the_scope_gets_no_answer(self, ready_copy: Stage, folder: Path) -> None:
        served(ready_copy, "champion", consumers=["person:carl"])

        with serving.follower() as made:
            serving.answer(made, "carl", folder)
            with pytest.raises(OutOfScope) as refusal:
                serving.answer(made, "ada", folder)
        assert (refusal.value.status, refusal.value.slug) == (403, "out-of-scope")
        assert [record["consumer"] for record in recorded(folder)] == [
            f"person:{user_of('carl').person_id}"
        ]

    def test_may_be_a_team(self, ready_copy: Stage, folder: Path) -> None:
        served(ready_copy, "champion", consumers=[f"team:{TEAM}"])

        with serving.follower() as made:
            serving.answer(made, "ada", folder)
        assert recorded(folder)[0]["consumer"] == f"team:{the_team().pk}"

    def test_may_be_one_token_and_no_other(self, ready_copy: Stage, folder: Path) -> None:
        create_token(caller=who("carl"), name="batch", scopes=["predict"], days=3)
        token = f"token:{ApiToken.objects.get(name='batch').pk}"
        served(ready_copy, "champion", consumers=[token])

        with serving.follower() as made:
            assert token in {one.consumer for one in made.table.tokens.values()}
            serving.answer(made, "carl", folder, token=token)
            for other in ("", "token:another"):
                with pytest.raises(OutOfScope):
                    serving.answer(made, "carl", folder, token=other)
        assert recorded(folder)[0]["consumer"] == token


def test_a_scope_that_bounds_nothing_leaves_the_record_as_it_was(
    ready_copy: Stage, folder: Path
) -> None:
    served(ready_copy)
    promote(caller=who("mira"), version=ready_copy.version, alias="champion", reason="First.")

    with serving.follower() as made:
        serving.answer(made, "carl", folder)
    (record,) = recorded(folder)
    assert not {"environment", "consumer"} & record.keys()
