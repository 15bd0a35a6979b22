"""Publishing approval policies; a published revision is never changed."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Max

from accounts.callers import Caller
from accounts.models import Team, User
from audit.actions import Action
from audit.actors import SYSTEM, Actor
from audit.services import record
from common.errors import Conflict, Invalid
from governance import policies
from governance.documents import DEFAULTS, Policy
from governance.models import PolicyVersion
from registry.models import RiskTier
from trust.canonical import canonical

_LOCK = 0x41535341_01


@transaction.atomic
def publish_policy(
    *, caller: Caller, name: str, tier: str, team: Team | None, document: Mapping[str, Any]
) -> PolicyVersion:
    """Publish a revision; it is in force for submissions from now on.

    Raises NotAllowed, Invalid naming the field, Conflict (nothing changed).
    """
    policies.may_publish_policy(caller, team.pk if team else None).enforce()
    if tier not in RiskTier.values:
        raise Invalid("The tier is low, medium or high.", field="tier")
    return _publish(
        actor=caller.actor, by=caller.user, name=name, tier=tier, team=team, document=document
    )


@transaction.atomic
def publish_defaults() -> list[PolicyVersion]:
    """Publish the three policies that every instance starts with, where none is published."""
    return [
        _publish(actor=SYSTEM, by=None, name=tier, tier=tier, team=None, document=policy.as_dict())
        for tier, policy in DEFAULTS.items()
        if not PolicyVersion.objects.filter(tier=tier, team=None).exists()
    ]


def _publish(
    *,
    actor: Actor,
    by: User | None,
    name: str,
    tier: str,
    team: Team | None,
    document: Mapping[str, Any],
) -> PolicyVersion:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    policy = Policy.read(document).as_dict()
    rows = PolicyVersion.objects.filter(name=name, team=team)
    newest = rows.order_by("-revision").first()
    if newest and newest.document == policy and newest.tier == tier:
        raise Conflict("The newest revision says this already; nothing was published.")
    body = canonical(policy | {"name": name, "tier": tier, "team": team.slug if team else None})
    row = PolicyVersion(
        name=name,
        tier=tier,
        team=team,
        revision=(rows.aggregate(last=Max("revision"))["last"] or 0) + 1,
        document=policy,
        body=body,
        digest=sha256(body).hexdigest(),
        published_by=by,
    )
    try:
        row.clean_fields(exclude=["body", "published_by", "team"])
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise Invalid(messages[0], field=field) from None
    row.save()
    record(
        actor=actor,
        action=Action.POLICY_PUBLISHED,
        subject=("policy", row.pk),
        payload={"name": name, "revision": row.revision, "digest": f"sha256:{row.digest}"},
        related=[("team", team.pk)] if team else [],
    )
    return row
