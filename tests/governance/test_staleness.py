"""A newer card or policy makes an approval stale: said, served on for the signed grace, renewed."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.test import Client
from django.utils import timezone

from audit.actions import Action
from audit.models import AuditEvent
from common.errors import Conflict
from governance.approvals.answering import Answering, answers_of
from governance.approvals.releases import promote
from governance.approvals.staleness import find_stale
from governance.models import Revocation, Staleness
from governance.policy.documents import DEFAULTS
from governance.selectors import deciding_approval
from governance.services import submit
from governance.waivers.services import withdraw_waiver
from inference.predicting import NotApproved, predict
from inference.segments import SegmentWriter
from registry.models import Status
from registry.services import edit_card
from tests.cast import the_team, user_of, who
from tests.factories import serving, tiny, verbs
from tests.factories.damage import approved_statement
from tests.factories.policies import publish_policy
from tests.factories.waivers import give, strict_policy
from tests.stage import Stage

GRACE = timedelta(days=2)
CARD = tiny.CARD | {"caveats": "A typo is corrected."}
ENDING = "/api/v1/approvals/ending"


def publish(**more: Any) -> None:
    document = DEFAULTS["medium"].as_dict() | {"stale_grace_s": int(GRACE.total_seconds())} | more
    publish_policy(
        caller=who("mira"), name="fresh", tier="medium", team=the_team(), document=document
    )


@pytest.fixture
def graced(ready_copy: Stage) -> Stage:
    """An approved champion whose policy says how long it is served when stale."""
    publish()
    approve(ready_copy)
    promote(caller=who("mira"), version=ready_copy.version, alias="champion", reason="First.")
    return ready_copy


def approve(stage: Stage) -> None:
    verbs.signed(stage.version)
    assert stage.notary_round() == 1


def new_card(stage: Stage) -> None:
    edit_card(caller=who("ada"), version=stage.version, content=CARD)


def state(stage: Stage, now: datetime) -> Answering:
    (answer,) = answers_of([stage.version.model], now=now)[stage.version.model_id]
    return answer.state


class TestBecomingStale:
    @pytest.mark.parametrize(
        ("change", "because"),
        [(new_card, "card"), (lambda _stage: publish(validity_days=90), "policy")],
        ids=["card", "policy"],
    )
    def test_is_noticed_once_and_told(self, graced: Stage, change: Any, because: str) -> None:
        assert find_stale() == 0

        change(graced)

        assert [find_stale(), find_stale()] == [1, 0]
        stale = Staleness.objects.get()
        assert stale.because == because
        assert stale.until - stale.since == GRACE
        event = AuditEvent.objects.get(action=Action.APPROVAL_STALE.value)
        assert event.payload["because"] == because
        assert f"model:{graced.version.model_id}" in event.related

    def test_is_for_approvals_that_state_a_grace(self, approved: Stage) -> None:
        new_card(approved)

        assert find_stale() == 0
        assert "stale_grace_s" not in approved_statement(bytes(approved.approval.envelope))

    def test_the_grace_is_signed(self, graced: Stage) -> None:
        predicate = approved_statement(bytes(graced.approval.envelope))["predicate"]

        assert predicate["stale_grace_s"] == GRACE.total_seconds()

    def test_is_never_taken_back(self, graced: Stage) -> None:
        new_card(graced)
        find_stale()

        with (
            graced.database.connect("app") as link,
            pytest.raises((psycopg.errors.RestrictViolation, psycopg.errors.InsufficientPrivilege)),
        ):
            link.execute("UPDATE governance_staleness SET since = since + interval '1 year'")


class TestTheGrace:
    def test_ends_the_service_and_not_before(self, graced: Stage, tmp_path: Path) -> None:
        new_card(graced)
        find_stale()
        since = Staleness.objects.get().since

        for over, expected in ((timedelta(seconds=-1), Answering.LIVE), (GRACE, Answering.STALE)):
            assert state(graced, since + over) == expected
        with serving.follower() as made:
            serving.answer(made, "carl", tmp_path / "segments")
            old = {key: moment - GRACE for key, moment in made.table.stale.items()}
            assert old.keys() == {str(graced.approval.pk)}
            object.__setattr__(made.table, "stale", old)
            with pytest.raises(NotApproved, match="stale, and the grace that it states is over"):
                predict(
                    made.table,
                    serving.asked(made.table.users[user_of("carl").pk]),
                    tiny.request(),
                    silence_s=0.0,
                    writer=SegmentWriter(tmp_path / "segments", sync_ms=10),
                )

    def test_once_over_lets_nothing_load_and_no_alias_move(self, graced: Stage) -> None:
        new_card(graced)
        find_stale()
        late = Staleness.objects.get().since + GRACE

        with pytest.raises(Exception, match="the grace that it states is over"):
            serving.loaded(now=late)

    def test_is_for_renewing_without_a_gap(self, graced: Stage) -> None:
        first = graced.approval
        with pytest.raises(Conflict, match="approved already"):
            submit(caller=who("ada"), version=graced.version)
        new_card(graced)
        find_stale()
        assert state(graced, timezone.now()) == Answering.LIVE

        approve(graced)

        now = deciding_approval(graced.version, timezone.now())
        assert now is not None
        assert now.pk != first.pk
        assert not hasattr(now, "staleness")
        assert find_stale() == 0
        assert state(graced, now.issued_at + GRACE + GRACE) == Answering.LIVE

    def test_is_listed_with_what_ends_soon(self, graced: Stage) -> None:
        new_card(graced)
        find_stale()
        client = Client()
        client.force_login(user_of("mira"))

        (row,) = client.get(ENDING).json()["results"]

        assert row["approval"] == str(graced.approval.pk)
        assert row["stale_since"] < row["served_until"]
        page = client.get("/models/tumours/versions/1").content.decode()
        assert "This approval is stale." in page
        assert re.search(r'<span class="badge warn big">.*?Stale</span>', page, re.DOTALL)
        (answer,) = client.get("/api/v1/models/tumours/aliases").json()
        assert (answer["served"], answer["stale_until"]) == (True, row["served_until"])
        assert "The model card has a newer revision." in page
        assert "Approvals that end soon" in client.get("/").content.decode()


class TestAWaiver:
    def test_that_is_withdrawn_ends_the_approval_that_rests_on_it(self, ready_copy: Stage) -> None:
        strict_policy()
        waiver = give("ben", ready_copy.version)
        approve(ready_copy)

        withdraw_waiver(caller=who("ben"), waiver=waiver, reason="It screens no more.")

        revocation = Revocation.objects.get()
        assert revocation.approval_id == ready_copy.approval.pk
        assert "A waiver that it rests on was withdrawn. It screens no more." in revocation.reason
        assert ready_copy.version.status == Status.REVOKED
        assert AuditEvent.objects.filter(action=Action.APPROVAL_REVOKED.value).count() == 1

    def test_that_carries_no_approval_ends_none(self, ready_copy: Stage) -> None:
        strict_policy()
        waiver = give("ben", ready_copy.version)

        withdraw_waiver(caller=who("ben"), waiver=waiver, reason="Too early.")

        assert not Revocation.objects.exists()
