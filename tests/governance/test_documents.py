"""A policy that cannot be read is refused with the name of the field at fault."""

from typing import Any

import pytest

from accounts.roles import Role
from common.errors import Conflict, Invalid, NotAllowed
from governance.policy.documents import DEFAULTS, Policy
from governance.policy.publishing import publish_defaults
from governance.selectors import policy_for
from tests.cast import the_team, who
from tests.factories.policies import publish_policy
from tests.factories.verbs import with_scopes
from tests.stage import Stage

GOOD: dict[str, Any] = {
    "metrics": [{"metric": "accuracy", "limit": 0.9, "bound": "interval"}],
    "evidence": ["evaluation", "card"],
    "signers": {"count": 2, "roles": ["reviewer", "manager"]},
    "validity_days": 90,
    "outage_grace_s": 60,
}
FLOOR = {"metric": "accuracy", "limit": 0.9}

BAD: list[tuple[str, dict[str, Any]]] = [
    ("colour", {"colour": "red"}),
    ("signers", {"signers": None}),
    ("signers", {"signers": [2]}),
    ("signers.who", {"signers": {"count": 1, "roles": ["reviewer"], "who": "ben"}}),
    ("signers.count", {"signers": {"count": 0, "roles": ["reviewer"]}}),
    ("signers.count", {"signers": {"count": 11, "roles": ["reviewer"]}}),
    ("signers.count", {"signers": {"count": True, "roles": ["reviewer"]}}),
    ("signers.count", {"signers": {"count": "2", "roles": ["reviewer"]}}),
    ("signers.count", {"signers": {"count": 1.5, "roles": ["reviewer"]}}),
    ("signers.roles", {"signers": {"count": 1}}),
    ("signers.roles", {"signers": {"count": 1, "roles": "reviewer"}}),
    ("signers.roles", {"signers": {"count": 1, "roles": ["pope"]}}),
    ("signers.roles", {"signers": {"count": 1, "roles": ["consumer"]}}),
    ("signers.roles", {"signers": {"count": 1, "roles": ["contributor"]}}),
    ("signers.roles", {"signers": {"count": 1, "roles": []}}),
    ("metrics", {"metrics": {"accuracy": 0.9}}),
    ("metrics[0]", {"metrics": ["accuracy"]}),
    ("metrics[0].metric", {"metrics": [{"metric": "beauty", "limit": 1}]}),
    ("metrics[0].metric", {"metrics": [{"metric": ["accuracy"], "limit": 1}]}),
    ("metrics[1].limit", {"metrics": [FLOOR, {"metric": "accuracy"}]}),
    ("metrics[0].limit", {"metrics": [FLOOR | {"limit": "0.9"}]}),
    ("metrics[0].limit", {"metrics": [FLOOR | {"limit": True}]}),
    ("metrics[0].limit", {"metrics": [FLOOR | {"limit": float("nan")}]}),
    ("metrics[0].limit", {"metrics": [FLOOR | {"limit": float("inf")}]}),
    ("metrics[0].bound", {"metrics": [FLOOR | {"bound": "mean"}]}),
    ("metrics[0].slack", {"metrics": [FLOOR | {"slack": 1}]}),
    ("evidence", {"evidence": "card"}),
    ("evidence", {"evidence": ["horoscope"]}),
    ("evidence", {"evidence": [1]}),
    ("waivable", {"waivable": "card"}),
    ("waivable", {"waivable": None}),
    ("waivable", {"waivable": [1]}),
    ("waivable", {"waivable": ["*"]}),
    ("waivable", {"waivable": ["metric:beauty"]}),
    ("waivable", {"waivable": ["admission"]}),
    ("waivable", {"waivable": ["card", "golden"]}),
    ("sealed_plan", {"sealed_plan": "yes"}),
    ("sealed_plan", {"sealed_plan": None}),
    ("sealed_plan", {"sealed_plan": 1}),
    ("slices", {"slices": {}}),
    ("slices[0].metric", {"slices": [{"limit": 1}]}),
    ("slices[0].limit", {"slices": [{"metric": "accuracy"}]}),
    ("slices[0].least_rows", {"slices": [FLOOR | {"least_rows": 0}]}),
    ("slices[0].least_rows", {"slices": [FLOOR | {"least_rows": True}]}),
    ("slices[0].columns", {"slices": [FLOOR | {"columns": "age"}]}),
    ("slices[0].columns", {"slices": [FLOOR | {"columns": [1]}]}),
    ("slices[0].rows", {"slices": [FLOOR | {"rows": 1}]}),
    ("no_regression[0].margin", {"no_regression": [{"metric": "accuracy", "margin": -1}]}),
    ("no_regression[0].margin", {"no_regression": [{"metric": "accuracy", "margin": "0"}]}),
    ("no_regression[1].metric", {"no_regression": [{"metric": "r2"}, {"metric": "r2"}]}),
    ("no_regression[0].slack", {"no_regression": [{"metric": "r2", "slack": 1}]}),
    ("mcnemar", {"mcnemar": 0}),
    ("mcnemar", {"mcnemar": 0.51}),
    ("mcnemar", {"mcnemar": float("nan")}),
    ("mcnemar", {"mcnemar": None}),
    ("latency_ms", {"latency_ms": 0}),
    ("latency_ms", {"latency_ms": True}),
    ("size_bytes", {"size_bytes": 1.5}),
    ("size_bytes", {"size_bytes": 0}),
    ("licences", {"licences": "MIT"}),
    ("licences[0]", {"licences": [""]}),
    ("licences[0]", {"licences": ["M\x00T"]}),
    ("licences", {"licences": ["MIT"] * 51}),
    ("lineage", {"lineage": "yes"}),
    ("sandbox", {"sandbox": "none"}),
    ("sandbox", {"sandbox": ["full"]}),
    ("evidence_days", {"evidence_days": 0}),
    ("validity_days", {"validity_days": 0}),
    ("validity_days", {"validity_days": 1826}),
    ("validity_days", {"validity_days": None}),
    ("outage_grace_s", {"outage_grace_s": -1}),
    ("outage_grace_s", {"outage_grace_s": 7 * 86400 + 1}),
    ("outage_grace_s", {"outage_grace_s": "0"}),
    ("elsewhere", {"elsewhere": {}}),
    ("elsewhere", {"elsewhere": None}),
    ("elsewhere", {"elsewhere": ["card"]}),
    ("elsewhere", {"elsewhere": {"lineage": False, "licences": []}}),
    ("elsewhere.metrics", {"elsewhere": {"metrics": [FLOOR]}}),
    ("elsewhere.validity_days", {"elsewhere": {"lineage": True, "validity_days": 9}}),
    ("elsewhere.waivable", {"elsewhere": {"lineage": True, "waivable": ["card"]}}),
    ("elsewhere.evidence", {"elsewhere": {"evidence": ["evaluation"]}}),
    ("elsewhere.lineage", {"elsewhere": {"lineage": "yes"}}),
    ("elsewhere.licences[0]", {"elsewhere": {"licences": [""]}}),
    ("elsewhere.evidence_days", {"elsewhere": {"evidence_days": 0}}),
]


@pytest.mark.parametrize(("field", "change"), BAD, ids=lambda value: str(value)[:60])
def test_a_bad_policy_names_the_field(field: str, change: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refusal:
        Policy.read(GOOD | change)

    assert refusal.value.field == field


@pytest.mark.parametrize("gate", ["admission", "golden"])
def test_a_policy_that_keeps_the_bytes_says_so(gate: str) -> None:
    with pytest.raises(Invalid, match=f"The gate {gate} can never be waived"):
        Policy.read(GOOD | {"waivable": ["card", gate]})


@pytest.mark.parametrize("field", ["signers", "validity_days", "outage_grace_s"])
def test_what_has_no_sensible_default_must_be_said(field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        Policy.read({key: value for key, value in GOOD.items() if key != field})

    assert refusal.value.field == field


def test_a_policy_has_one_form() -> None:
    once = Policy.read(GOOD)

    with pytest.raises(Invalid):
        Policy.read(once.as_dict() | {"type": "assay/policy/2"})
    assert Policy.read(once.as_dict()) == once


@pytest.mark.parametrize("tier", list(DEFAULTS))
def test_the_starting_policies_ask_for_a_signature_by_another_person(tier: str) -> None:
    policy = Policy.read(DEFAULTS[tier].as_dict())

    assert policy.signers >= 1
    assert Role.CONTRIBUTOR.value not in policy.roles


class TestPublish:
    def test_numbers_the_revisions_and_the_newest_is_in_force(self, ready: Stage) -> None:
        mira, team = who("mira"), the_team()

        made = [
            publish_policy(
                caller=mira,
                name="credit-medium",
                tier="medium",
                team=team,
                document=GOOD | {"validity_days": days},
            )
            for days in (90, 91)
        ]

        assert [policy.revision for policy in made] == [1, 2]
        assert policy_for(ready.version.model).pk == made[1].pk

    def test_a_teams_own_policy_goes_before_that_of_all_teams(self, ready: Stage) -> None:
        before = policy_for(ready.version.model)
        own = publish_policy(
            caller=who("mira"), name="own", tier="medium", team=the_team(), document=GOOD
        )
        publish_policy(caller=who("root"), name="all", tier="medium", team=None, document=GOOD)

        assert before.team is None
        assert policy_for(ready.version.model).pk == own.pk

    def test_refuses_to_publish_the_same_again(self, ready: Stage) -> None:
        wish: dict[str, Any] = {"name": "own", "tier": "low", "team": the_team()}
        publish_policy(caller=who("mira"), document=GOOD, **wish)

        with pytest.raises(Conflict, match="says this already"):
            publish_policy(caller=who("mira"), document=GOOD, **wish)

    def test_the_starting_policies_are_published_once(self, ready: Stage) -> None:
        assert publish_defaults() == []

    @pytest.mark.parametrize(
        ("field", "wish"),
        [("tier", {"tier": "extreme"}), ("name", {"name": "no spaces"}), ("name", {"name": ""})],
    )
    def test_names_the_field(self, ready: Stage, field: str, wish: dict[str, Any]) -> None:
        given: dict[str, Any] = {"name": "own", "tier": "low", "team": the_team()}
        given |= {"document": GOOD} | wish

        with pytest.raises(Invalid) as refusal:
            publish_policy(caller=who("mira"), **given)

        assert refusal.value.field == field

    @pytest.mark.parametrize("name", ["ada", "ben", "cora", "carl", "root"])
    def test_a_teams_policy_is_its_managers(self, ready: Stage, name: str) -> None:
        with pytest.raises(NotAllowed, match="Only managers of the team"):
            publish_policy(caller=who(name), name="own", tier="low", team=the_team(), document=GOOD)

    @pytest.mark.parametrize("name", ["ada", "ben", "mira", "cora", "carl", "dan"])
    def test_the_policy_of_all_teams_is_the_administrators(self, ready: Stage, name: str) -> None:
        with pytest.raises(NotAllowed, match="Only an administrator"):
            publish_policy(caller=who(name), name="all", tier="low", team=None, document=GOOD)

    def test_a_token_needs_the_scope(self, ready: Stage) -> None:
        caller = with_scopes(who("mira"), "read", "write")

        with pytest.raises(NotAllowed, match="token"):
            publish_policy(caller=caller, name="own", tier="low", team=the_team(), document=GOOD)
