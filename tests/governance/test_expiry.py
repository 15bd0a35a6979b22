"""An approval ends by its date: said beforehand, shown afterwards, renewed without a gap."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audit.actions import Action
from audit.models import AuditEvent
from common.errors import Conflict
from governance.approvals.expiry import end_expired, remind
from governance.approvals.releases import promote, retire, revoke
from governance.models import Approval, ReviewState, Revocation
from governance.selectors import deciding_approval
from governance.services import submit, withdraw
from registry.models import ModelVersion, Status
from tests.cast import password_of, user_of, who
from tests.factories import verbs
from tests.factories.damage import by_force
from tests.stage import Stage

ENDING = "/api/v1/approvals/ending"


def told(action: Action) -> list[dict[str, object]]:
    rows = list(AuditEvent.objects.filter(action=action.value).order_by("pk"))
    # By the model it is seen by the team that owns it.
    model = ModelVersion.objects.get().model_id
    assert all(f"model:{model}" in row.related for row in rows)
    return [row.payload for row in rows]


def ends_in(stage: Stage, days: float) -> Approval:
    """The approval was issued 170 days ago and ends in so many days."""
    now = timezone.now()
    by_force(
        stage.database,
        "governance_approval",
        "UPDATE governance_approval SET issued_at = %s, not_after = %s WHERE id = %s",
        now - timedelta(days=170),
        now + timedelta(days=days),
        stage.approval.pk,
    )
    return stage.approval


class TestTheEnd:
    def test_is_shown_and_told_once(self, approved: Stage) -> None:
        approval = approved.approval
        late = approval.not_after + timedelta(seconds=1)

        assert [end_expired(late), end_expired(late)] == [1, 0]

        assert approved.version.status == Status.EXPIRED
        (payload,) = told(Action.APPROVAL_EXPIRED)
        assert payload["approval"] == str(approval.pk)

    def test_is_not_shown_a_second_too_early(self, approved: Stage) -> None:
        assert end_expired(approved.approval.not_after - timedelta(seconds=1)) == 0
        assert approved.version.status == Status.APPROVED

    def test_says_nothing_of_a_revoked_approval(self, approved: Stage) -> None:
        revoke(
            caller=who("mira"),
            version=approved.version,
            reason="It is wrong.",
            password=password_of("mira"),
        )

        assert end_expired(approved.approval.not_after + timedelta(days=1)) == 0
        assert approved.version.status == Status.REVOKED

    def test_leaves_a_version_that_can_be_submitted_again(self, approved_copy: Stage) -> None:
        ends_in(approved_copy, -1)
        assert end_expired() == 1

        submit(caller=who("ada"), version=approved_copy.version)

        assert approved_copy.version.status == Status.IN_REVIEW


class TestTheReminder:
    @pytest.mark.parametrize(("days", "reminded"), [(31, 0), (29, 1), (0.01, 1), (-0.01, 0)])
    def test_comes_thirty_days_before(
        self, approved_copy: Stage, days: float, reminded: int
    ) -> None:
        ends_in(approved_copy, days)

        assert remind() == reminded
        assert len(told(Action.APPROVAL_ENDING)) == reminded

    def test_comes_once(self, approved_copy: Stage) -> None:
        approval = ends_in(approved_copy, 5)

        assert [remind(), remind()] == [1, 0]

        (payload,) = told(Action.APPROVAL_ENDING)
        assert payload["approval"] == str(approval.pk)

    def test_of_a_short_approval_comes_when_a_third_is_left(self, approved: Stage) -> None:
        approval = approved.approval
        span = approval.not_after - approval.issued_at

        assert span > timedelta(days=90), "the policy of this stage is a long one"
        assert remind(approval.not_after - timedelta(days=30, seconds=1)) == 0
        assert remind(approval.not_after - timedelta(days=29)) == 1


class TestARenewal:
    def test_is_refused_long_before_the_end_and_says_from_when_on(self, approved: Stage) -> None:
        due = approved.approval.not_after - timedelta(days=30)

        with pytest.raises(Conflict, match=f"for renewal from {due:%Y-%m-%d} on"):
            submit(caller=who("ada"), version=approved.version)

    def test_keeps_the_alias_movable_and_ends_in_a_longer_approval(
        self, approved_copy: Stage
    ) -> None:
        first = ends_in(approved_copy, 10)

        verbs.signed(approved_copy.version)
        promote(
            caller=who("mira"), version=approved_copy.version, alias="challenger", reason="Try it."
        )
        assert approved_copy.notary_round() == 1

        assert approved_copy.version.status == Status.APPROVED
        newest = Approval.objects.order_by("-issued_at").first()
        assert newest is not None
        assert newest.not_after > first.not_after
        assert remind() == 0

    def test_that_ends_sooner_than_what_it_renews_leaves_the_longer_one_deciding(
        self, approved_copy: Stage
    ) -> None:
        longer = ends_in(approved_copy, 10)
        verbs.signed(approved_copy.version)
        assert approved_copy.notary_round() == 1
        shorter = Approval.objects.exclude(pk=longer.pk).get()
        between = timezone.now() + timedelta(days=5)

        by_force(
            approved_copy.database,
            "governance_approval",
            "UPDATE governance_approval SET not_after = %s WHERE id = %s",
            between - timedelta(days=1),
            shorter.pk,
        )

        version = approved_copy.version
        assert deciding_approval(version, timezone.now()) == shorter
        assert deciding_approval(version, between) == longer
        assert deciding_approval(version, longer.not_after) == shorter

    @pytest.mark.parametrize("ending", ["reject", "request_changes", "withdraw"])
    def test_that_comes_to_nothing_leaves_the_approval_as_it_was(
        self, approved_copy: Stage, ending: str
    ) -> None:
        ends_in(approved_copy, 10)
        review = submit(caller=who("ada"), version=approved_copy.version)

        if ending == "withdraw":
            withdraw(caller=who("ada"), review=review)
        else:
            verbs.put("ben", review, decision=ending)

        assert approved_copy.version.status == Status.APPROVED

    def test_does_not_survive_a_revocation_which_ends_both_approvals(
        self, approved_copy: Stage
    ) -> None:
        ends_in(approved_copy, 10)
        verbs.signed(approved_copy.version)
        assert approved_copy.notary_round() == 1

        revoke(
            caller=who("mira"),
            version=approved_copy.version,
            reason="It is wrong.",
            password=password_of("mira"),
        )

        assert Revocation.objects.count() == Approval.objects.count() == 2
        assert len(told(Action.APPROVAL_REVOKED)) == 2

    def test_under_review_is_taken_back_by_a_revocation(self, approved_copy: Stage) -> None:
        ends_in(approved_copy, 10)
        review = verbs.signed(approved_copy.version)

        revoke(
            caller=who("mira"),
            version=approved_copy.version,
            reason="It is wrong.",
            password=password_of("mira"),
        )

        review.refresh_from_db()
        assert review.state == ReviewState.WITHDRAWN
        assert approved_copy.notary_round() == 0
        assert approved_copy.version.status == Status.REVOKED

    def test_retired_versions_keep_no_approval(self, approved_copy: Stage) -> None:
        ends_in(approved_copy, 10)
        verbs.signed(approved_copy.version)
        assert approved_copy.notary_round() == 1
        other = verbs.another(who("ada"), approved_copy.version.model, strength=2.0)
        verbs.make_ready(who("ada"), other, strength=2.0)
        verbs.signed(other)
        assert approved_copy.notary_round() == 1
        promote(caller=who("mira"), version=other, alias="champion", reason="It is better.")

        retire(caller=who("mira"), version=approved_copy.version, reason="It is old.")

        first = approved_copy.version
        assert not Approval.objects.filter(version=first, revocation=None).exists()


class TestTheList:
    @pytest.fixture
    def ending(self, approved_copy: Stage) -> Stage:
        ends_in(approved_copy, 10)
        return approved_copy

    def get(self, name: str, path: str) -> Any:
        client = Client()
        client.force_login(user_of(name))
        return client.get(path)

    def test_names_version_end_renewal_and_aliases(self, ending: Stage) -> None:
        reply = self.get("mira", ENDING)

        (row,) = reply.json()["results"]
        assert (row["model"], row["version"], row["aliases"]) == ("tumours", 1, ["champion"])
        assert row["renewable_from"] < row["not_after"]

    @pytest.mark.parametrize(("days", "rows"), [("9", 0), ("11", 1), ("366", 1)])
    def test_looks_as_far_ahead_as_asked(self, ending: Stage, days: str, rows: int) -> None:
        reply = self.get("ada", f"{ENDING}?days={days}")

        assert len(reply.json()["results"]) == rows

    @pytest.mark.parametrize("days", ["0", "-1", "367", "ten", "1e2", "٣"])
    def test_refuses_other_numbers(self, ending: Stage, days: str) -> None:
        reply = self.get("ada", f"{ENDING}?days={days}")

        assert (reply.status_code, reply.json()["field"]) == (422, "days")

    def test_is_empty_for_other_teams(self, ending: Stage) -> None:
        assert self.get("dan", ENDING).json()["results"] == []

    def test_stands_on_the_first_page(self, ending: Stage) -> None:
        page = self.get("mira", "/").content.decode()

        assert "Approvals that end soon" in page
        assert "/models/tumours/versions/1" in page
        assert "Approvals that end soon" not in self.get("dan", "/").content.decode()
