"""Criteria are fixed before the result is known, stay as they were, and every use is counted."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit.models import AuditEvent
from common.errors import Conflict, Invalid, NotAllowed
from evaluation.criteria import FAILED, NOT_MEASURED, PASSED
from evaluation.models import EvaluationPlan, EvaluationRun
from evaluation.planned import Planned, planned
from evaluation.selectors import document_of, newest_plan, uses_by_model, uses_for
from evaluation.services import request_run
from registry.models import DatasetSnapshot, ModelVersion, Status
from registry.selectors import contributor_ids
from tests.cast import who
from tests.factories import verbs
from tests.factories.plans import CRITERIA, STRENGTH, accuracy, seal, unmeasured
from tests.stage import Stage


@pytest.fixture
def version(ready: Stage) -> ModelVersion:
    """A version that nobody has measured."""
    return unmeasured()


def other_rows() -> DatasetSnapshot:
    """The same bytes under another name."""
    return verbs.new_dataset(who("ada"), name="lumps")


def judged(run: EvaluationRun) -> Planned:
    """What the run's report says to its plan."""
    assert run.report is not None
    found = planned(run, json.loads(bytes(run.report.body)))
    assert found is not None
    return found


class TestSealing:
    def test_keeps_what_was_wished_and_who_sealed_it_when(self, version: ModelVersion) -> None:
        before = timezone.now()

        plan = seal(version)

        said = document_of(plan)
        assert (said["type"], said["version"]) == ("assay/plan/1", f"sha256:{version.digest}")
        assert said["criteria"] == CRITERIA
        assert said["dataset"]["digest"] == f"sha256:{verbs.dataset().blob_id}"
        assert said["interval"] == {
            "method": "percentile bootstrap",
            "level": 0.95,
            "resamples": 100,
        }
        assert (said["seed"], said["supersedes"]) == (1, None)
        assert said["sealed_by"] == str(who("ada").person_id)
        assert before <= plan.sealed_at <= timezone.now()

    def test_stands_in_the_log_by_its_digest(self, version: ModelVersion) -> None:
        first, last = seal(version), seal(version, criteria=accuracy(0.7))

        events = AuditEvent.objects.filter(action="plan.sealed").order_by("pk")

        assert [event.payload["plan"] for event in events] == [
            f"sha256:{first.document.digest}",
            f"sha256:{last.document.digest}",
        ]
        assert events[1].payload["supersedes"] == f"sha256:{first.document.digest}"
        assert f"dataset:{verbs.dataset().pk}" in events[0].related

    def test_makes_a_contributor_of_whoever_seals(self, version: ModelVersion) -> None:
        seal(version, by="mira")

        assert who("mira").person_id in contributor_ids(version)

    @pytest.mark.parametrize("name", ["ben", "cora", "carl"])
    def test_is_for_those_who_measure(self, version: ModelVersion, name: str) -> None:
        with pytest.raises(NotAllowed):
            seal(version, by=name)

    @pytest.mark.parametrize(
        ("wishes", "field"),
        [
            ({"criteria": []}, "criteria"),
            ({"criteria": {"accuracy": 1}}, "criteria"),
            ({"criteria": [{"metric": "beauty", "limit": 1}]}, "criteria[0].metric"),
            ({"criteria": [{"metric": "r2", "limit": 0.1}]}, "criteria[0].metric"),
            ({"criteria": accuracy(0.9) * 2}, "criteria[1].metric"),
            ({"criteria": [{"metric": "accuracy", "limit": "0.9"}]}, "criteria[0].limit"),
            ({"criteria": [{"metric": "accuracy", "limit": 1, "slice": 2}]}, "criteria[0].slice"),
            ({"seed": -1}, "seed"),
            ({"seed": 2**31}, "seed"),
            ({"resamples": 99}, "resamples"),
        ],
    )
    def test_names_the_field(
        self, version: ModelVersion, wishes: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(Invalid) as refusal:
            seal(version, **wishes)

        assert refusal.value.field == field
        assert not EvaluationPlan.objects.exists()
        assert not version.evidence.filter(kind="plan").exists()

    def test_not_for_rows_of_the_training(self, version: ModelVersion) -> None:
        rows = verbs.new_dataset(who("ada"), name="seen", split="train")

        with pytest.raises(Invalid):
            seal(version, dataset=rows)

    def test_not_for_a_version_out_of_use(self, version: ModelVersion) -> None:
        version.status = Status.RETIRED

        with pytest.raises(Conflict):
            seal(version)

    def test_a_change_is_a_new_plan_that_names_the_one_before(self, version: ModelVersion) -> None:
        first = seal(version)
        with pytest.raises(Conflict, match="says this already"):
            seal(version)

        last = seal(version, criteria=accuracy(0.7))

        assert last.supersedes == first
        assert newest_plan(version) == last

    def test_has_an_end(self, version: ModelVersion, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("evaluation.plans.MOST_PLANS", 1)
        seal(version)

        with pytest.raises(Conflict, match="at most 1 plans"):
            seal(version, criteria=accuracy(0.7))


class TestTheRun:
    def test_is_as_the_plan_says(self, version: ModelVersion) -> None:
        plan = seal(version, seed=7)

        run = request_run(caller=who("ada"), version=version, plan=plan)

        assert (run.dataset, run.seed, run.resamples, run.plan) == (plan.dataset, 7, 100, plan)
        event = AuditEvent.objects.filter(action="evaluation.requested").latest("pk")
        assert event.payload["plan"] == f"sha256:{plan.document.digest}"

    def test_gives_a_report_that_names_the_plan(self, version: ModelVersion) -> None:
        plan = seal(version)

        run = verbs.evaluate(who("ada"), version, plan=plan)

        assert run.report is not None
        assert json.loads(bytes(run.report.body))["plan"] == f"sha256:{plan.document.digest}"

    def test_without_a_plan_names_none(self, version: ModelVersion) -> None:
        run = verbs.evaluate(who("ada"), version)

        assert run.report is not None
        assert "plan" not in json.loads(bytes(run.report.body))
        assert planned(run, json.loads(bytes(run.report.body))) is None

    @pytest.mark.parametrize(("field", "value"), [("seed", 0), ("seed", 2), ("resamples", 2000)])
    def test_is_never_otherwise(self, version: ModelVersion, field: str, value: int) -> None:
        plan = seal(version)

        with pytest.raises(Invalid) as refusal:
            request_run(caller=who("ada"), version=version, plan=plan, **{field: value})  # type: ignore[arg-type]

        assert refusal.value.field == field

    def test_is_on_no_other_rows(self, version: ModelVersion) -> None:
        plan, rows = seal(version), other_rows()

        with pytest.raises(Invalid) as refusal:
            request_run(caller=who("ada"), version=version, plan=plan, dataset=rows)

        assert refusal.value.field == "dataset"

    def test_is_of_no_other_version(self, ready: Stage, version: ModelVersion) -> None:
        plan = seal(version)

        with pytest.raises(Invalid) as refusal:
            request_run(caller=who("ada"), version=ready.version, plan=plan)

        assert refusal.value.field == "plan"

    def test_is_under_the_last_plan(self, version: ModelVersion) -> None:
        first = seal(version)
        seal(version, criteria=accuracy(0.7))

        with pytest.raises(Conflict, match="later plan"):
            request_run(caller=who("ada"), version=version, plan=first)

    def test_comes_after_the_seal(self, version: ModelVersion) -> None:
        plan = seal(version)
        plan.sealed_at = timezone.now() + timedelta(seconds=30)

        with pytest.raises(Conflict, match="not sealed before"):
            request_run(caller=who("ada"), version=version, plan=plan)


class TestTheReport:
    @pytest.mark.parametrize(
        ("criteria", "states"),
        [
            (CRITERIA, [PASSED, PASSED]),
            (accuracy(0.9999), [FAILED]),
            ([*accuracy(0.1), {"metric": "ece", "limit": 0.0}], [PASSED, FAILED]),
        ],
    )
    def test_meets_the_criteria_or_does_not(
        self, version: ModelVersion, criteria: list[dict[str, Any]], states: list[str]
    ) -> None:
        run = verbs.evaluate(
            who("ada"), version, strength=STRENGTH, plan=seal(version, criteria=criteria)
        )

        found = judged(run)

        assert [one.state for one in found.criteria] == states
        assert found.met == states.count(PASSED)
        assert (found.known, found.changes) == (0, [])
        assert found.ahead > timedelta(0)

    def test_says_what_it_has_not_measured(self, version: ModelVersion) -> None:
        run = verbs.evaluate(who("ada"), version, plan=seal(version))
        assert run.report is not None
        report = json.loads(bytes(run.report.body))
        del report["metrics"]["log_loss"]

        found = planned(run, report)

        assert found is not None
        assert [one.state for one in found.criteria] == [PASSED, NOT_MEASURED]

    def test_shows_earlier_plans_and_what_the_last_changed(self, version: ModelVersion) -> None:
        seal(version)
        seal(version, criteria=accuracy(0.95), seed=3)
        run = verbs.evaluate(who("ada"), version, plan=seal(version, criteria=accuracy(0.9)))

        found = judged(run)

        assert len(found.earlier) == 2
        assert [(c.what, c.before, c.after) for c in found.changes] == [
            ("accuracy (value)", 0.95, 0.9),
            ("seed", 3, 1),
        ]

    def test_tells_that_a_result_was_known_before_the_seal(self, version: ModelVersion) -> None:
        verbs.evaluate(who("ada"), version)

        run = verbs.evaluate(who("ada"), version, plan=seal(version))

        assert judged(run).known == 1

    def test_knows_the_same_rows_under_another_name(self, version: ModelVersion) -> None:
        rows = other_rows()
        run = request_run(caller=who("ada"), version=version, dataset=rows, resamples=100)
        verbs.complete(run)

        run = verbs.evaluate(who("ada"), version, plan=seal(version))

        assert judged(run).known == 1

    def test_knows_the_same_file_under_another_number(self, ready: Stage) -> None:
        twin = verbs.another(who("ada"), ready.version.model)

        run = verbs.evaluate(who("ada"), twin, plan=seal(twin))

        assert judged(run).known == 1

    def test_knows_what_was_measured_as_the_champion(self, approved: Stage) -> None:
        verbs.evaluate(who("ada"), unmeasured())

        run = verbs.evaluate(who("ada"), approved.version, plan=seal(approved.version))

        assert judged(run).known == 2

    def test_a_run_that_gave_no_result_told_nothing(self, version: ModelVersion) -> None:
        request_run(caller=who("ada"), version=version, dataset=verbs.dataset(), resamples=100)

        run = verbs.evaluate(who("ada"), version, plan=seal(version))

        assert judged(run).known == 0


class TestUses:
    def test_are_the_runs_on_the_rows_whatever_their_name(
        self, ready: Stage, version: ModelVersion
    ) -> None:
        rows, ada = other_rows(), who("ada")
        request_run(caller=ada, version=version, dataset=rows, resamples=100)
        verbs.evaluate(ada, version)
        mine = verbs.another(ada, verbs.new_model(ada, "warts"), strength=0.25)
        verbs.evaluate(ada, mine)

        found = uses_for(version.model_id, rows.blob_id)

        assert (found.runs, found.versions) == (3, 2)
        assert [(row["model"], row["runs"], row["versions"]) for row in uses_by_model(rows)] == [
            ("tumours", 3, 2),
            ("warts", 1, 1),
        ]


# statement, with the numbers of a plan, its run, a later plan and another version
PAST_THE_PROGRAM = {
    "a plan is not changed": "UPDATE evaluation_evaluationplan SET seed = 2",
    "a plan is not removed": "DELETE FROM evaluation_evaluationplan",
    "a run gets no plan afterwards": (
        "UPDATE evaluation_evaluationrun SET plan_id = '{plan}' WHERE plan_id IS NULL"
    ),
    "a run keeps its moment": (
        "UPDATE evaluation_evaluationrun SET created_at = created_at + interval '1 day'"
    ),
    "a run keeps its report": "UPDATE evaluation_evaluationrun SET report_id = NULL",
    "a use is not forgotten": "DELETE FROM evaluation_evaluationrun",
    "no run before its plan": "INSERT INTO evaluation_evaluationrun {run_before}",
    "no run with another seed": "INSERT INTO evaluation_evaluationrun {run_other}",
    "no plan of yesterday": "INSERT INTO evaluation_evaluationplan {plan_before}",
    "no plan that says something else": "INSERT INTO evaluation_evaluationplan {plan_other}",
    "no plan that leaves the line": "INSERT INTO evaluation_evaluationplan {plan_line}",
}


def copied(table: str, **changes: str) -> str:
    """The tail of an INSERT that copies the newest row with these columns otherwise."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table]
        )
        names = [name for (name,) in cursor.fetchall()]
    values = ", ".join((changes | {"id": "gen_random_uuid()"}).get(name, name) for name in names)
    moment = "sealed_at" if table.endswith("plan") else "created_at"
    newest = f"SELECT {values} FROM {table} ORDER BY {moment} DESC LIMIT 1"
    return f"({', '.join(names)}) {newest}"


@pytest.mark.parametrize("statement", PAST_THE_PROGRAM.values(), ids=PAST_THE_PROGRAM)
def test_the_database_refuses(version: ModelVersion, statement: str) -> None:
    plan = seal(version)
    verbs.evaluate(who("ada"), version, plan=plan)
    run, row = "evaluation_evaluationrun", "evaluation_evaluationplan"
    wanted = statement.format(
        plan=plan.pk,
        run_before=copied(run, created_at="created_at - interval '1 hour'"),
        run_other=copied(run, seed="seed + 1"),
        plan_before=copied(row, sealed_at="sealed_at - interval '1 day'"),
        plan_other=copied(row, seed="seed + 1"),
        plan_line=copied(row, supersedes_id=f"'{plan.pk}'"),
    )

    with pytest.raises(DatabaseError) as refusal, transaction.atomic():
        connection.cursor().execute(wanted)

    assert getattr(refusal.value.__cause__, "sqlstate", "") in {
        "23001",
        "42501",
    }, refusal.value


def test_the_copied_run_is_accepted_as_it_is(version: ModelVersion) -> None:
    """What `test_the_database_refuses` inserts is refused for what is said there alone."""
    verbs.evaluate(who("ada"), version, plan=seal(version))
    tail = copied("evaluation_evaluationrun", created_at="clock_timestamp()")

    connection.cursor().execute(f"INSERT INTO evaluation_evaluationrun {tail}")

    assert EvaluationRun.objects.filter(version=version).count() == 2


def test_the_database_refuses_a_run_under_a_superseded_plan(version: ModelVersion) -> None:
    verbs.evaluate(who("ada"), version, plan=seal(version))
    seal(version, criteria=accuracy(0.5))
    tail = copied("evaluation_evaluationrun", created_at="clock_timestamp()")

    with pytest.raises(DatabaseError, match="is the last"), transaction.atomic():
        connection.cursor().execute(f"INSERT INTO evaluation_evaluationrun {tail}")
