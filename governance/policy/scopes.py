"""What a submission asks to be approved for: read from the wishes of a person, kept by a policy."""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.models import ApiToken, Membership, Person, Team
from accounts.selectors import logins_named, persons_named
from common.errors import Conflict, Invalid
from governance.policy.documents import Policy
from governance.selectors import policy_for
from registry.models import ModelVersion, RegisteredModel
from trust.errors import Malformed
from trust.scope import (
    EVERY,
    KINDS_OF_CONSUMERS,
    UNBOUNDED,
    WHOLE,
    read_scope,
    wrong_with_scope,
)

MOST_NAMES = 50
LONGEST_PURPOSE = 1000
SCOPE_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_PARTS = ("aliases", "environments", "consumers", "purpose", "traffic_share")


def default_scope(policy: Policy, *, elsewhere: bool = False) -> dict[str, Any]:
    """What a submission asks for that names nothing: all that the policy lets it ask for.

    For use `elsewhere` there is no alias, and so no share of its calls.
    """
    bounds = policy.scope
    scope: dict[str, Any] = {"aliases": [] if elsewhere else sorted(bounds.aliases or (EVERY,))}
    if bounds.environments is not None:
        scope["environments"] = sorted(bounds.environments)
    if bounds.traffic_share is not None and not elsewhere:
        scope["traffic_share"] = bounds.traffic_share
    return scope


def offered_scope(version: ModelVersion) -> dict[str, Any]:
    """The default under the policy in force; empty where there is none."""
    try:
        policy = Policy.read(policy_for(version.model).document)
        return default_scope(policy, elsewhere=not version.servable)
    except Conflict:
        return {}


def scope_of(wishes: Mapping[str, Any], *, policy: Policy, version: ModelVersion) -> dict[str, Any]:
    """The scope for the statement, with ids in the place of names. Raises Invalid.

    `wishes` may hold `aliases`, `environments` (lists of names), `consumers` (`team:SLUG`,
    `person:LOGIN`, `token:ID`), `purpose` and `traffic_share` (percent); what is left out is as
    the policy has it.
    """
    for name in sorted(set(wishes) - set(_PARTS)):
        raise Invalid("A scope has no such field.", field=f"scope.{name}")
    scope, model = default_scope(policy, elsewhere=not version.servable), version.model
    if wishes.get("aliases") and not version.servable:
        raise Invalid(
            "What is used elsewhere answers under no alias; leave them out.", field="scope.aliases"
        )
    for part in ("aliases", "environments"):
        if wishes.get(part):
            scope[part] = _names(wishes[part], part)
    if wishes.get("consumers"):
        wanted = _texts(wishes["consumers"], "consumers")
        scope["consumers"] = sorted({_consumer(text, model) for text in wanted})
    if wishes.get("purpose"):
        scope["purpose"] = _purpose(wishes["purpose"])
    if wishes.get("traffic_share") is not None:
        scope["traffic_share"] = _share(wishes["traffic_share"])
    for part, why in wrong_with_scope(read_scope(scope), policy.scope):
        raise Invalid(why, field=f"scope.{part}")
    return scope


def require_within(scope: Mapping[str, Any], policy: Policy, *, elsewhere: bool) -> None:
    """Refuse a statement whose scope the policy does not allow. Raises Conflict."""
    try:
        read = read_scope(dict(scope))
        problems = list(wrong_with_scope(read, policy.scope))
    except Malformed as error:
        raise Conflict(f"The scope of this review cannot be read: {error}.") from None
    for _part, why in problems:
        raise Conflict(why)
    if read.is_for_no_alias != elsewhere:
        raise Conflict("What is used elsewhere is approved for no alias, and nothing else is.")


def scope_shown(scope: Mapping[str, Any]) -> dict[str, Any]:
    """A scope for people: `consumers` as kind and name, by at most three queries."""
    read = read_scope(dict(scope))
    return {
        "aliases": sorted(read.aliases or ()),
        "environments": sorted(read.environments or ()),
        "consumers": _named(sorted(read.consumers or ())),
        "purpose": read.purpose,
        "traffic_share": read.traffic_share,
        "is_bounded": read != UNBOUNDED,
        "is_elsewhere": read.is_for_no_alias,
    }


def _texts(value: object, part: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Invalid("This must be a list of names.", field=f"scope.{part}")
    if len(value) > MOST_NAMES:
        raise Invalid(f"Name at most {MOST_NAMES}.", field=f"scope.{part}")
    return value


def _names(value: object, part: str) -> list[str]:
    names = sorted(set(_texts(value, part)))
    if names == [EVERY] and part == "aliases":
        return names
    for name in names:
        if not SCOPE_NAME.fullmatch(name):
            raise Invalid(
                f"{name!r} is no name: 1 to 64 letters, digits, hyphens and underscores.",
                field=f"scope.{part}",
            )
    return names


def _purpose(value: object) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text or "\x00" in text or len(text) > LONGEST_PURPOSE:
        raise Invalid(
            f"The purpose is a text of 1 to {LONGEST_PURPOSE} characters.", field="scope.purpose"
        )
    return text


def _share(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= WHOLE:
        raise Invalid(
            f"The share is a whole number of percent from 1 to {WHOLE}.",
            field="scope.traffic_share",
        )
    return value


def _consumer(text: str, model: RegisteredModel) -> str:
    """The consumer with an id for the name. Whoever could not call anyway is none."""
    kind, _colon, name = text.partition(":")
    if kind not in KINDS_OF_CONSUMERS or not name or "\x00" in name:
        raise Invalid(
            f"{text[:80]!r} is not team:SLUG, person:LOGIN or token:ID.", field="scope.consumers"
        )
    members = Membership.objects.filter(team=model.team_id).values("person")
    found: Team | Person | ApiToken | None
    if kind == "team":
        found = Team.objects.filter(slug=name, memberships__person__in=members).first()
    elif kind == "person":
        found = Person.objects.filter(logins__username__iexact=name, pk__in=members).first()
    else:
        found = _token(name, members)
    if found is None:
        raise Invalid(
            f"{text[:80]!r} may not call this model: nobody of that name has a role in its team.",
            field="scope.consumers",
        )
    return f"{kind}:{found.pk}"


def _token(text: str, members: Any) -> ApiToken | None:
    with suppress(ValueError):
        return ApiToken.objects.filter(
            pk=UUID(text),
            user__person__in=members,
            revoked_at=None,
            expires_at__gt=timezone.now(),
            scopes__contains=["predict"],
        ).first()
    return None


def _named(consumers: Iterable[str]) -> list[dict[str, str]]:
    """Kind and name of each; an id for what is not there any more."""
    parted = [consumer.partition(":")[::2] for consumer in consumers]
    ids: dict[str, list[UUID]] = {kind: [] for kind in KINDS_OF_CONSUMERS}
    for kind, identity in parted:
        with suppress(ValueError):
            ids[kind].append(UUID(identity))
    names = {**persons_named(ids["person"]), **_team_names(ids["team"]), **_tokens(ids["token"])}
    by_id = {str(key): name for key, name in names.items()}
    return [{"kind": kind, "name": by_id.get(identity, identity)} for kind, identity in parted]


def _team_names(ids: list[UUID]) -> dict[UUID, str]:
    return dict(Team.objects.filter(pk__in=ids).values_list("pk", "name")) if ids else {}


def _tokens(ids: list[UUID]) -> dict[UUID, str]:
    if not ids:
        return {}
    rows = list(ApiToken.objects.filter(pk__in=ids).values_list("pk", "name", "user_id"))
    owners = logins_named(user for _pk, _name, user in rows)
    return {pk: f"{name} ({owners.get(user, '')})" for pk, name, user in rows}
