"""Gates that a bundle can be asked again answer as the signed statement says, or it is found."""

import re
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.trust.bundle_factory import MODEL, START, BundleStory, Document, Edit
from tests.trust.verifier import report_of
from trust.digests import digest_of
from trust.times import format_moment

CHAMPION, OTHER = digest_of(b"champion"), digest_of(b"other")
MEASURED_AT = START - timedelta(days=2)
POLICY: Document = {
    "no_regression": [{"metric": "accuracy", "margin": 0.01}],
    "mcnemar": 0.05,
    "latency_ms": 2,
    "size_bytes": 12,
    "licences": ["MIT"],
    "lineage": True,
    "evidence_days": 2,
}


def gate(name: str, measured: Any, limit: Any, state: str = "passed", **more: Any) -> Document:
    said = {"gate": name, "state": state, "measured": measured, "limit": limit, "required": True}
    return said | more


GATES = [
    gate("no_regression:accuracy", -0.005, -0.01),
    gate("mcnemar", 1, 0.05),
    gate("latency", 1.5, 2),
    gate("size", 12, 12),
    gate("licence", "MIT", "MIT"),
    gate("lineage", "training", "complete"),
    gate("evidence_age", format_moment(MEASURED_AT + timedelta(minutes=10)), 2),
]
NOT_ASKED = [
    gate(name, None, None, "not measured", required=False)
    for name in ("no_regression:accuracy", "mcnemar")
]


def evaluated(report: Document) -> None:
    report |= {
        "metrics": {"accuracy": {"direction": "higher"}},
        "latency": [{"batch": 1, "cpu_ms": {"p95": 1.5}}],
        "comparison": {
            "champion": {"digest": CHAMPION},
            "note": None,
            "metrics": {"accuracy": {"state": "measured", "low": -0.005, "high": 0.02}},
            "mcnemar": {"p_value": None, "only_candidate_right": 0, "only_champion_right": 0},
        },
    }


def event(action: str, payload: Document, at: str, **subject: str) -> Document:
    actor = {"person": "person-system", "user": "system", "via": "session"}
    about = {"type": "model", "id": MODEL["id"]} | subject
    said = {"action": action, "actor": actor, "payload": payload, "subject": about}
    return said | {"at": at, "id": f"event-{action}-{at}", "v": 1}


class Story(BundleStory):
    """An approval under a policy of all these gates, after a champion was there."""

    def __init__(
        self,
        *,
        champion: str | None = CHAMPION,
        gates: list[Document] = GATES,
        policy: Document = POLICY,
        licence: str = "MIT",
        stored: bool = True,
        edit_report: Edit = evaluated,
        edit_lineage: Edit = lambda lineage: None,
    ) -> None:
        def manifest(document: Document) -> None:
            document["signature"] = {"task": "binary"}
            lineage = {"source": "training", "recipe": "mlp", "params": {}, "dataset": OTHER}
            edit_lineage(lineage)
            document["lineage"] = lineage

        def statement(document: Document) -> None:
            document["gates"] += deepcopy(gates)
            self.evaluated = document["evidence"][0]["digest"]

        def events(told: list[Document]) -> None:
            early = format_moment(MEASURED_AT + timedelta(minutes=10, seconds=2))
            told[0] |= event("model.registered", {"licence": licence}, early)
            if champion:
                told[1] |= event("alias.moved", {"alias": "champion", "to": champion}, early)
            if stored:
                reports = {"reports": {"evaluation": self.evaluated}}
                told[2] |= event("evaluation.completed", reports, early, type="version")

        super().__init__(
            planned=True,
            edit_manifest=manifest,
            edit_policy=lambda terms: terms.update(policy),
            edit_evaluation=edit_report,
            edit_statement=statement,
            edit_events=events,
        )


def without(name: str) -> list[Document]:
    return [one for one in GATES if one["gate"] != name]


def instead(name: str, **changes: Any) -> list[Document]:
    return [one | changes if one["gate"] == name else one for one in GATES]


def test_answers_that_follow_are_sound(tmp_path: Path) -> None:
    report = report_of(Story(), tmp_path)

    assert (report.exit_code, report.findings) == (0, [])


def test_without_a_champion_the_gates_against_it_are_not_required(tmp_path: Path) -> None:
    free = [*NOT_ASKED, *[one for one in GATES if one["gate"] in ("latency", "size")]]
    fewer = {name: POLICY[name] for name in ("no_regression", "mcnemar", "latency_ms")}

    report = report_of(Story(champion=None, gates=free, policy=fewer), tmp_path)

    assert (report.exit_code, report.findings) == (0, [])


DEFECTS: list[tuple[str, dict[str, Any]]] = [
    *((one["gate"], {"gates": without(one["gate"])}) for one in GATES),
    ("no_regression:accuracy", {"gates": instead("no_regression:accuracy", measured=0)}),
    ("no_regression:accuracy", {"champion": OTHER}),
    ("mcnemar", {"champion": OTHER}),
    (
        "no_regression:accuracy",
        {"gates": [*without("no_regression:accuracy"), NOT_ASKED[0]]},
    ),
    ("latency", {"gates": instead("latency", measured=1)}),
    ("latency", {"policy": POLICY | {"latency_ms": 1}}),
    ("size", {"policy": POLICY | {"size_bytes": 11}}),
    ("licence", {"licence": "GPL-3.0-only"}),
    ("lineage", {"edit_lineage": lambda lineage: lineage.pop("recipe")}),
    ("evidence_age", {"policy": POLICY | {"evidence_days": 1}}),
    ("evidence_age", {"stored": False}),
    (
        "evidence_age",
        {"gates": instead("evidence_age", measured=format_moment(START + timedelta(days=1)))},
    ),
]


@pytest.mark.parametrize(("name", "changes"), DEFECTS)
def test_an_answer_that_does_not_follow_is_named(
    tmp_path: Path, name: str, changes: dict[str, Any]
) -> None:
    report = report_of(Story(**changes), tmp_path)

    assert report.exit_code == 1
    wanted = re.escape(f"the gate {name!r} does not answer this")
    assert any(re.search(wanted, f.problem) for f in report.findings), report.findings


def unreadable(report: Document) -> None:
    evaluated(report)
    report["latency"] = 7


def test_a_report_that_is_none_is_found(tmp_path: Path) -> None:
    report = report_of(Story(edit_report=unreadable), tmp_path)

    assert any("cannot be asked again" in f.problem for f in report.findings)
