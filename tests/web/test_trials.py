"""What a policy would have said: the gates of versions as they stand, and no trace of asking."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from common.errors import Invalid
from governance.approvals.releases import revoke
from governance.models import Review
from governance.policy.changes import changes_between
from governance.policy.documents import DEFAULTS, Policy
from governance.policy.trials import try_policy, versions_to_try
from registry.models import ModelVersion
from tests.cast import password_of, who
from tests.factories import verbs
from tests.factories.damage import by_force
from tests.stage import MODEL, Stage
from tests.web.conftest import As

STRICT = Policy.read(
    DEFAULTS["medium"].as_dict()
    | {
        "metrics": [{"metric": "accuracy", "limit": 0.9999}],
        "waivable": ["metric:accuracy"],
        "lineage": True,
    }
)
API = "/api/v1/policies/trials"


def tried(name: str = "ben", **wishes: Any) -> list[ModelVersion]:
    given: dict[str, Any] = {"which": "live", "tier": "medium", "team": None}
    return list(versions_to_try(who(name), **(given | wishes)))


def test_every_gate_says_why(approved: Stage) -> None:
    (trial,) = try_policy(STRICT, [approved.version])

    said = {gate.gate: gate for gate in trial.gates}
    assert not trial.passes
    assert {gate.gate for gate in trial.stops} == {"metric:accuracy", "lineage"}
    assert said["metric:accuracy"].waivable
    assert not said["lineage"].waivable
    assert all(gate.reason for gate in trial.gates)


def test_a_policy_that_is_met_lets_it_pass(approved: Stage) -> None:
    (trial,) = try_policy(DEFAULTS["medium"], [approved.version])

    assert trial.passes


class TestWhichVersions:
    def test_are_live_while_an_alias_leads_to_an_approval_that_holds(self, approved: Stage) -> None:
        assert tried() == tried(which="approved") == [approved.version]
        assert tried(tier="high") == []

        revoke(
            caller=who("mira"),
            version=approved.version,
            reason="Drift.",
            password=password_of("mira"),
        )

        assert tried() == tried(which="approved") == []

    def test_are_those_whose_evidence_one_may_read(self, approved: Stage) -> None:
        assert tried("dan") == []
        assert tried("carl") == []

    @pytest.mark.parametrize(
        ("wishes", "field"), [({"which": "all"}, "which"), ({"tier": "deadly"}, "tier")]
    )
    def test_are_named_by_known_words(
        self, approved: Stage, wishes: dict[str, str], field: str
    ) -> None:
        with pytest.raises(Invalid) as refusal:
            tried(**wishes)

        assert refusal.value.field == field


def test_it_leaves_no_trace(approved: Stage) -> None:
    before = (AuditEvent.objects.count(), Review.objects.count())

    try_policy(STRICT, [approved.version])

    assert (AuditEvent.objects.count(), Review.objects.count()) == before


def test_many_versions_take_as_many_queries_as_one(approved: Stage) -> None:
    wanted = Policy.read(DEFAULTS["high"].as_dict() | {"sealed_plan": True})
    others = [verbs.another(who("ada"), approved.version.model, strength=s) for s in (0.5, 0.25)]
    for version in others:
        verbs.make_ready(who("ada"), version)

    def queries(versions: list[ModelVersion]) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert len(try_policy(wanted, versions)) == len(versions)
        return len(seen)

    assert queries([approved.version, *others]) == queries([approved.version])


def test_damaged_reports_stop_only_their_own_version(approved_copy: Stage) -> None:
    other = verbs.another(who("ada"), approved_copy.version.model, strength=0.5)
    verbs.make_ready(who("ada"), other)
    by_force(
        approved_copy.database,
        "registry_evidence",
        "UPDATE registry_evidence SET body = body || ' ' WHERE kind = 'evaluation'"
        " AND version_id = %s",
        other.pk,
    )

    sound, damaged = try_policy(DEFAULTS["medium"], [approved_copy.version, other])

    assert sound.passes
    assert "bytes of the evaluation" in damaged.unreadable
    assert not damaged.passes


class TestTheApi:
    def post(self, as_: As, body: dict[str, Any], name: str = "ben", query: str = "") -> Any:
        return as_(name).post(API + query, json.dumps(body), content_type="application/json")

    def test_answers_for_a_draft(self, approved: Stage, as_: As) -> None:
        answer = self.post(as_, {"document": STRICT.as_dict(), "tier": "medium"})

        (found,) = answer.json()["results"]
        assert (found["model"], found["version"], found["passes"]) == (MODEL, 1, False)

    def test_answers_for_one_version(self, approved: Stage, as_: As) -> None:
        answer = self.post(as_, {"document": STRICT.as_dict(), "model": MODEL, "version": 1})

        assert len(answer.json()["results"]) == 1

    def test_hides_evidence_from_consumers(self, approved: Stage, as_: As) -> None:
        body = {"document": STRICT.as_dict(), "model": MODEL, "version": 1}

        assert self.post(as_, body, "carl").status_code == 403

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"tier": "medium"}, "document"),
            ({"document": {}, "tier": "medium"}, "document.signers"),
            ({"document": DEFAULTS["low"].as_dict()}, "tier"),
            ({"document": DEFAULTS["low"].as_dict(), "model": MODEL}, "version"),
            ({"document": DEFAULTS["low"].as_dict(), "version": 1}, "model"),
        ],
    )
    def test_names_the_field_at_fault(
        self, approved: Stage, as_: As, body: dict[str, Any], field: str
    ) -> None:
        answer = self.post(as_, body)

        assert answer.status_code == 422
        assert answer.json()["field"] == field


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, str]]:
    base = DEFAULTS["medium"].as_dict()
    found = changes_between(base | before, base | after)
    return [(change.field.name, change.row, change.effect) for change in found]


ACCURACY = {"metric": "accuracy", "limit": 0.8, "bound": "value"}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {}, []),
        ({}, {"validity_days": 90}, [("validity_days", "", "tightened")]),
        ({}, {"outage_grace_s": 7200}, [("outage_grace_s", "", "relaxed")]),
        ({}, {"mcnemar": 0.05}, [("mcnemar", "", "tightened")]),
        ({"mcnemar": 0.05}, {"mcnemar": 0.01}, [("mcnemar", "", "relaxed")]),
        ({"mcnemar": 0.05}, {}, [("mcnemar", "", "relaxed")]),
        ({}, {"evidence": ["card"]}, [("evidence", "", "relaxed")]),
        ({}, {"waivable": ["card"]}, [("waivable", "", "relaxed")]),
        ({"licences": ["MIT"]}, {}, [("licences", "", "relaxed")]),
        ({"licences": ["MIT"]}, {"licences": ["MIT", "X"]}, [("licences", "", "relaxed")]),
        ({}, {"sandbox": "full"}, [("sandbox", "", "tightened")]),
        ({"sandbox": "full"}, {"sandbox": "rlimits-only"}, [("sandbox", "", "relaxed")]),
        (
            {},
            {"signers": {"count": 1, "roles": ["reviewer"]}},
            [("signers.count", "", "relaxed"), ("signers.roles", "", "tightened")],
        ),
        (
            {"metrics": [ACCURACY]},
            {"metrics": [ACCURACY | {"limit": 0.7}]},
            [("metrics", "accuracy (value)", "relaxed")],
        ),
        (
            {"metrics": [{"metric": "ece", "limit": 0.1}]},
            {"metrics": [{"metric": "ece", "limit": 0.05}, ACCURACY]},
            [("metrics", "ece (value)", "tightened"), ("metrics", "accuracy (value)", "tightened")],
        ),
        (
            {"slices": [ACCURACY | {"columns": ["age"]}]},
            {"slices": [ACCURACY]},
            [("slices", "accuracy (value)", "relaxed")],
        ),
        (
            {"no_regression": [{"metric": "accuracy", "margin": 0.01}]},
            {"no_regression": [{"metric": "accuracy", "margin": 0.1}]},
            [("no_regression", "accuracy", "relaxed")],
        ),
    ],
)
def test_a_change_is_named_by_its_field_and_by_its_effect(
    before: dict[str, Any], after: dict[str, Any], expected: list[Any]
) -> None:
    assert changed(before, after) == expected
