"""Emergency grants beside a revocation, and who looks at one afterwards."""

import pytest
from django.utils import timezone

from common.errors import Invalid, NotAllowed
from governance.emergencies.selectors import in_force
from governance.emergencies.services import end_emergency, review_emergency
from registry.models import VersionContributor
from tests.cast import user_of, who
from tests.factories.emergencies import allow, confirmed, grant_again, proposed, stop
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
