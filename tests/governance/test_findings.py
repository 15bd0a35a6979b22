"""Findings: who raises, answers and judges them, and what they do to signatures and approvals."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from accounts.roles import Scope
from accounts.services import deactivate_user
from audit.actions import Action
from audit.models import AuditEvent
from common.errors import Conflict, Invalid, NotAllowed
from governance.findings import selectors
from governance.findings import services as findings
from governance.findings.records import state_of
from governance.findings.selectors import in_state, overdue_seen_by, waiting_for
from governance.models import (
    Finding,
    FindingMove,
)
from registry.models import Status
from registry.services import edit_card, show_status
from tests.cast import user_of, who
from tests.factories import tiny, verbs
from tests.factories.findings import TEXT, again, found, in_days
from tests.governance.test_reviews import EVERYBODY, OK, expect
from tests.stage import Stage

RAISERS = "Only reviewers, managers and compliance of the owner team raise findings"
MAY_RAISE = {n: OK if n in ("ben", "cleo", "mira", "cora") else RAISERS for n in EVERYBODY}
MAY_ANSWER = {n: OK if n in ("ada", "mira") else "Only the owner" for n in EVERYBODY}
MAY_JUDGE = {
    n: OK if n in ("ben", "cleo", "mira", "cora") else "Only reviewers, managers and compliance"
    for n in EVERYBODY
}
CARD = tiny.CARD | {"caveats": "Winter is not in the rows."}


def close(name: str, finding: Finding) -> FindingMove:
    return findings.close_finding(caller=who(name), finding=finding, text="It holds in winter.")


def answer(name: str, finding: Finding, **wishes: Any) -> FindingMove:
    given: dict[str, Any] = {"caller": who(name), "finding": finding, "text": "Measured in winter."}
    return findings.answer_finding(**(given | wishes))


def reopen(name: str, finding: Finding) -> FindingMove:
    return findings.reopen_finding(caller=who(name), finding=finding, text="Not in January.")


def told(action: Action) -> int:
    return AuditEvent.objects.filter(action=action.value).count()


class TestRaising:
    @pytest.mark.parametrize("name", EVERYBODY)
    def test_by_role(self, ready: Stage, name: str) -> None:
        expect(MAY_RAISE[name], NotAllowed, lambda: found(name, ready.version))

        assert Finding.objects.count() == told(Action.FINDING_RAISED) == (MAY_RAISE[name] == OK)

    def test_not_by_a_contributor_whatever_the_role(self, ready: Stage) -> None:
        edit_card(caller=who("mira"), version=ready.version, content=CARD)

        with pytest.raises(NotAllowed, match=r"contributor to this version \(edited its card\)"):
            found("mira", ready.version)

    @pytest.mark.parametrize("scope", [s for s in Scope if s != Scope.SIGN])
    def test_a_token_needs_the_scope(self, ready: Stage, scope: Scope) -> None:
        caller = verbs.with_scopes(who("ben"), scope.value)

        with pytest.raises(NotAllowed, match="This token may not raise"):
            found("ben", ready.version, caller=caller)

    @pytest.mark.parametrize(
        ("wishes", "field"),
        [
            ({"severity": "dire"}, "severity"),
            ({"effect": "annoying"}, "effect"),
            ({"anchor": "metric:beauty"}, "anchor"),
            ({"anchor": "figure:nothing"}, "anchor"),
            ({"text": "  "}, "text"),
            ({"text": "x" * 4001}, "text"),
            ({"due_on": in_days(-1)}, "due_on"),
            ({"due_on": in_days(1828)}, "due_on"),
        ],
    )
    def test_names_the_field(self, ready: Stage, wishes: dict[str, Any], field: str) -> None:
        with pytest.raises(Invalid) as refusal:
            found("ben", ready.version, **wishes)

        assert refusal.value.field == field

    @pytest.mark.parametrize("owner", ["carl", "dan", "root"])
    def test_the_owner_reads_the_evidence(self, ready: Stage, owner: str) -> None:
        with pytest.raises(Invalid, match="who reads the evidence") as refusal:
            found("ben", ready.version, owner=user_of(owner).person_id)

        assert refusal.value.field == "owner"

    @pytest.mark.parametrize("anchor", ["", "metric:accuracy", "section:card", "figure:roc_curve"])
    def test_at_a_gate_a_section_a_figure_or_the_whole(self, ready: Stage, anchor: str) -> None:
        assert found("ben", ready.version, anchor=anchor).anchor == anchor

    def test_are_numbered_within_the_version(self, ready: Stage) -> None:
        numbers = [found("ben", ready.version, text=f"Point {n}.").number for n in range(3)]

        assert numbers == [1, 2, 3]

    def test_not_of_a_version_out_of_use(self, ready: Stage) -> None:
        show_status(ready.version, Status.RETIRED)

        with pytest.raises(Conflict, match="retired"):
            found("ben", ready.version)


class TestMoving:
    @pytest.mark.parametrize("name", EVERYBODY)
    def test_the_owner_or_a_manager_answers(self, ready: Stage, name: str) -> None:
        finding = found("ben", ready.version)

        expect(MAY_ANSWER[name], NotAllowed, lambda: answer(name, finding))

        assert state_of(again(finding)) == ("answered" if MAY_ANSWER[name] == OK else "open")

    @pytest.mark.parametrize("name", EVERYBODY)
    def test_a_reviewer_closes_and_reopens(self, ready: Stage, name: str) -> None:
        finding = found("ben", ready.version)

        expect(MAY_JUDGE[name], NotAllowed, lambda: close(name, finding))
        if MAY_JUDGE[name] != OK:
            return
        assert state_of(again(finding)) == "closed"
        reopen(name, finding)
        assert state_of(again(finding)) == "open"

    def test_nobody_judges_his_own_answer(self, ready: Stage) -> None:
        finding = found("ben", ready.version, owner=user_of("cleo").person_id)

        with pytest.raises(NotAllowed, match="You own this finding"):
            close("cleo", finding)

    def test_nobody_judges_who_has_had_a_hand_since(self, ready: Stage) -> None:
        finding = found("mira", ready.version)
        edit_card(caller=who("mira"), version=ready.version, content=CARD)

        with pytest.raises(NotAllowed, match="another person must judge"):
            close("mira", finding)

    def test_an_answer_names_evidence_of_the_model(self, ready: Stage) -> None:
        finding = found("ben", ready.version)
        card = ready.version.cards.get()

        move = answer("ada", finding, evidence=[f"sha256:{card.digest}"] * 2)

        assert move.evidence == [f"sha256:{card.digest}"]
        for wrong in (["sha256:" + "0" * 64], ["x"]):
            with pytest.raises(Invalid, match="no such report or card") as refusal:
                answer("ada", finding, evidence=wrong)
            assert refusal.value.field == "evidence"

    def test_each_state_takes_its_own_moves(self, ready: Stage) -> None:
        finding = found("ben", ready.version)
        with pytest.raises(Conflict, match="not closed"):
            reopen("ben", finding)
        answer("ada", finding)
        answer("ada", finding)
        close("ben", finding)
        for act in (close, answer):
            with pytest.raises(Conflict, match="reopen it first"):
                act("mira", finding)

        assert [m.position for m in again(finding).moves.all()] == [1, 2, 3]
        assert told(Action.FINDING_ANSWERED) == 2

    def test_the_log_holds_no_word_of_it(self, ready: Stage) -> None:
        finding = found("ben", ready.version)
        answer("ada", finding)

        for event in AuditEvent.objects.filter(action__startswith="finding."):
            assert TEXT.encode() not in bytes(event.leaf)
            assert b"winter" not in bytes(event.leaf)


class TestTheDatabase:
    @pytest.mark.parametrize("table", [Finding, FindingMove])
    def test_keeps_what_was_said(self, ready: Stage, table: Any) -> None:
        answer("ada", found("ben", ready.version))

        for statement in ("UPDATE {} SET text = 'No.'", "DELETE FROM {}"):
            refused = pytest.raises(DatabaseError, match="permission denied")
            with refused, transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement.format(table._meta.db_table))

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ({"person_id": "ada"}, "Neither its owner nor a contributor"),
            ({"digest": "0" * 64}, "not that of its record"),
            ({"user_id": "cleo"}, "not an active login"),
        ],
    )
    def test_refuses_a_closing_past_the_program(
        self, ready: Stage, change: dict[str, str], why: str
    ) -> None:
        finding = found("ben", ready.version)
        move = close("ben", finding)
        fields = {f.attname: getattr(move, f.attname) for f in FindingMove._meta.fields}
        people = {"person_id": "ada", "user_id": "cleo"}
        for name, value in change.items():
            user = user_of(value) if name in people else None
            fields[name] = (user.person_id if name == "person_id" else user.pk) if user else value
            if name == "person_id" and user:
                fields["user_id"] = user.pk
        fields |= {"id": None, "position": 2}
        del fields["id"]

        with pytest.raises(DatabaseError, match=why), transaction.atomic():
            FindingMove.objects.create(**fields)

    def test_refuses_a_finding_of_a_contributor(self, ready: Stage) -> None:
        row = found("ben", ready.version)
        fields = {
            f.attname: getattr(row, f.attname) for f in Finding._meta.fields if f.name != "id"
        }
        ada = user_of("ada")
        fields |= {"number": 9, "person_id": ada.person_id, "user_id": ada.pk}

        with pytest.raises(DatabaseError, match="contributor cannot raise"), transaction.atomic():
            Finding.objects.create(**fields)

    def test_refuses_an_approval_over_an_open_finding(self, approved_copy: Stage) -> None:
        found("ben", approved_copy.version)
        columns = "version_id, envelope, envelope_digest, issued_at, not_after"
        copied = (
            f"INSERT INTO governance_approval (id, review_id, {columns}) "
            f"SELECT gen_random_uuid(), gen_random_uuid(), {columns} FROM governance_approval"
        )

        with (
            approved_copy.database.connect("notary") as link,
            pytest.raises(psycopg.errors.RestrictViolation, match="blocks this version is open"),
        ):
            link.execute(copied.encode())


class TestReminding:
    def late(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Finding:
        finding = found("ben", stage.version, effect="condition", due_on=in_days(0))
        for module in (findings, selectors):
            monkeypatch.setattr(module, "today", lambda: in_days(1))
        return finding

    def test_is_told_once(self, ready: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        self.late(ready, monkeypatch)

        assert [findings.remind_overdue() for _ in range(2)] == [1, 0]
        event = AuditEvent.objects.get(action=Action.FINDING_OVERDUE.value)
        assert event.payload["effect"] == "condition"

    def test_not_of_what_is_closed_or_not_due(
        self, ready: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        close("cleo", self.late(ready, monkeypatch))
        found("ben", ready.version, due_on=in_days(1))

        assert findings.remind_overdue() == 0

    def test_is_listed(self, ready: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        finding = self.late(ready, monkeypatch)
        found("ben", ready.version, due_on=in_days(2))

        assert list(overdue_seen_by(who("mira"))) == [finding]
        assert list(overdue_seen_by(who("dan"))) == []


class TestReading:
    def test_waits_for_its_owner_then_for_who_raised_it(self, ready: Stage) -> None:
        finding = found("ben", ready.version)
        waits: Callable[[str], list[Finding]] = lambda name: list(waiting_for(who(name)))  # noqa: E731

        assert [waits(name) for name in ("ada", "ben", "cleo")] == [[finding], [], []]
        answer("ada", finding)
        assert [waits(name) for name in ("ada", "ben", "cleo")] == [[], [finding], []]
        close("ben", finding)
        assert [waits(name) for name in ("ada", "ben", "cleo")] == [[], [], []]

    def test_by_state(self, ready: Stage) -> None:
        one, two, three = (found("ben", ready.version, text=f"Point {n}.") for n in range(3))
        answer("ada", two)
        close("ben", three)
        rows = selectors.findings_seen_by(who("cora"))

        found_in = {s: list(in_state(rows, s)) for s in ("open", "answered", "closed", "overdue")}

        assert found_in == {"open": [one], "answered": [two], "closed": [three], "overdue": []}

    def test_of_other_teams_is_not_there(self, ready: Stage) -> None:
        found("ben", ready.version)

        assert list(selectors.findings_seen_by(who("dan"))) == []

    def test_costs_no_query_for_each(
        self, ready: Stage, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for number in range(5):
            answer("ada", found("ben", ready.version, text=f"Point {number}."))
        version = ready.version
        with django_assert_num_queries(5):
            rows = list(selectors.findings_of(version))
            assert [len(row.moves.all()) for row in rows] == [1] * 5
            assert {row.owner.name for row in rows} == {"Ada"}

    def test_a_person_who_has_left_owns_nothing_new(self, ready: Stage) -> None:
        deactivate_user(caller=who("root"), user=user_of("ada"))

        with pytest.raises(Invalid):
            found("ben", ready.version)
