"""Another owner or day of a finding: who gives it, what it needs, and what it does to signers."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from accounts.roles import Scope
from accounts.services import deactivate_user
from audit.actions import Action
from audit.models import AuditEvent
from common.errors import Conflict, Invalid, NotAllowed, Outdated
from governance.approvals.releases import revoke
from governance.findings import selectors
from governance.findings import services as findings
from governance.findings.log import check_findings
from governance.findings.models import FindingAmendment
from governance.findings.records import Duty, duty_of, is_overdue
from governance.findings.selectors import conditions_named, day_signed, waiting_for
from governance.models import Approval, Finding, ReviewState
from governance.services import submit
from registry.services import edit_card
from tests.cast import password_of, user_of, who
from tests.factories import verbs
from tests.factories.findings import (
    WHY,
    again,
    amend,
    annex_now,
    found,
    in_days,
    moved,
    person_of,
)
from tests.governance.test_findings import CARD, MAY_JUDGE, answer, close, reopen
from tests.governance.test_races import at_once
from tests.governance.test_reviews import EVERYBODY, OK, expect
from tests.stage import Stage, review_again


def now_of(finding: Finding) -> tuple[str, date]:
    duty = duty_of(again(finding))
    return duty.owner.name, duty.due_on


class TestWho:
    @pytest.mark.parametrize("name", EVERYBODY)
    def test_by_role(self, ready: Stage, name: str) -> None:
        finding = found("ben", ready.version)

        expect(MAY_JUDGE[name], NotAllowed, lambda: moved(name, finding))

        told = AuditEvent.objects.filter(action=Action.FINDING_AMENDED.value).count()
        assert FindingAmendment.objects.count() == told == (MAY_JUDGE[name] == OK)

    def test_not_a_contributor_whatever_the_role(self, ready: Stage) -> None:
        finding = found("ben", ready.version)
        edit_card(caller=who("mira"), version=ready.version, content=CARD)

        with pytest.raises(NotAllowed, match=r"contributor to this version \(edited its card\)"):
            moved("mira", finding)

    def test_not_who_is_to_answer_it(self, ready: Stage) -> None:
        finding = found("ben", ready.version, owner=person_of("cleo"))

        with pytest.raises(NotAllowed, match="You own this finding"):
            moved("cleo", finding)

    def test_nobody_who_owned_it_amends_or_judges_it_afterwards(self, ready: Stage) -> None:
        finding = found("ben", ready.version, owner=person_of("cleo"))
        answer("cleo", finding)
        amend("ben", finding, owner=person_of("mira"))
        amend("ben", finding, owner=person_of("ada"))

        for name in ("cleo", "mira"):
            for act in (moved, close):
                with pytest.raises(NotAllowed, match="or owned it"):
                    act(name, finding)
        close("cora", finding)

    @pytest.mark.parametrize("scope", [s for s in Scope if s != Scope.SIGN])
    def test_a_token_needs_the_scope(self, ready: Stage, scope: Scope) -> None:
        finding = found("ben", ready.version)
        caller = verbs.with_scopes(who("ben"), scope.value)

        with pytest.raises(NotAllowed, match="This token may not amend"):
            amend("ben", finding, caller=caller, due_on=in_days(40))


class TestAmending:
    def test_keeps_who_when_from_to_and_why(self, ready: Stage) -> None:
        finding = found("ben", ready.version)
        before = bytes(finding.record)

        moved("ben", finding)
        row = amend("cleo", finding, owner=person_of("mira"))

        assert now_of(finding) == ("Mira", in_days(40))
        rows = list(again(finding).amendments.all())
        assert [(r.was_owner.name, r.owner.name) for r in rows] == [("Ada", "Ada"), ("Ada", "Mira")]
        days = [(r.was_due_on, r.due_on) for r in rows]
        assert days == [(in_days(30), in_days(40)), (in_days(40), in_days(40))]
        assert (row.person.name, row.text) == ("Cleo", WHY)
        assert (bytes(again(finding).record), again(finding).due_on) == (before, in_days(30))
        check_findings_of(ready)

    def test_the_log_says_who_and_from_what_to_what_and_no_word_of_it(self, ready: Stage) -> None:
        finding = found("ben", ready.version)
        row = amend("cleo", finding, owner=person_of("mira"), due_on=in_days(9))

        event = AuditEvent.objects.get(action=Action.FINDING_AMENDED.value)
        assert event.payload == {
            "finding": f"sha256:{finding.digest}",
            "version_digest": f"sha256:{ready.version.digest}",
            "amendment": f"sha256:{row.digest}",
            "was_owner": str(person_of("ada")),
            "was_due_on": in_days(30).isoformat(),
            "owner": str(person_of("mira")),
            "due_on": in_days(9).isoformat(),
        }
        assert WHY.encode() not in bytes(event.leaf)
        assert event.person_id == person_of("cleo")

    @pytest.mark.parametrize(
        ("wishes", "field"),
        [
            ({}, "owner"),
            ({"due_on": in_days(30)}, "owner"),
            ({"text": "  ", "due_on": in_days(3)}, "text"),
            ({"text": "x" * 4001, "due_on": in_days(3)}, "text"),
            ({"due_on": in_days(-1)}, "due_on"),
            ({"due_on": in_days(1828)}, "due_on"),
        ],
    )
    def test_names_the_field(self, ready: Stage, wishes: dict[str, Any], field: str) -> None:
        with pytest.raises(Invalid) as refusal:
            amend("ben", found("ben", ready.version), **wishes)

        assert refusal.value.field == field
        assert not FindingAmendment.objects.exists()

    @pytest.mark.parametrize("owner", ["carl", "dan", "root"])
    def test_the_new_owner_reads_the_evidence(self, ready: Stage, owner: str) -> None:
        with pytest.raises(Invalid, match="who reads the evidence") as refusal:
            amend("ben", found("ben", ready.version), owner=person_of(owner))

        assert refusal.value.field == "owner"

    def test_the_finding_of_one_who_has_left_gets_another_day_or_owner(self, ready: Stage) -> None:
        finding = found("ben", ready.version)
        deactivate_user(caller=who("root"), user=user_of("ada"))

        moved("ben", finding)
        amend("ben", finding, owner=person_of("mira"))

        assert now_of(finding) == ("Mira", in_days(40))

    def test_a_closed_one_is_reopened_first(self, ready: Stage) -> None:
        finding = found("ben", ready.version)
        close("ben", finding)

        with pytest.raises(Conflict, match="reopen it first"):
            moved("ben", finding)
        reopen("ben", finding)
        moved("ben", finding)

    def test_an_answer_stays_and_the_new_owner_may_answer_again(self, ready: Stage) -> None:
        finding = found("ben", ready.version)
        answer("ada", finding)

        amend("ben", finding, owner=person_of("cleo"))

        with pytest.raises(NotAllowed, match="Only the owner"):
            answer("ada", finding)
        answer("cleo", finding)


def check_findings_of(stage: Stage) -> None:
    """What the notary asks, but for that they block."""
    with pytest.raises(Conflict, match="are open"):
        check_findings(stage.version)


class TestTwoAtOnce:
    @pytest.mark.parametrize("revision", [None, 0, 2])
    def test_what_was_not_shown_is_not_changed(self, ready: Stage, revision: int | None) -> None:
        with pytest.raises(Outdated, match="load the finding again"):
            amend("ben", found("ben", ready.version), revision=revision, due_on=in_days(3))

    def test_the_second_is_refused_over_rest(self, ready: Stage) -> None:
        finding = found("ben", ready.version)
        client = Client()
        client.force_login(user_of("ben"))
        address = f"/api/v1/findings/{finding.pk}"
        tag = client.get(address)["ETag"]

        def ask(days: int, tag: str) -> Any:
            body = {"text": WHY, "due_on": in_days(days).isoformat()}
            sent: Any = {"content_type": "application/json", "headers": {"If-Match": tag}}
            return client.post(f"{address}/amendments", body, **sent)

        first, second = ask(40, tag), ask(50, tag)

        assert (first.status_code, second.status_code) == (201, 412)
        assert client.get(address).json()["due_on"] == in_days(40).isoformat()
        assert ask(50, first["ETag"]).status_code == 201
        shown = client.get(address).json()["amendments"]
        assert [row["due_on"] for row in shown] == [in_days(n).isoformat() for n in (40, 50)]

    def test_of_two_at_the_same_moment_one_is_refused(self, ready_copy: Stage) -> None:
        finding = found("ben", ready_copy.version)
        given: dict[str, Any] = {"finding": finding, "text": WHY, "revision": 1}
        acts = [
            partial(findings.amend_finding, **given, caller=who(name), due_on=in_days(days))
            for name, days in (("ben", 40), ("cleo", 50))
        ]

        results = at_once(*acts)

        assert sorted(type(result).__name__ for result in results) == [
            "FindingAmendment",
            "Outdated",
        ]
        assert FindingAmendment.objects.count() == 1


class TestWhatWaits:
    def test_goes_on_to_the_new_owner(self, ready: Stage) -> None:
        finding = found("ben", ready.version)
        waits: Callable[[str], list[Finding]] = lambda name: list(waiting_for(who(name)))  # noqa: E731

        amend("ben", finding, owner=person_of("mira"))

        assert (waits("ada"), waits("mira")) == ([], [finding])

    def test_a_reminder_goes_by_the_new_day_and_is_told_once_for_each(
        self, ready: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        finding = found("ben", ready.version, due_on=in_days(0))

        def remind(day: int) -> int:
            for module in (findings, selectors):
                monkeypatch.setattr(module, "today", lambda: in_days(day))
            return findings.remind_overdue()

        assert [remind(1), remind(1)] == [1, 0]
        moved("ben", finding, 5)
        assert [remind(2), remind(6), remind(6)] == [0, 1, 0]
        events = AuditEvent.objects.filter(action=Action.FINDING_OVERDUE.value).order_by("pk")
        assert [e.payload["due_on"] for e in events] == [in_days(n).isoformat() for n in (0, 5)]

    def test_what_is_overdue_goes_by_the_new_day(
        self, ready: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        finding = found("ben", ready.version, due_on=in_days(0))
        moved("ben", finding, 5)
        monkeypatch.setattr(selectors, "today", lambda: in_days(1))

        assert not is_overdue(again(finding))
        assert list(selectors.overdue_seen_by(who("mira"))) == []
        monkeypatch.setattr(selectors, "today", lambda: in_days(6))
        assert list(selectors.overdue_seen_by(who("mira"))) == [finding]

    def test_it_is_told_as_it_stood_at_a_moment(self, ready: Stage) -> None:
        finding = found("ben", ready.version)
        row = moved("ben", finding)
        moment = timedelta(microseconds=1)

        assert duty_of(again(finding), row.at - moment) == Duty(finding.owner, in_days(30))
        assert duty_of(again(finding), row.at).due_on == in_days(40)


class TestConditions:
    def test_who_signed_before_signs_again_what_holds_now(self, ready_copy: Stage) -> None:
        version = ready_copy.version
        review = submit(caller=who("ada"), version=version)
        finding = found("ben", version, effect="condition")
        verbs.put("ben", review, annex_digest=annex_now(version))
        row = moved("cleo", finding)
        verbs.put("cleo", review, annex_digest=annex_now(version))
        assert review_again(review).state == ReviewState.OPEN

        verbs.put("ben", review, annex_digest=annex_now(version))

        assert ready_copy.notary_round() == 1
        named = {
            "digest": f"sha256:{finding.digest}",
            "due_on": in_days(40).isoformat(),
            "amendment": f"sha256:{row.digest}",
        }
        assert conditions_named(Approval.objects.get(version=version)) == [named]

    def test_another_owner_is_signed_again_too(self, ready: Stage) -> None:
        finding = found("ben", ready.version, effect="condition")
        before = annex_now(ready.version)

        amend("ben", finding, owner=person_of("mira"))

        assert annex_now(ready.version) != before

    @pytest.fixture
    def signed(self, ready_copy: Stage) -> Finding:
        """A condition of an approval in force, due in 30 days."""
        version = ready_copy.version
        review = submit(caller=who("ada"), version=version)
        finding = found("ben", version, effect="condition")
        for name in ("ben", "cleo"):
            verbs.put(name, review, annex_digest=annex_now(version))
        assert ready_copy.notary_round() == 1
        return finding

    def test_no_later_day_than_the_one_of_an_approval_in_force(self, signed: Finding) -> None:
        assert day_signed(signed) == in_days(30)
        with pytest.raises(Conflict, match="signed with") as refusal:
            moved("ben", signed, 31)
        assert refusal.value.field == "due_on"

        moved("ben", signed, 10)
        moved("ben", signed, 30)
        amend("ben", signed, owner=person_of("mira"))

        assert now_of(signed) == ("Mira", in_days(30))
        named = conditions_named(Approval.objects.get(version=signed.version_id))
        assert [entry["due_on"] for entry in named] == [in_days(30).isoformat()]

    def test_a_later_day_once_the_approval_is_revoked(self, signed: Finding) -> None:
        revoke(
            caller=who("mira"),
            version=signed.version,
            reason="More time is needed.",
            password=password_of("mira"),
        )

        assert day_signed(signed) is None
        moved("ben", signed, 60)

    def test_the_database_refuses_it_past_the_program(
        self, signed: Finding, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(findings, "day_signed", lambda finding: None)

        with (
            pytest.raises(DatabaseError, match="signed with an earlier day"),
            transaction.atomic(),
        ):
            moved("ben", signed, 31)

    def test_what_blocks_may_get_more_time_beside_an_approval(self, signed: Finding) -> None:
        blocks = found("ben", signed.version)

        moved("ben", blocks, 60)

        assert day_signed(blocks) is None
