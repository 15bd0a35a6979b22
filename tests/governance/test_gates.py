"""A gate passes only on evidence; what was not measured never passes."""

from dataclasses import replace
from typing import Any

import pytest

from evaluation.criteria import FAILED, NOT_MEASURED, PASSED, Floor, Margin, SliceFloor
from governance.evidence.gates import (
    GATES,
    GateResult,
    admitted,
    blocking,
    card_complete,
    derived_compared,
    evidence_present,
    metrics_reach_floors,
    run_gates,
)
from governance.evidence.subjects import Report, Subject, look_at
from governance.policy.documents import Policy
from governance.services import dry_run
from registry.models import CardRevision, Evidence, ModelVersion, RegisteredModel
from registry.services import add_evidence, edit_card
from tests.cast import who
from tests.factories import tiny, verbs
from tests.stage import Stage

BARE: dict[str, Any] = {
    "signature": {"task": "binary"},
    "manifest": b'{"signature": {"task": "binary"}, "artifacts": []}',
    "model": RegisteredModel(licence=""),
}
VERSION = ModelVersion(kind="uploaded", **BARE)
POLICY = Policy(
    metrics=(),
    evidence=("evaluation", "golden", "card"),
    signers=2,
    roles=("reviewer",),
    validity_days=1,
    outage_grace_s=0,
)


def measured(value: Any = 0.9, low: Any = 0.8, high: Any = 0.95) -> dict[str, Any]:
    return {"state": "measured", "value": value, "low": low, "high": high, "note": None}


def subject(
    *,
    version: ModelVersion = VERSION,
    policy: Policy = POLICY,
    card: CardRevision | None = None,
    **reports: dict[str, Any],
) -> Subject:
    """What gates see of these reports."""
    made = {
        kind: Report(Evidence(kind=kind, digest="ab" * 32), body) for kind, body in reports.items()
    }
    return Subject(version, policy, made, card)


def floor(name: str, limit: float, bound: str = "value") -> Policy:
    return replace(POLICY, metrics=(Floor(name, limit, bound),))


def one(results: Any) -> GateResult:
    (found,) = results
    assert isinstance(found, GateResult)
    return found


# metric of the policy, what the evaluation says, what the gate answers
FLOORS: list[tuple[Policy, dict[str, Any] | None, str, float | None]] = [
    (floor("accuracy", 0.9), measured(0.9), PASSED, 0.9),
    (floor("accuracy", 0.9), measured(0.8999), FAILED, 0.8999),
    (floor("accuracy", 0.8, "interval"), measured(0.9, 0.8, 0.95), PASSED, 0.8),
    (floor("accuracy", 0.85, "interval"), measured(0.9, 0.8, 0.95), FAILED, 0.8),
    (floor("accuracy", 0.85, "interval"), measured(0.9, None, None), NOT_MEASURED, None),
    (floor("accuracy", 0.85), measured(0.9, None, None), PASSED, 0.9),
    (floor("log_loss", 0.3), measured(0.3), PASSED, 0.3),
    (floor("log_loss", 0.3), measured(0.31), FAILED, 0.31),
    (floor("log_loss", 0.3, "interval"), measured(0.2, 0.1, 0.3), PASSED, 0.3),
    (floor("log_loss", 0.3, "interval"), measured(0.2, 0.1, 0.4), FAILED, 0.4),
    (floor("accuracy", 0.1), {"state": "not measured", "value": None}, NOT_MEASURED, None),
    (floor("accuracy", 0.1), {"state": "not measured", "value": 0.9}, NOT_MEASURED, None),
    (floor("accuracy", 0.1), measured(None), NOT_MEASURED, None),
    (floor("accuracy", 0.1), None, NOT_MEASURED, None),
]


class TestMetricsReachFloors:
    @pytest.mark.parametrize(("policy", "found", "state", "value"), FLOORS)
    def test_answers(
        self, policy: Policy, found: dict[str, Any] | None, state: str, value: float | None
    ) -> None:
        metrics = {policy.metrics[0].metric: found} if found else {}

        result = one(metrics_reach_floors(subject(policy=policy, evaluation={"metrics": metrics})))

        assert (result.state, result.measured) == (state, value)
        assert result.limit == policy.metrics[0].limit
        assert result.reason

    def test_is_not_measured_without_an_evaluation(self) -> None:
        result = one(metrics_reach_floors(subject(policy=floor("accuracy", 0.0))))

        assert result.state == NOT_MEASURED

    def test_leaves_out_metrics_of_other_tasks(self) -> None:
        assert list(metrics_reach_floors(subject(policy=floor("r2", 0.5)))) == []


class TestEvidencePresent:
    def test_wants_every_kind_that_the_policy_names_but_the_card(self) -> None:
        results = list(evidence_present(subject(golden={})))

        assert [(r.gate, r.state) for r in results] == [
            ("evaluation", NOT_MEASURED),
            ("golden", PASSED),
        ]


class TestAdmitted:
    @pytest.mark.parametrize(
        ("reports", "state"),
        [
            ({}, NOT_MEASURED),
            ({"sandbox": {"ok": True, "level": "full"}}, PASSED),
            ({"sandbox": {"ok": False, "level": "full"}}, FAILED),
            ({"sandbox": {"ok": "yes", "level": "full"}}, FAILED),
            ({"sandbox": {}}, FAILED),
        ],
    )
    def test_answers(self, reports: dict[str, Any], state: str) -> None:
        assert one(admitted(subject(**reports))).state == state


class TestCardComplete:
    def test_is_not_measured_without_a_card(self) -> None:
        assert one(card_complete(subject())).state == NOT_MEASURED

    @pytest.mark.parametrize("field", list(tiny.CARD))
    def test_fails_without_a_required_field(self, field: str) -> None:
        card = CardRevision(content=tiny.CARD | {field: ""}, digest="ab" * 32)

        result = one(card_complete(subject(card=card)))

        assert result.state == FAILED
        assert field in result.reason

    def test_passes_when_all_is_said(self) -> None:
        card = CardRevision(content=tiny.CARD, digest="ab" * 32)

        assert one(card_complete(subject(card=card))).state == PASSED

    def test_asks_nothing_where_the_policy_wants_no_card(self) -> None:
        assert list(card_complete(subject(policy=replace(POLICY, evidence=())))) == []


class TestDerivedCompared:
    def test_asks_nothing_of_an_original(self) -> None:
        assert list(derived_compared(subject())) == []

    @pytest.mark.parametrize(
        ("reports", "state"), [({}, NOT_MEASURED), ({"parity": {"verdict": "equal"}}, PASSED)]
    )
    def test_wants_a_comparison_of_a_child(self, reports: dict[str, Any], state: str) -> None:
        child = ModelVersion(kind="compressed", **BARE)

        assert one(derived_compared(subject(version=child, **reports))).state == state


@pytest.mark.parametrize(
    ("state", "required", "blocks"),
    [
        (PASSED, True, False),
        (FAILED, True, True),
        (NOT_MEASURED, True, True),
        (FAILED, False, False),
    ],
)
def test_only_a_required_gate_that_did_not_pass_blocks(
    state: str, required: bool, blocks: bool
) -> None:
    result = GateResult("gate", state, None, None, "", required=required)

    assert bool(blocking([result])) is blocks


def test_no_gate_passes_on_nothing() -> None:
    child = ModelVersion(kind="compressed", **BARE)
    wants = replace(
        floor("accuracy", 0.0),
        evidence=("evaluation", "golden", "card"),
        sealed_plan=True,
        slices=(SliceFloor("accuracy", 0.0, "value"),),
        no_regression=(Margin("accuracy", 0.0),),
        mcnemar=0.05,
        latency_ms=1.0,
        size_bytes=1,
        licences=("MIT",),
        lineage=True,
        sandbox="rlimits-only",
        evidence_days=1,
        validation_report=True,
        explanation_shift=0.2,
    )

    results = run_gates(subject(version=child, policy=wants))

    assert {result.state for result in results} == {NOT_MEASURED}
    assert {result.gate for result in results if not result.required} == {
        "mcnemar",
        "no_regression:accuracy",
        "explanation_shift",
    }, "without a champion there is nothing to compare with"
    assert len(results) >= len(GATES)


class TestOnARealVersion:
    def test_all_pass_on_full_evidence(self, ready: Stage) -> None:
        gates = dry_run(ready.version)

        assert {gate.state for gate in gates} == {PASSED}
        assert {gate.gate for gate in gates} == {
            "admission",
            "evaluation",
            "explanation",
            "golden",
            "card",
            "metric:accuracy",
            "metric:f1_macro",
        }

    def test_the_newest_report_of_a_kind_counts(self, ready: Stage) -> None:
        version = ready.version
        worse = tiny.reports_on(version)["evaluation"]
        worse["metrics"] = worse["metrics"] | {"accuracy": measured(0.2)}
        add_evidence(version=version, kind="evaluation", document=worse)

        gates = {gate.gate: gate.state for gate in dry_run(version)}

        assert gates["metric:accuracy"] == FAILED

    def test_a_version_without_anything_passes_no_gate_but_admission(self, ready: Stage) -> None:
        bare = verbs.another(who("ada"), ready.version.model, strength=0.5)

        gates = {gate.gate: gate.state for gate in dry_run(bare)}

        assert gates.pop("admission") == PASSED
        assert set(gates.values()) == {NOT_MEASURED}

    def test_the_frozen_gates_are_those_of_the_dry_run(self, ready: Stage) -> None:
        version = ready.version

        review = verbs.signed(version, [])

        frozen = tiny.parsed(bytes(review.statement))["gates"]
        assert frozen == [gate.as_statement() for gate in dry_run(version)]

    def test_a_card_of_blanks_is_not_complete(self, ready: Stage) -> None:
        version = verbs.another(who("ada"), ready.version.model, strength=0.5)
        blank = tiny.CARD | {"contact": "   "}
        edit_card(caller=who("ada"), version=version, content=blank)

        looked = look_at(version, POLICY)

        assert one(card_complete(looked)).state == FAILED
