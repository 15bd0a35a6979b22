"""What the sources of packs read: what is there is not called missing, what is not is not there."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from compliance.packs.found import MEASURED, MISSING, Found, Table
from compliance.packs.sources import SOURCES, VERSION
from compliance.packs.subject import Subject
from governance.findings.services import close_finding
from governance.models import Staleness
from inference.refusals import Refused, Window
from inference.services import note_refused_predictions
from registry.models import ModelVersion
from registry.register.entries import NewEntry, enter, today
from registry.selectors import version_by_id
from tests.cast import user_of, who
from tests.factories import findings, plans, verbs
from tests.stage import Stage

DAY = timedelta(days=1)


def found(source: str, version: ModelVersion) -> Found | None:
    """What the source finds of a version now."""
    return SOURCES[VERSION][source](Subject(version_by_id(version.pk), timezone.now()))


def rows(source: str, version: ModelVersion) -> list[dict[str, Any]]:
    """The table that it finds, which is measured and proved."""
    said = found(source, version)
    assert said is not None
    assert isinstance(said.value, Table), said.value
    assert said.status == MEASURED
    assert said.evidence
    return [dict(zip(said.value.columns, row, strict=True)) for row in said.value.rows]


def text(source: str, version: ModelVersion) -> str:
    said = found(source, version)
    assert said is not None
    assert said.status == MEASURED
    assert said.evidence
    return str(said.value)


class TestCriteria:
    def test_are_those_of_the_run_and_not_of_a_plan_sealed_since(self, approved: Stage) -> None:
        version = plans.unmeasured()
        verbs.evaluate(who("ada"), version, strength=plans.STRENGTH)
        plan = plans.seal(version)
        assert found("evaluation.criteria", version) is None
        verbs.evaluate(who("ada"), version, strength=plans.STRENGTH, plan=plan)
        assert [row["metric"] for row in rows("evaluation.criteria", version)] == [
            "Accuracy",
            "Log loss",
        ]


class TestWhatDoesNotApply:
    @pytest.mark.parametrize(
        ("source", "said"),
        [
            ("compression.parity", "not a compressed one"),
            ("data.compression", "not a compressed one"),
            ("version.retirement", "not been taken out of use"),
            ("evaluation.comparison", "No version was the champion"),
            ("review.findings", "No finding was raised"),
            ("serving.emergencies", "by an emergency grant"),
            ("serving.refusals", "No request was refused"),
            ("approval.ended", "none became stale"),
        ],
    )
    def test_is_no_gap(self, approved: Stage, source: str, said: str) -> None:
        assert said in text(source, approved.version)


class TestACompressedVersion:
    def test_learned_from_what_its_ancestor_learned_from(self, approved: Stage) -> None:
        first, rows_used = approved.version, verbs.dataset()
        trained = verbs.another(
            who("ada"),
            first.model,
            strength=0.7,
            kind="trained",
            lineage={"source": "training", "dataset": f"sha256:{rows_used.blob_id}"},
        )
        child = verbs.another(
            who("ada"),
            first.model,
            strength=0.6,
            kind="compressed",
            parent=trained,
            lineage={"source": "compression", "method": "int8-dynamic", "dataset": None},
        )
        assert rows("data.training", child) == rows("data.training", trained)
        assert text("data.compression", child) == "It was compressed without rows."
        assert text("version.params", child) == "No parameter was set."


class TestFindings:
    def test_stand_with_owner_day_and_state(self, approved: Stage) -> None:
        first = findings.found("ben", approved.version)
        close_finding(caller=who("ben"), finding=first, text="It was mended.")
        findings.found("cleo", approved.version, effect="condition", severity="low")
        assert [
            (row["number"], row["effect"], row["owner"], row["state"], row["overdue"])
            for row in rows("review.findings", approved.version)
        ] == [(2, "condition", "Ada", "open", False), (1, "blocking", "Ada", "closed", False)]


class TestApprovalsThatEnded:
    def test_are_told_also_where_they_became_stale(self, approved: Stage) -> None:
        now = timezone.now()
        Staleness.objects.create(
            approval=approved.approval, since=now, until=now + DAY, because="card", at=now
        )
        (row,) = rows("approval.ended", approved.version)
        assert (row["because"], row["revoked"]) == ("card", None)


class TestRefusals:
    def test_are_summed_by_person_place_and_reason(self, approved: Stage) -> None:
        model = approved.version.model
        carl = str(user_of("carl").person_id)
        window = Window(
            since=timezone.now() - DAY,
            until=timezone.now(),
            counts={
                Refused(carl, "", str(model.pk), "champion", None, "not-approved"): 3,
                Refused("", "", str(model.pk), "", 2, "not_authenticated"): 1,
            },
            others={str(model.pk): 5},
        )
        note_refused_predictions(window)
        note_refused_predictions(window)
        said = [tuple(row.values()) for row in rows("serving.refusals", approved.version)]
        assert said == [
            ("", model.name, "not counted one by one", 10),
            ("Carl", f"{model.name} champion", "no valid approval", 6),
            ("", f"{model.name} v2", "the caller was not known", 2),
        ]


class TestTheRegister:
    def test_is_declared_by_the_author_of_the_entry_until_it_is_overdue(
        self, approved: Stage
    ) -> None:
        model = approved.version.model
        assert found("register.owner", approved.version) is None
        new = NewEntry(
            hosting="served",
            life="in_use",
            owner=user_of("ada").person_id,
            validated_on=today() - 9 * DAY,
            revalidate_on=today() + DAY,
        )
        enter(caller=who("mira"), model=model, new=new)
        owner = found("register.owner", approved.version)
        due = found("register.next_validation", approved.version)
        assert owner
        assert due
        assert (owner.status, owner.value, owner.by) == ("declared", "Ada", "Mira")
        assert owner.evidence
        assert due.value == (today() + DAY).isoformat()
        assert found("register.validator", approved.version) is None
        late = NewEntry(
            hosting="served",
            life="in_use",
            owner=user_of("ada").person_id,
            revalidate_on=today() - DAY,
        )
        enter(caller=who("mira"), model=model, new=late, revision=1)
        due = found("register.next_validation", approved.version)
        assert due
        assert due.status == MISSING
        assert due.value == f"overdue since {(today() - DAY).isoformat()}"


class TestALongTable:
    def test_says_how_many_rows_it_leaves_out(
        self, approved: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for strength in (0.4, 0.5):
            verbs.another(who("ada"), approved.version.model, strength=strength)
        monkeypatch.setattr("compliance.packs.listed.MOST_ROWS", 1)
        said = found("version.relations", approved.version)
        assert said
        assert isinstance(said.value, Table)
        assert (len(said.value.rows), said.value.left_out) == (1, 2)
