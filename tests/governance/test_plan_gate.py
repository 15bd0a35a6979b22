"""A policy may want criteria that were sealed before any result was known, and met."""

from collections.abc import Callable
from typing import Any

import pytest

from common.errors import Conflict
from evaluation.criteria import FAILED, NOT_MEASURED, PASSED
from evaluation.models import EvaluationPlan
from governance.evidence.gates import GateResult
from governance.models import Approval
from governance.policy.documents import DEFAULTS, Policy
from governance.policy.fields import SEALED_PLAN
from governance.selectors import statement_of
from governance.services import dry_run, submit
from governance.waivers.services import waive
from registry.models import ModelVersion
from registry.services import edit_card
from tests.cast import password_of, who
from tests.factories import tiny, verbs
from tests.factories.damage import by_force
from tests.factories.plans import STRENGTH, accuracy, planning_policy, seal, unmeasured
from tests.factories.waivers import in_days
from tests.stage import Stage, review_again


@pytest.fixture
def version(ready: Stage) -> ModelVersion:
    """A version that nobody has measured, under a policy that wants a plan."""
    planning_policy()
    return unmeasured()


def measured(version: ModelVersion, plan: EvaluationPlan | None) -> None:
    verbs.evaluate(who("ada"), version, strength=STRENGTH, plan=plan)


def described(version: ModelVersion) -> ModelVersion:
    """With everything else that the policy wants."""
    verbs.explain(who("ada"), version, strength=STRENGTH)
    edit_card(caller=who("ada"), version=version, content=tiny.CARD)
    return version


def the_gate(version: ModelVersion) -> GateResult:
    (found,) = [gate for gate in dry_run(version) if gate.gate == SEALED_PLAN]
    return found


def _seen_first(version: ModelVersion) -> None:
    measured(version, None)
    measured(version, seal(version))


def _unplanned_last(version: ModelVersion) -> None:
    measured(version, seal(version))
    measured(version, None)


def _loosened(version: ModelVersion) -> None:
    measured(version, seal(version, criteria=accuracy(0.9999)))
    measured(version, seal(version, criteria=accuracy(0.1)))


def _loosened_blindly(version: ModelVersion) -> None:
    seal(version, criteria=accuracy(0.9999))
    measured(version, seal(version, criteria=accuracy(0.1)))


def _another_worse(version: ModelVersion) -> None:
    measured(version, seal(version, criteria=accuracy(0.9999)))


ANSWERS: dict[str, tuple[Callable[[ModelVersion], None], str, str]] = {
    "nothing was measured": (lambda version: None, NOT_MEASURED, "no evaluation yet"),
    "a plan waits for its run": (lambda v: (seal(v), None)[1], NOT_MEASURED, "no evaluation yet"),
    "no plan was sealed": (lambda v: measured(v, None), FAILED, "No plan was sealed before"),
    "all criteria are met": (lambda v: measured(v, seal(v)), PASSED, "2 of 2 criteria"),
    "a criterion is not met": (_another_worse, FAILED, "0 of 1 criteria"),
    "the result was known": (_seen_first, FAILED, "1 results on these rows were known"),
    "the newest run is under none": (_unplanned_last, FAILED, "No plan was sealed before"),
    "the limit was lowered after the result": (_loosened, FAILED, "were known before"),
    "the limit was lowered before any result": (_loosened_blindly, PASSED, "1 of 1 criteria"),
}


@pytest.mark.parametrize("what", list(ANSWERS))
def test_the_gate_answers_when(version: ModelVersion, what: str) -> None:
    act, state, reason = ANSWERS[what]
    act(version)

    found = the_gate(version)

    assert (found.state, found.blocks) == (state, state != PASSED)
    assert reason in found.reason


def test_is_not_asked_where_the_policy_wants_none(ready: Stage) -> None:
    assert SEALED_PLAN not in {gate.gate for gate in dry_run(ready.version)}


def test_the_statement_names_the_plan_and_the_gate(version: ModelVersion) -> None:
    plan = seal(version)
    measured(version, plan)

    statement = statement_of(submit(caller=who("ada"), version=described(version)))

    digest = f"sha256:{plan.document.digest}"
    assert {"kind": "plan", "digest": digest} in statement["evidence"]
    (gate,) = [gate for gate in statement["gates"] if gate["gate"] == SEALED_PLAN]
    assert (gate["state"], gate["measured"], gate["limit"]) == (PASSED, 2, 2)


def test_a_later_plan_without_a_run_changes_no_statement(version: ModelVersion) -> None:
    measured(version, seal(version))
    review = submit(caller=who("ada"), version=described(version))

    seal(version, criteria=accuracy(0.99))

    verbs.put("ben", review)


def test_a_later_run_changes_the_statement(version: ModelVersion) -> None:
    measured(version, seal(version))
    review = submit(caller=who("ada"), version=described(version))

    measured(version, None)

    with pytest.raises(Conflict, match="this has changed: evidence, gates"):
        verbs.put("ben", review)


def test_it_may_be_waived_where_the_policy_says_so(version: ModelVersion) -> None:
    planning_policy(waivable=[SEALED_PLAN])
    measured(version, None)
    gate = the_gate(version)

    waive(
        caller=who("ben"),
        version=version,
        gate=SEALED_PLAN,
        gate_digest=gate.digest,
        reason="It was measured before there were plans.",
        expires_on=in_days(30),
        password=password_of("ben"),
    )

    assert not the_gate(version).blocks


@pytest.mark.parametrize("wanted", [True, False])
def test_a_policy_without_it_reads_as_before(wanted: bool) -> None:
    document = DEFAULTS["medium"].as_dict() | ({SEALED_PLAN: True} if wanted else {})

    policy = Policy.read(document)

    assert policy.sealed_plan is wanted
    assert policy.as_dict() == document
    assert (SEALED_PLAN in document) is wanted


def test_the_number_of_queries_does_not_grow_with_plans(
    version: ModelVersion, django_assert_max_num_queries: Any
) -> None:
    measured(version, seal(version))
    with django_assert_max_num_queries(100) as one:
        dry_run(version)
    for limit in (0.1, 0.2, 0.3):
        measured(version, seal(version, criteria=accuracy(limit)))

    with django_assert_max_num_queries(len(one)):
        dry_run(version)


def _turned_round(stage: Stage) -> None:
    """The request of the run stands before the seal of its plan."""
    by_force(
        stage.database,
        "audit_auditevent",
        "UPDATE audit_auditevent a SET leaf = b.leaf FROM audit_auditevent b "
        "WHERE a.id <> b.id AND a.payload->>'plan' = b.payload->>'plan' "
        "AND a.action IN ('plan.sealed', 'evaluation.requested') "
        "AND b.action IN ('plan.sealed', 'evaluation.requested')",
    )


def _untold(stage: Stage) -> None:
    by_force(
        stage.database,
        "audit_auditevent",
        "DELETE FROM audit_auditevent WHERE action = 'plan.sealed'",
    )


class TestTheNotary:
    def reviewed(self) -> Any:
        planning_policy()
        version = unmeasured()
        measured(version, seal(version))
        return verbs.signed(described(version))

    @pytest.mark.parametrize("damage", [_turned_round, _untold])
    def test_refuses_a_plan_that_the_log_does_not_tell_before_its_run(
        self, ready_copy: Stage, damage: Callable[[Stage], None]
    ) -> None:
        review = self.reviewed()
        damage(ready_copy)

        assert ready_copy.notary_round() == 0

        assert "does not tell of the plan before its run" in review_again(review).notary_note
        assert not Approval.objects.exists()

    def test_approves_on_a_plan_that_stands(self, ready_copy: Stage) -> None:
        self.reviewed()

        assert ready_copy.notary_round() == 1
