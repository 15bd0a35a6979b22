"""Emergency grants: the champion is revoked, and two managers let it answer for some hours."""

from collections.abc import Iterable, Iterator

import pytest

from accounts.models import Proposal
from accounts.proposals.services import confirm, propose
from governance.approvals.releases import revoke
from governance.models import EmergencyGrant
from governance.policy.documents import DEFAULTS
from tests.cast import give, password_of, the_team, who
from tests.factories.factors import enrol, proof_of
from tests.factories.policies import publish_policy
from tests.servers import Server
from tests.stage import MODEL, Play, Stage, copied, rolled_back

HOURS = 48


def allow(hours: int = HOURS, *, apps: Iterable[str] = ("mira", "dan")) -> None:
    """The team's policy allows grants of that length; Dan is a second manager, both have an app."""
    document = DEFAULTS["medium"].as_dict() | {"emergency_hours": hours}
    publish_policy(
        caller=who("mira"), name="brave", tier="medium", team=the_team(), document=document
    )
    give([("dan", "manager")])
    for name in apps:
        enrol(name)


def stop(stage: Stage) -> None:
    """The champion is revoked, so nothing answers."""
    revoke(caller=who("cora"), version=stage.version, reason="Wrong.", password=password_of("cora"))


def proposed(by: str = "mira", **wish: object) -> Proposal:
    """What Mira wants, unless somebody else wants something else."""
    wanted = {"model": MODEL, "version": 1, "alias": "champion", "hours": 4} | wish
    return propose(
        caller=who(by), kind="emergency", wish=wanted, reason="Loans wait.", **proof_of(by)
    )


def confirmed(proposal: Proposal, by: str = "dan") -> EmergencyGrant:
    """Dan confirms it."""
    confirm(caller=who(by), proposal=proposal, digest=f"sha256:{proposal.digest}", **proof_of(by))
    return EmergencyGrant.objects.get(proposal=proposal)


def grant_again(grant: EmergencyGrant) -> EmergencyGrant:
    """The grant, read anew."""
    return EmergencyGrant.objects.select_related(
        "version__model", "attestation", "end", "review", "proposal", "policy"
    ).get(pk=grant.pk)


@pytest.fixture(scope="module")
def granted_template(
    postgres: Server,
    backstage: Play,
    approved_template: Stage,
    tmp_path_factory: pytest.TempPathFactory,
) -> Stage:
    """A grant that the notary has signed, under the alias of the revoked champion."""
    stage = copied(postgres, approved_template, tmp_path_factory.mktemp("granted"))
    with backstage(stage):
        allow()
        stop(stage)
        confirmed(proposed())
        stage.notary_round()
    return stage


@pytest.fixture
def granted(backstage: Play, granted_template: Stage) -> Iterator[Stage]:
    """The same; whatever the test does is rolled back."""
    with rolled_back(backstage(granted_template)) as stage:
        yield stage
