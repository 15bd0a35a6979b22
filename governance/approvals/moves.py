"""What a move of an alias would do, and the moves that its consumers are told of."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice

from django.db import transaction

from accounts.callers import Caller
from accounts.models import Membership
from accounts.roles import Role
from common.errors import Conflict
from governance import policies
from governance.approvals.releases import promote, schema_differences
from governance.splits.models import SplitCause, SplitMove
from registry.models import Alias, AliasMove, ModelVersion, RegisteredModel

TOLD_FOR = timedelta(days=30)
MOST_TOLD = 50


@dataclass(frozen=True)
class Change:
    """A move, or a share given, after which callers of an alias had to send or expect something
    else."""

    move: AliasMove | SplitMove
    differences: list[str]


@dataclass(frozen=True)
class Outlook:
    """Whether an alias could be moved to a version now, and what its callers would notice."""

    possible: bool
    reason: str
    differences: list[str]
    consumers: list[str]


def changes_told_to(caller: Caller, now: datetime) -> list[Change]:
    """What changed in the last 30 days for a registered consumer, newest first; none for others."""
    lately = {
        "model__team_id__in": caller.teams_with(Role.CONSUMER),
        "at__gt": now - TOLD_FOR,
    }
    moves = (
        AliasMove.objects.filter(**lately, from_version__isnull=False)
        .select_related("model", "from_version", "to_version")
        .defer("from_version__manifest", "to_version__manifest")
        .order_by("-at", "-pk")
    )
    shares = (
        SplitMove.objects.filter(**lately, cause=SplitCause.GIVEN)
        .select_related("model", "holder", "version")
        .defer("holder__manifest", "version__manifest")
        .order_by("-at", "-pk")
    )
    found: Iterable[AliasMove | SplitMove] = merge(
        moves.iterator(chunk_size=MOST_TOLD),
        shares.iterator(chunk_size=MOST_TOLD),
        key=lambda move: move.at,
        reverse=True,
    )
    return list(islice(_changing(found), MOST_TOLD))


def _changing(moves: Iterable[AliasMove | SplitMove]) -> Iterable[Change]:
    for move in moves:
        now = move.to_version
        if now and (differences := schema_differences(move.from_version, now)):
            yield Change(move, differences)


def consumers_of(model: RegisteredModel) -> list[str]:
    """Names of the persons who are registered as consumers of the model's team."""
    rows = Membership.objects.filter(
        team_id=model.team_id, role=Role.CONSUMER, person__is_active=True
    )
    return list(rows.order_by("person__name").values_list("person__name", flat=True))


class _Undone(Exception):
    """Takes back what was only tried."""


def outlook(*, caller: Caller, version: ModelVersion, alias: str) -> Outlook:
    """A dry run of `promote`, which is done and taken back, so that it cannot judge otherwise.

    Raises NotAllowed, Invalid.
    """
    policies.may_promote(caller, version.model.team_id).enforce()
    reason = ""
    try:
        with transaction.atomic():
            promote(
                caller=caller,
                version=version,
                alias=alias,
                reason="dry run",
                accept_schema_change=True,
            )
            raise _Undone
    except _Undone:
        pass
    except Conflict as conflict:
        reason = conflict.reason
    holder = Alias.objects.filter(model=version.model, name=alias).select_related("version").first()
    return Outlook(
        possible=not reason,
        reason=reason,
        differences=schema_differences(holder.version if holder else None, version)
        if version.signature
        else [],
        consumers=consumers_of(version.model),
    )
