"""Deletions that somebody would like to have sooner than they may be had."""

import pytest
from django.db import DatabaseError, transaction

from accounts.models import Proposal
from accounts.proposals.services import propose
from common.errors import Conflict
from governance.approvals.releases import retire
from governance.emergencies.services import review_emergency
from governance.models import EmergencyGrant
from registry.models import Tombstone
from tests.cast import who
from tests.factories import emergencies
from tests.factories.factors import proof_of
from tests.retention.deleting import confirmed, rule
from tests.stage import MODEL, Stage


def _answered_in_an_emergency(stage: Stage) -> EmergencyGrant:
    """A version that was never approved, and is retired now."""
    emergencies.allow()
    grant = emergencies.confirmed(emergencies.proposed())
    stage.notary_round()
    retire(caller=who("mira"), version=stage.version, reason="The night is over.")
    return grant


def _reviewed(grant: EmergencyGrant) -> None:
    said = {"outcome": "justified", "reason": "Loans waited."}
    review_emergency(caller=who("cora"), grant=grant, **said)


def _proposed() -> Proposal:
    """By Mira, who has an app since she granted the emergency."""
    wish = {"model": MODEL, "version": 1, "attachments": False}
    said = {"wish": wish, "reason": "Nobody shall see it.", **proof_of("mira")}
    return propose(caller=who("mira"), kind="deletion", **said)


class TestWhatAnsweredInAnEmergency:
    def test_is_kept_as_long_as_what_was_approved(self, ready_copy: Stage) -> None:
        rule("unapproved", 0)
        _reviewed(_answered_in_an_emergency(ready_copy))
        with pytest.raises(Conflict, match="for ever"):
            _proposed()
        rule("approved", 0)
        confirmed(_proposed())
        assert Tombstone.objects.exists()

    def test_is_kept_until_a_third_person_has_reviewed_it(self, ready_copy: Stage) -> None:
        rule("approved", 0)
        rule("unapproved", 0)
        _answered_in_an_emergency(ready_copy)
        with pytest.raises(Conflict, match="nobody has reviewed"):
            _proposed()

    @pytest.mark.parametrize(
        ("reviewed", "said"), [(True, "rules of retention"), (False, "reviewed its emergency")]
    )
    def test_is_kept_past_the_program_too(
        self, ready_copy: Stage, monkeypatch: pytest.MonkeyPatch, reviewed: bool, said: str
    ) -> None:
        rule("unapproved", 0)
        grant = _answered_in_an_emergency(ready_copy)
        if reviewed:
            _reviewed(grant)
        else:
            rule("approved", 0)
        monkeypatch.setattr("compliance.retention.deletion.why_kept", lambda *a, **k: "")
        waiting = _proposed()
        with pytest.raises(DatabaseError, match=said), transaction.atomic():
            confirmed(waiting)
