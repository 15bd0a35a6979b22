"""Publishing approval policies: proposed by one person, confirmed by another.

A published revision is never changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from accounts.callers import Caller
from accounts.models import Proposal, Team, User
from accounts.proposals.kinds import Details, Draft, Thing
from accounts.proposals.wishes import only, text
from accounts.selectors import team_named
from audit.actions import Action
from audit.actors import SYSTEM, Actor
from audit.services import record
from common.decisions import Decision
from common.errors import Conflict, Invalid
from governance import policies
from governance.models import PolicyVersion
from governance.policy.changes import relaxes
from governance.policy.documents import DEFAULTS, Policy
from governance.selectors import newest_named, policy_in_force
from registry.models import RiskTier
from trust.canonical import canonical

_LOCK = 0x41535341_01


@dataclass(frozen=True)
class Revision:
    """A revision as it would be published."""

    name: str
    tier: str
    team: Team | None
    document: dict[str, Any]

    @property
    def body(self) -> bytes:
        """The canonical bytes whose SHA-256 is the policy's digest."""
        slug = self.team.slug if self.team else None
        return canonical(self.document | {"name": self.name, "tier": self.tier, "team": slug})

    @property
    def digest(self) -> str:
        """Of these bytes, in hex."""
        return sha256(self.body).hexdigest()


class PolicyRevision:
    """`{"name", "tier", "team": slug or null, "document": {…}}`: a revision to be published.

    It is in force for submissions from its confirmation on.
    """

    def may_propose(self, caller: Caller, team: UUID | None) -> Decision:
        """A team's managers; administrators for every team."""
        return policies.may_publish_policy(caller, team)

    def may_confirm(self, caller: Caller, team: UUID | None) -> Decision:
        """Those, and compliance of the team."""
        return policies.may_confirm_policy(caller, team)

    def draft(self, caller: Caller, wish: Mapping[str, Any]) -> Draft:
        """Raises NotAllowed, NotFound, Invalid naming the field, Conflict (nothing changed)."""
        only(wish, "name", "tier", "team", "document")
        slug = wish["team"]
        team = team_named(caller, text(wish, "team")) if slug not in (None, "") else None
        policies.may_publish_policy(caller, team.pk if team else None).enforce()
        revision = _read(wish, team)
        newest = newest_named(revision.name, team)
        if newest and newest.digest == revision.digest:
            raise Conflict("The newest revision says this already; nothing was published.")
        return Draft(
            {
                "name": revision.name,
                "tier": revision.tier,
                "team": str(team.pk) if team else None,
                "document": revision.document,
                "digest": f"sha256:{revision.digest}",
            },
            team,
        )

    def before(self, details: Details) -> Details:
        """The revision that it replaces, and the newest one of its name."""
        team = Team.objects.get(pk=details["team"]) if details["team"] else None
        in_force = policy_in_force(details["tier"], team)
        newest = newest_named(details["name"], team)
        return {
            "in_force": f"sha256:{in_force.digest}" if in_force else None,
            "newest": f"sha256:{newest.digest}" if newest else None,
            "revision": newest.revision if newest else 0,
        }

    def related(self, details: Details) -> list[Thing]:
        """The team, which a proposal's event names already."""
        return []

    def execute(self, proposal: Proposal, details: Details, caller: Caller) -> None:
        """Publish it."""
        document = Policy.read(details["document"]).as_dict()
        revision = Revision(details["name"], details["tier"], proposal.team, document)
        if f"sha256:{revision.digest}" != details["digest"]:
            raise Conflict("The name of the team has changed since; propose it again.")
        _publish(revision, actor=caller.actor, by=caller.user, proposal=proposal)


def _read(wish: Mapping[str, Any], team: Team | None) -> Revision:
    document = wish["document"]
    if not isinstance(document, Mapping):
        raise Invalid("This must be an object.", field="document")
    if wish["tier"] not in RiskTier.values:
        raise Invalid("The tier is low, medium or high.", field="tier")
    revision = Revision(text(wish, "name"), wish["tier"], team, Policy.read(document).as_dict())
    try:
        PolicyVersion(name=revision.name, revision=1, tier=revision.tier).clean_fields(
            exclude=["body", "digest", "document", "published_by", "team", "proposal"]
        )
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise Invalid(messages[0], field=field) from None
    return revision


@transaction.atomic
def publish_defaults() -> list[PolicyVersion]:
    """Publish the three policies that every instance starts with, where none is published."""
    return [
        _publish(Revision(tier, tier, None, policy.as_dict()), actor=SYSTEM, by=None, proposal=None)
        for tier, policy in DEFAULTS.items()
        if not PolicyVersion.objects.filter(tier=tier, team=None).exists()
    ]


def _publish(
    revision: Revision, *, actor: Actor, by: User | None, proposal: Proposal | None
) -> PolicyVersion:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    newest = newest_named(revision.name, revision.team)
    replaced = policy_in_force(revision.tier, revision.team)
    row = PolicyVersion.objects.create(
        name=revision.name,
        tier=revision.tier,
        team=revision.team,
        revision=(newest.revision if newest else 0) + 1,
        document=revision.document,
        body=revision.body,
        digest=revision.digest,
        published_by=by,
        proposal=proposal,
    )
    payload: dict[str, Any] = {
        "name": row.name,
        "revision": row.revision,
        "digest": f"sha256:{row.digest}",
    }
    related: list[Thing] = [("team", revision.team.pk)] if revision.team else []
    if proposal:
        payload["proposal"] = f"sha256:{proposal.digest}"
        payload["relaxes"] = relaxes(replaced.document if replaced else None, row.document)
        related.append(("proposal", proposal.pk))
    record(
        actor=actor,
        action=Action.POLICY_PUBLISHED,
        subject=("policy", row.pk),
        payload=payload,
        related=related,
    )
    return row


POLICY = PolicyRevision()
