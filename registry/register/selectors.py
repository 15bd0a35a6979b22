"""Reads of the register: every model with what its newest entry says, and what falls due."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import CharField, OuterRef, Prefetch, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from accounts.callers import Caller
from accounts.models import User
from common.errors import Invalid
from registry import policies
from registry.models import Hosting, Life, RegisteredModel, RegisterEntry, RiskTier
from registry.register import approved
from registry.register.entries import today
from registry.selectors import matching

OVERDUE, MISSING = "overdue", "missing"
HORIZONS = ("30", "90", "365")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "risk_tier": tuple(RiskTier.values),
    "hosting": tuple(Hosting.values),
    "life": (*Life.values, MISSING),
    "due": (OVERDUE, *HORIZONS),
    "approval": (approved.VALID, approved.MISSING),
}
FILTERS = ("q", "team", "owner", "month", *CHOICES)
MONTH = "[12][0-9]{3}-(0[1-9]|1[0-2])"


def register_of(caller: Caller) -> QuerySet[RegisteredModel]:
    """Models of the teams whose evidence the caller reads, each with its newest entry and the
    valid approval that holds longest.

    A model without an entry counts as served here; `newest_entries` holds one entry or none.
    """
    newest = RegisterEntry.objects.filter(model=OuterRef("pk")).order_by("-revision")
    entries = RegisterEntry.objects.order_by("model", "-revision").distinct("model")
    rows = (
        RegisteredModel.objects.filter(team_id__in=caller.teams_with(*policies.READERS))
        .select_related("team")
        .prefetch_related(
            Prefetch(
                "entries",
                entries.select_related("owner", "validator", "author__person"),
                to_attr="newest_entries",
            )
        )
        .annotate(
            hosting=Coalesce(
                Subquery(newest.values("hosting")[:1]),
                Value(Hosting.SERVED.value),
                output_field=CharField(),
            ),
            life=Subquery(newest.values("life")[:1]),
            revalidate_on=Subquery(newest.values("revalidate_on")[:1]),
            accountable=Subquery(newest.values("owner")[:1]),
        )
        .order_by("name")
    )
    return approved.with_approvals(rows)


def in_use_unapproved(caller: Caller) -> QuerySet[RegisteredModel]:
    """Models that are in use, as their owners declare it, and have no valid approval."""
    asked = {"life": Life.IN_USE.value, "approval": approved.MISSING}
    return narrowed(register_of(caller), asked)


def newest_of(line: Any) -> RegisterEntry | None:
    """The newest entry of a line of the register."""
    return next(iter(line.newest_entries), None)


def narrowed(
    rows: QuerySet[RegisteredModel], asked: Mapping[str, str | None]
) -> QuerySet[RegisteredModel]:
    """The models that every given filter lets through. Raises Invalid naming the filter."""
    given = {name: value for name in FILTERS if (value := asked.get(name))}
    for name, known in CHOICES.items():
        if name in given and given[name] not in known:
            raise Invalid(f"This is one of {', '.join(known)}.", field=name)
    if text := given.get("q"):
        rows = matching(rows, text.strip())
    if team := given.get("team"):
        rows = rows.filter(team__slug=team)
    rows = rows.filter(**{name: given[name] for name in ("risk_tier", "hosting") if name in given})
    if life := given.get("life"):
        rows = rows.filter(Q(life__isnull=True) if life == MISSING else Q(life=life))
    if approval := given.get("approval"):
        rows = rows.filter(Q(approved_version__isnull=approval == approved.MISSING))
    if owner := given.get("owner"):
        logins = User.objects.filter(username__iexact=owner.strip())
        rows = rows.filter(Q(accountable__in=logins.values("person")))
    if month := given.get("month"):
        rows = _of_month(rows, month)
    return due_in(rows, given["due"]) if "due" in given else rows


def _of_month(rows: QuerySet[RegisteredModel], month: str) -> QuerySet[RegisteredModel]:
    if not re.fullmatch(MONTH, month):
        raise Invalid("Write a month as 2026-12.", field="month")
    year, number = (int(part) for part in month.split("-"))
    in_month = Q(revalidate_on__year=year, revalidate_on__month=number)
    return rows.exclude(Q(life=Life.RETIRED)).filter(in_month)


def due_in(rows: QuerySet[RegisteredModel], horizon: str) -> QuerySet[RegisteredModel]:
    """Models whose day has passed, or comes within so many days; retired ones have no day."""
    alive = rows.exclude(Q(life=Life.RETIRED))
    if horizon == OVERDUE:
        return alive.filter(Q(revalidate_on__lt=today()))
    return alive.filter(Q(revalidate_on__lte=today() + timedelta(days=int(horizon))))


def history_of_entry(model: RegisteredModel) -> QuerySet[RegisterEntry]:
    """All revisions of a model's entry, newest first."""
    return (
        RegisterEntry.objects.filter(model=model)
        .select_related("owner", "validator", "author__person")
        .order_by("-revision")
    )
