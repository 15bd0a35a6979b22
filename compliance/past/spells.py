"""What was live under which alias, from when to when, between two moments."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, pairwise

from django.db.models import Q

from audit.actions import Action
from audit.models import AuditEvent
from compliance.past.alias import AliasThen, pointed
from governance.approvals.answering import Answering
from governance.models import Approval
from registry.models import AliasMove, ModelVersion, RegisteredModel


@dataclass(frozen=True)
class Spell:
    """A time for which one alias pointed at one version in one state; `until` is not included."""

    since: datetime
    until: datetime
    then: AliasThen


def spells(model: RegisteredModel, since: datetime, until: datetime) -> Iterator[Spell]:
    """Every spell of the model's aliases that touches the time, by alias and beginning."""
    rows = (
        AliasMove.objects.filter(model=model, at__lt=until)
        .select_related("from_version", "to_version__model", "by__person")
        .order_by("alias", "at", "pk")
    )
    for _alias, moves in groupby(rows, key=lambda move: move.alias):
        for move, following in pairwise([*moves, None]):
            assert move is not None
            begin, end = max(move.at, since), following.at if following else until
            if move.to_version is not None and begin < end:
                yield from _of_move(model, move, following, begin, end)


def _of_move(
    model: RegisteredModel,
    move: AliasMove,
    following: AliasMove | None,
    begin: datetime,
    end: datetime,
) -> Iterator[Spell]:
    while begin < end:
        then = pointed(model, move, following, begin)
        assert then.version is not None
        over = then.served_until if then.state == Answering.LIVE else _next(then.version, begin)
        over = min(over or end, end)
        yield Spell(begin, over, then)
        begin = over


def _next(version: ModelVersion, after: datetime) -> datetime | None:
    """When something happened next that can make a version live: an approval, or a load."""
    given = Approval.objects.filter(version=version, issued_at__gt=after).order_by("issued_at")
    loaded = AuditEvent.objects.filter(
        Q(action=Action.MODEL_LOADED.value),
        subject_type="version",
        subject_id=str(version.pk),
        occurred_at__gt=after,
    ).order_by("occurred_at")
    found = (
        given.values_list("issued_at", flat=True).first(),
        loaded.values_list("occurred_at", flat=True).first(),
    )
    return min((at for at in found if at), default=None)
