"""Emergency grants beside a revocation and beside each other, and who looks at one afterwards."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.utils import timezone

from common.errors import Conflict, DomainError, Invalid, NotAllowed
from governance.emergencies import kind
from governance.emergencies.selectors import in_force
from governance.emergencies.services import end_emergency, review_emergency
from governance.models import EmergencyGrant
from registry.models import VersionContributor
from tests.cast import user_of, who
from tests.factories.emergencies import allow, confirmed, grant_again, proposed, stop
from tests.factories.serving import until
from tests.governance.test_races import at_once
from tests.servers import Database
from tests.stage import Stage


def test_a_revocation_stops_the_version_under_every_alias(approved_copy: Stage) -> None:
    allow()
    confirmed(proposed(alias="fallback"))
    approved_copy.notary_round()
    assert in_force(timezone.now()).exists()

    stop(approved_copy)

    assert not in_force(timezone.now()).exists()


def test_no_contributor_says_that_the_emergency_of_his_version_was_justified(
    approved_copy: Stage,
) -> None:
    allow()
    stop(approved_copy)
    grant = confirmed(proposed())
    approved_copy.notary_round()
    end_emergency(caller=who("mira"), grant=grant_again(grant), reason="Over.")
    VersionContributor.objects.create(
        version=approved_copy.version, person=user_of("cora").person, reason="card"
    )

    with pytest.raises(NotAllowed, match="You are a contributor"):
        review_emergency(
            caller=who("cora"), grant=grant_again(grant), outcome="justified", reason="It was mine."
        )


def test_no_emergency_is_granted_under_a_reserved_alias(approved_copy: Stage) -> None:
    allow()
    with pytest.raises(Invalid, match="computed"):
        proposed(alias="latest")


def once_all_wait(database: Database, table: str, *acts: Callable[[], object]) -> list[object]:
    """Results of acts of which none can write to the table before each waits for a lock."""
    waits = "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"
    with ThreadPoolExecutor(1) as pool, database.connect("owner") as connection:
        with connection.transaction():
            connection.execute(f"LOCK TABLE {table} IN SHARE MODE".encode())
            running = pool.submit(at_once, *acts)
            until(lambda: database.rows(waits)[0][0] == len(acts) or running.done(), 60)
        return running.result()


class TestASecondGrantForAnAlias:
    """Whoever ends the one believes that nothing answers any more."""

    def test_is_not_confirmed_while_the_first_waits_for_the_notary(
        self, approved_copy: Stage
    ) -> None:
        allow()
        stop(approved_copy)
        first = confirmed(proposed())

        with pytest.raises(Conflict, match="end it first"):
            confirmed(proposed())

        end_emergency(caller=who("mira"), grant=grant_again(first), reason="It was the wrong one.")
        assert confirmed(proposed())

    def test_is_not_confirmed_at_the_same_moment(self, approved_copy: Stage) -> None:
        allow()
        stop(approved_copy)
        wishes = proposed("mira"), proposed("dan")

        results = once_all_wait(
            approved_copy.database,
            "governance_emergencygrant",
            lambda: confirmed(wishes[0], by="dan"),
            lambda: confirmed(wishes[1], by="mira"),
        )

        assert sorted(isinstance(one, DomainError) for one in results) == [False, True]
        assert EmergencyGrant.objects.count() == 1

    def test_is_not_signed_by_the_notary(
        self, approved_copy: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        allow()
        stop(approved_copy)
        monkeypatch.setattr(kind, "_require_unanswered", lambda *_: None)
        first, second = confirmed(proposed()), confirmed(proposed())
        approved_copy.notary_round()

        assert [grant.pk for grant in in_force(timezone.now())] == [first.pk]
        assert "in force already" in grant_again(second).end.reason
