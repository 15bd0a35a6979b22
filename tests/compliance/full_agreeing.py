"""Rows of what takes two persons: proposals of every fate, accounts, emergency grants."""

from itertools import chain
from typing import Any

from django.test import override_settings

from accounts.models import Identity, Proposal
from accounts.oidc.identities import end_identity
from accounts.proposals.services import (
    ask_to_confirm,
    ask_to_propose,
    confirm,
    decline,
    propose,
    take_back,
)
from accounts.ways_in.coming_in import set_password_by_halves
from accounts.ways_in.services import end_way_in, take_half
from governance.approvals.releases import promote
from governance.approvals.staleness import find_stale
from governance.emergencies.services import end_emergencies, end_emergency, review_emergency
from governance.models import EmergencyGrant
from registry.models import ModelVersion
from registry.services import edit_card
from tests.compliance.world import LENIENT, PASSWORD, World, password_of
from tests.factories.agreeing import agree, published
from tests.factories.factors import code_of, enrol_caller
from tests.factories.passkeys import Device, answer, keep

HOURS = {"emergency_hours": 48}
# An app has two codes at once, so each grants twice.
PAIRS = (("fay", "gus"), ("hal", "ida"))


def agree_on_things(world: World) -> None:
    """Proposals, accounts, and grants: ended, taken over, in force with an answer, refused."""
    _proposals(world)
    _proved(world)
    _accounts(world)
    _ways_in(world)
    for name in chain.from_iterable(PAIRS):
        world.join(name, name.title(), world.team, "manager")
        enrol_caller(world.caller(name), PASSWORD)
    _allow(world)
    stopped, taken_over = (_granted(world, name, *PAIRS[0]) for name in ("trains", "trucks"))
    world.notary.work()
    end_emergency(caller=world.caller("fay"), grant=stopped, reason="The old one runs again.")
    world.approve(taken_over.version)
    promote(
        caller=world.caller("cleo"),
        version=taken_over.version,
        alias="champion",
        reason="It was approved.",
    )
    assert end_emergencies() == 1
    for grant, by, outcome in (
        (stopped, "dora", "justified"),
        (taken_over, "hal", "not_justified"),
    ):
        again = EmergencyGrant.objects.get(pk=grant.pk)
        reason = f"I looked at it: {outcome}."
        review_emergency(caller=world.caller(by), grant=again, outcome=outcome, reason=reason)
    answering = _granted(world, "planes", *PAIRS[1])
    world.notary.work()
    world.predict_under(answering)
    refused = _granted(world, "rockets", *PAIRS[1])
    _allow(world, validity_days=20)
    world.notary.work()
    assert EmergencyGrant.objects.get(pk=refused.pk).end.cause == "refused"


def become_stale(world: World) -> None:
    """One by a newer card, one by a newer policy."""
    world.publish(by="cleo", name="fresh", document=LENIENT | {"stale_grace_s": 1000})
    kites, sails = (_approved(world, name) for name in ("kites", "sails"))
    edit_card(caller=world.caller("ada"), version=kites, content={"contact": "Another desk"})
    assert find_stale() == 1
    world.publish(by="cleo", name="lenient", document=LENIENT)
    assert find_stale() == 1
    assert sails.approvals.get().staleness.because == "policy"


def _approved(world: World, name: str) -> ModelVersion:
    version = world.version(world.model(name), name.encode())
    assert world.approve(version).state == "approved"
    return version


def _allow(world: World, **more: int) -> None:
    """Confirmed by somebody without an app, whose codes nobody waits for."""
    published(
        caller=world.caller("cleo"),
        confirmer=world.caller("dora"),
        name="brave",
        tier="low",
        team=world.team,
        document=LENIENT | HOURS | more,
        password=password_of,
    )


def _granted(world: World, name: str, proposer: str, confirmer: str) -> EmergencyGrant:
    version = world.version(world.model(name), name.encode())
    proposal = propose(
        caller=world.caller(proposer),
        kind="emergency",
        wish={"model": name, "version": version.number, "alias": "champion", "hours": 4},
        reason=f"{name.title()} wait.",
        password=PASSWORD,
        code=code_of(proposer),
    )
    confirm(
        caller=world.caller(confirmer),
        proposal=proposal,
        digest=f"sha256:{proposal.digest}",
        password=PASSWORD,
        code=code_of(confirmer),
    )
    return EmergencyGrant.objects.get(proposal=proposal)


def _proposals(world: World) -> None:
    """Open, declined and withdrawn."""
    _wished(world, "ben", "manager")
    decline(caller=world.otto, proposal=_wished(world, "ada", "manager"), reason="Too early.")
    take_back(caller=world.root, proposal=_wished(world, "emil", "reviewer"))


def _proved(world: World) -> None:
    """A role that one person proposed and another confirmed, each by a passkey."""
    mine, yours = Device("EdDSA"), Device("EdDSA")
    keep(world.root, PASSWORD, mine, "root's")
    keep(world.otto, PASSWORD, yours, "otto's")
    wish = {"team": world.team.slug, "grants": [{"username": "emil", "role": "reviewer"}]}
    words: dict[str, Any] = {"caller": world.root, "kind": "roles", "wish": wish, "reason": "Help."}
    proposal = propose(**words, passkey=answer(mine, ask_to_propose(**words)))
    shown: dict[str, Any] = {
        "caller": world.otto,
        "proposal": proposal,
        "digest": f"sha256:{proposal.digest}",
    }
    confirm(**shown, passkey=answer(yours, ask_to_confirm(**shown)))


def _wished(world: World, username: str, role: str) -> Proposal:
    return propose(
        caller=world.root,
        kind="roles",
        wish={"team": world.team.slug, "grants": [{"username": username, "role": role}]},
        reason=f"For {username}.",
        password=PASSWORD,
    )


def _accounts(world: World) -> None:
    """Three accounts open logins; one of them is ended, and opens another login then."""
    with override_settings(OIDC_ISSUER="https://id.test", OIDC_CLIENT_ID="assay"):
        for name in ("ben", "cleo", "dora"):
            _bind(world, name, f"{name}-at-work")
        end_identity(caller=world.root, identity=Identity.objects.get(subject="ben-at-work"))
        _bind(world, "emil", "ben-at-work")


def _ways_in(world: World) -> None:
    """One by which Kim came in, one that was ended."""
    world.join("kim", "Kim Low", world.team, "consumer")
    both = (world.caller("root"), world.caller("otto"))
    for name in ("kim", "ada"):
        wish = {"username": name}
        proposal = agree(
            "password", wish, proposer=both[0], confirmer=both[1], password=password_of
        )
        first, second = (
            take_half(caller=one, proposal=proposal, password=PASSWORD) for one in both
        )
        if name == "kim":
            new = "a wholly new secret of hers"
            set_password_by_halves(login=name, first=first, second=second, password=new)
        else:
            end_way_in(caller=both[0], proposal=proposal)


def _bind(world: World, name: str, subject: str) -> None:
    agree(
        "identity",
        {"username": name, "subject": subject},
        proposer=world.root,
        confirmer=world.otto,
        password=password_of,
    )
