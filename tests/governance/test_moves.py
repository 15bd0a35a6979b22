"""A move of an alias is tried before, and its consumers are told of what changed for them."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from common.errors import Invalid, NotAllowed
from governance.approvals.moves import MOST_TOLD, TOLD_FOR, changes_told_to, outlook
from registry.models import Alias, AliasMove
from tests.cast import user_of, who
from tests.factories import verbs
from tests.governance.test_releases import OTHER_CLASSES, move, sibling
from tests.stage import Stage


class TestTheOutlook:
    def test_changes_nothing(self, approved: Stage) -> None:
        before = AliasMove.objects.count(), AuditEvent.objects.count()

        found = outlook(caller=who("mira"), version=approved.version, alias="challenger")

        assert (found.possible, found.reason, found.differences) == (True, "", [])
        assert found.consumers == ["Carl"]
        assert (AliasMove.objects.count(), AuditEvent.objects.count()) == before
        assert not Alias.objects.filter(name="challenger").exists()

    def test_says_why_not_as_the_move_would(self, approved: Stage) -> None:
        draft = verbs.another(who("ada"), approved.version.model, strength=2.0)

        for version, reason in ((draft, "has no approval"), (approved.version, "already")):
            found = outlook(caller=who("mira"), version=version, alias="champion")
            assert not found.possible
            assert reason in found.reason

    def test_says_what_callers_would_notice(self, approved_copy: Stage) -> None:
        found = outlook(
            caller=who("mira"),
            version=sibling(approved_copy, signature=OTHER_CLASSES),
            alias="champion",
        )

        assert found.possible
        assert found.differences[0].startswith("The classes are")

    def test_is_for_who_may_move_it_and_names_a_wrong_alias(self, approved: Stage) -> None:
        with pytest.raises(NotAllowed):
            outlook(caller=who("ada"), version=approved.version, alias="challenger")
        with pytest.raises(Invalid, match="computed"):
            outlook(caller=who("mira"), version=approved.version, alias="latest")

    def test_is_given_over_the_api(self, approved: Stage) -> None:
        client = Client()
        client.force_login(user_of("mira"))

        found = client.get("/api/v1/models/tumours/aliases/champion/outlook/1").json()

        assert not found["possible"]
        assert "points at tumours v1 already" in found["reason"]


class TestBeingTold:
    @pytest.fixture
    def moved(self, approved_copy: Stage) -> AliasMove:
        return move(sibling(approved_copy, signature=OTHER_CLASSES), accept_schema_change=True)

    def test_is_for_consumers_of_the_team_for_thirty_days(self, moved: AliasMove) -> None:
        now = timezone.now()

        (change,) = changes_told_to(who("carl"), now)

        assert change.move == moved
        assert change.differences[0].startswith("The classes are")
        assert changes_told_to(who("carl"), now + TOLD_FOR + timedelta(minutes=1)) == []
        assert changes_told_to(who("dan"), now) == changes_told_to(who("mira"), now) == []

    def test_happens_on_the_first_page_and_over_the_api(self, moved: AliasMove) -> None:
        client = Client()
        client.force_login(user_of("carl"))

        assert "The classes are" in client.get("/").content.decode()
        (told,) = client.get("/api/v1/changes").json()
        assert (told["alias"], told["from_version"], told["to_version"]) == ("champion", 1, 2)

    def test_is_not_of_a_move_that_changes_nothing_for_callers(self, approved_copy: Stage) -> None:
        move(sibling(approved_copy))

        assert changes_told_to(who("carl"), timezone.now()) == []

    def test_costs_no_more_than_what_is_told(
        self, approved: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = approved.version
        two = verbs.another(who("ada"), one.model, strength=2.0, signature=OTHER_CLASSES)
        AliasMove.objects.bulk_create(
            AliasMove(
                model=one.model,
                alias="champion",
                from_version=(one, two)[n % 2],
                to_version=(two, one)[n % 2],
                approval_id=approved.approval.pk,
                reason="x",
                by=user_of("mira"),
            )
            for n in range(200)
        )
        read: list[object] = []

        def differences(*pair: object) -> list[str]:
            read.append(pair)
            return ["They differ."]

        monkeypatch.setattr("governance.approvals.moves.schema_differences", differences)

        assert len(changes_told_to(who("carl"), timezone.now())) == len(read) == MOST_TOLD
