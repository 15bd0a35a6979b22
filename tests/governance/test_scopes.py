"""What an approval is for is asked for at the submission, signed by persons, kept by policies."""

from typing import Any

import psycopg
import pytest

from accounts.models import ApiToken, Team
from accounts.services import create_token
from common.errors import Conflict, Invalid
from governance.approvals.answering import Answering, answers_of
from governance.approvals.releases import promote
from governance.models import Review
from governance.policy.changes import relaxes
from governance.policy.documents import DEFAULTS, Policy
from governance.policy.scopes import default_scope, scope_of, scope_shown
from governance.selectors import policy_for, statement_of
from governance.services import submit
from registry.models import AliasMove
from tests.cast import TEAM, the_team, user_of, who
from tests.factories import verbs
from tests.factories.damage import approved_statement, by_force
from tests.factories.policies import publish_policy
from tests.stage import Stage, review_again

EVERYTHING = {"aliases": ["*"]}
BOUNDED = {"aliases": ["champion", "stable"], "environments": ["production"]}


def bounded_policy(**bounds: Any) -> Policy:
    row = publish_policy(
        caller=who("mira"),
        name="bounded",
        tier="medium",
        team=the_team(),
        document=DEFAULTS["medium"].as_dict()
        | {f"scope_{name}": part for name, part in bounds.items()},
    )
    return Policy.read(row.document)


def asked(stage: Stage, **wishes: Any) -> dict[str, Any]:
    review = submit(caller=who("ada"), version=stage.version, scope=wishes)
    return dict(statement_of(review)["scope"])


def approved_for(stage: Stage, **wishes: Any) -> Review:
    """A version that two persons and the notary approved for this."""
    review = submit(caller=who("ada"), version=stage.version, scope=wishes)
    for name in ("ben", "cleo"):
        verbs.put(name, review)
    assert stage.notary_round() == 1
    return review_again(review)


class TestSubmitting:
    def test_asks_for_everything_where_nobody_says_otherwise(self, ready: Stage) -> None:
        assert asked(ready) == EVERYTHING

    def test_asks_for_what_is_wished_with_ids_in_the_place_of_names(self, ready: Stage) -> None:
        carl = user_of("carl")

        found = asked(
            ready,
            aliases=["stable", "champion", "stable"],
            environments=["production"],
            consumers=["person:Carl", f"team:{TEAM}"],
            purpose="  Triage, never a diagnosis. ",
        )

        assert found == {
            "aliases": ["champion", "stable"],
            "environments": ["production"],
            "consumers": sorted([f"person:{carl.person_id}", f"team:{the_team().pk}"]),
            "purpose": "Triage, never a diagnosis.",
        }

    def test_a_token_may_be_a_consumer_and_is_shown_with_its_owner(self, ready: Stage) -> None:
        create_token(caller=who("carl"), name="batch", scopes=["predict"], days=3)
        token = ApiToken.objects.get(name="batch")

        found = asked(ready, consumers=[f"token:{token.pk}"])

        assert found["consumers"] == [f"token:{token.pk}"]
        assert scope_shown(found)["consumers"] == [{"kind": "token", "name": "batch (Carl)"}]

    @pytest.mark.parametrize(
        ("wishes", "field"),
        [
            ({"share": 0.5}, "scope.share"),
            ({"aliases": "champion"}, "scope.aliases"),
            ({"aliases": ["*", "champion"]}, "scope.aliases"),
            ({"aliases": ["with blank"]}, "scope.aliases"),
            ({"aliases": ["x"] * 51}, "scope.aliases"),
            ({"environments": ["*"]}, "scope.environments"),
            ({"environments": ["pro\x00duction"]}, "scope.environments"),
            ({"consumers": ["carl"]}, "scope.consumers"),
            ({"consumers": ["person:nobody"]}, "scope.consumers"),
            ({"consumers": ["person:dan"]}, "scope.consumers"),
            ({"consumers": ["team:elsewhere"]}, "scope.consumers"),
            ({"consumers": ["token:no-id"]}, "scope.consumers"),
            ({"consumers": ["person:a\x00"]}, "scope.consumers"),
            ({"purpose": "x" * 1001}, "scope.purpose"),
            ({"purpose": "a\x00b"}, "scope.purpose"),
            ({"purpose": 7}, "scope.purpose"),
            ({"traffic_share": 0}, "scope.traffic_share"),
            ({"traffic_share": 101}, "scope.traffic_share"),
            ({"traffic_share": 2.5}, "scope.traffic_share"),
            ({"traffic_share": True}, "scope.traffic_share"),
            ({"traffic_share": "10"}, "scope.traffic_share"),
        ],
        ids=lambda value: str(value)[:60],
    )
    def test_names_the_field_at_fault(
        self, ready: Stage, wishes: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(Invalid) as refusal:
            asked(ready, **wishes)

        assert refusal.value.field == field
        assert not Review.objects.exists()

    def test_who_could_not_call_anyway_is_refused_as_if_he_did_not_exist(
        self, ready: Stage
    ) -> None:
        Team.objects.create(slug="others", name="Others")
        said = []
        for name in ("others", "nowhere"):
            with pytest.raises(Invalid) as refusal:
                asked(ready, consumers=[f"team:{name}"])
            said.append(refusal.value.reason.replace(name, "…"))

        assert said[0] == said[1]


class TestThePolicy:
    def test_bounds_what_may_be_asked_for(self, ready: Stage) -> None:
        bounded_policy(**BOUNDED, required=["purpose"])

        for wishes, field in (
            ({"aliases": ["*"], "purpose": "p"}, "scope.aliases"),
            ({"aliases": ["shadow"], "purpose": "p"}, "scope.aliases"),
            ({"environments": ["staging"], "purpose": "p"}, "scope.environments"),
            ({}, "scope.purpose"),
        ):
            with pytest.raises(Invalid) as refusal:
                asked(ready, **wishes)
            assert refusal.value.field == field
        assert asked(ready, purpose="p") == BOUNDED | {"purpose": "p"}

    def test_may_want_the_consumers_named(self, ready: Stage) -> None:
        bounded_policy(required=["consumers"])

        with pytest.raises(Invalid, match="consumers to be named"):
            asked(ready)
        assert "consumers" in asked(ready, consumers=["person:carl"])

    def test_bounds_the_share_of_the_traffic_and_offers_the_largest(self, ready: Stage) -> None:
        policy = bounded_policy(traffic_share=10)

        assert default_scope(policy) == EVERYTHING | {"traffic_share": 10}
        with pytest.raises(Invalid, match="at most 10 %") as refusal:
            asked(ready, traffic_share=11)
        assert refusal.value.field == "scope.traffic_share"
        assert asked(ready, traffic_share=5)["traffic_share"] == 5

    def test_may_want_a_share_to_be_said(self, ready: Stage) -> None:
        bounded_policy(required=["traffic_share"])

        with pytest.raises(Invalid, match="a share of the traffic to be said"):
            asked(ready)
        assert asked(ready, traffic_share=100)["traffic_share"] == 100

    @pytest.mark.parametrize(
        ("before", "after", "is_laxer"),
        [(10, 20, True), (10, None, True), (20, 10, False), (None, 10, False)],
    )
    def test_asks_less_by_a_larger_share(
        self, before: int | None, after: int | None, is_laxer: bool
    ) -> None:
        low = DEFAULTS["low"].as_dict()
        old, new = (
            low | ({} if share is None else {"scope_traffic_share": share})
            for share in (before, after)
        )

        assert relaxes(old, new) is is_laxer

    def test_that_bounds_nothing_reads_as_before_there_were_scopes(self) -> None:
        assert not [name for name in DEFAULTS["high"].as_dict() if name.startswith("scope")]
        assert default_scope(DEFAULTS["high"]) == EVERYTHING

    @pytest.mark.parametrize(
        ("part", "value"),
        [
            ("aliases", "x"),
            ("aliases", [1]),
            ("environments", [""]),
            ("required", ["beauty"]),
            ("traffic_share", 0),
            ("traffic_share", 101),
            ("traffic_share", 0.5),
        ],
        ids=str,
    )
    def test_that_cannot_be_read_is_not_published(self, part: str, value: object) -> None:
        with pytest.raises(Invalid) as refusal:
            Policy.read(DEFAULTS["low"].as_dict() | {f"scope_{part}": value})

        assert (refusal.value.field or "").startswith(f"scope_{part}")

    def test_is_asked_again_by_the_notary(self, ready_copy: Stage) -> None:
        review = verbs.signed(ready_copy.version)
        bounded_policy(**BOUNDED)
        by_force(
            ready_copy.database,
            "governance_review",
            "UPDATE governance_review SET policy_id = %s",
            policy_for(ready_copy.version.model).pk,
        )

        assert ready_copy.notary_round() == 0
        assert "approves for the aliases champion, stable only" in review_again(review).notary_note


class TestTheApproval:
    def test_says_what_persons_signed(self, ready_copy: Stage) -> None:
        review = approved_for(ready_copy, **BOUNDED)

        predicate = approved_statement(bytes(ready_copy.approval.envelope))["predicate"]
        assert predicate["scope"] == statement_of(review)["scope"] == BOUNDED

    def test_lets_no_other_alias_be_moved_there(self, ready_copy: Stage) -> None:
        approved_for(ready_copy, aliases=["stable"])

        with pytest.raises(Conflict, match="not for the alias 'champion', only for stable"):
            promote(
                caller=who("mira"), version=ready_copy.version, alias="champion", reason="Better."
            )
        promote(caller=who("mira"), version=ready_copy.version, alias="stable", reason="Better.")

    def test_lets_no_other_alias_be_moved_there_past_the_program(self, ready_copy: Stage) -> None:
        approved_for(ready_copy, aliases=["stable"])
        promote(caller=who("mira"), version=ready_copy.version, alias="stable", reason="Better.")
        columns = "model_id, to_version_id, approval_id, reason, by_id, at"

        with (
            ready_copy.database.connect("app") as link,
            pytest.raises(psycopg.errors.RestrictViolation, match="not for this alias"),
        ):
            link.execute(
                f"INSERT INTO registry_aliasmove (alias, {columns}) "
                f"SELECT 'champion', {columns} FROM registry_aliasmove".encode()
            )
        assert AliasMove.objects.count() == 1

    def test_for_a_share_lets_no_alias_be_moved_there(self, ready_copy: Stage) -> None:
        approved_for(ready_copy, traffic_share=10)

        with pytest.raises(
            Conflict, match="at most 10 % of the calls of an alias, and this is 100"
        ):
            promote(
                caller=who("mira"), version=ready_copy.version, alias="champion", reason="Better."
            )
        assert not AliasMove.objects.exists()

    def test_for_the_whole_lets_an_alias_be_moved_there(self, ready_copy: Stage) -> None:
        approved_for(ready_copy, traffic_share=100)

        promote(caller=who("mira"), version=ready_copy.version, alias="champion", reason="Better.")

        assert AliasMove.objects.count() == 1

    def test_for_a_share_lets_no_alias_be_moved_past_the_program(self, ready_copy: Stage) -> None:
        approved_for(ready_copy, traffic_share=99)
        approval, mira = ready_copy.approval, user_of("mira")

        with (
            ready_copy.database.connect("app") as link,
            pytest.raises(psycopg.errors.RestrictViolation, match="a share of the calls only"),
        ):
            link.execute(
                "INSERT INTO registry_aliasmove (alias, model_id, to_version_id, approval_id, "
                "reason, by_id, at) VALUES ('champion', %s, %s, %s, 'r', %s, now())",
                (ready_copy.version.model_id, ready_copy.version.pk, approval.pk, mira.pk),
            )

    def test_of_another_environment_is_shown_as_not_served(
        self, ready_copy: Stage, settings: Any
    ) -> None:
        approved_for(ready_copy, environments=["production"])
        promote(caller=who("mira"), version=ready_copy.version, alias="champion", reason="Better.")
        model = ready_copy.version.model

        for here, state in (
            ("production", Answering.LIVE),
            ("staging", Answering.OUT_OF_SCOPE),
            ("", Answering.OUT_OF_SCOPE),
        ):
            settings.ENVIRONMENT = here
            (answer,) = answers_of([model], now=ready_copy.approval.issued_at)[model.pk]
            assert (answer.state, bool(answer.reason)) == (state, state != Answering.LIVE)

    def test_wishes_are_read_for_the_model_that_they_are_for(self, ready: Stage) -> None:
        found = scope_of(
            {"consumers": ["person:ada"]}, policy=DEFAULTS["low"], version=ready.version
        )

        assert found["consumers"] == [f"person:{user_of('ada').person_id}"]
