"""Which models have a valid approval, for the lines of the register.

Approvals are rows of a layer above. They are read by the name of their relation, and only to be
shown: what is served and what holds is decided where the envelope is verified.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from registry.models import ModelVersion, RegisteredModel

VALID, MISSING = "valid", "missing"


@dataclass(frozen=True)
class Approved:
    """The approval of a model that holds longest: of which version, since when, until when."""

    version: int
    since: datetime
    until: datetime

    @property
    def cells(self) -> dict[str, object]:
        """As the export says it: days in UTC, as all moments are kept."""
        days: dict[str, date] = {
            "approved_on": self.since.date(),
            "approved_until": self.until.date(),
        }
        return {"approved_version": self.version, **days}


def with_approvals(rows: QuerySet[RegisteredModel]) -> QuerySet[RegisteredModel]:
    """Each model with the valid approval of a version of it that holds longest, if any.

    Neither revoked nor over nor stale for longer than it says.
    """
    now = timezone.now()
    fresh = Q(approvals__staleness__isnull=True) | Q(approvals__staleness__until__gt=now)
    valid = Q(approvals__revocation__isnull=True, approvals__not_after__gt=now)
    held = ModelVersion.objects.filter(valid & fresh, model=OuterRef("pk"))
    held = held.order_by("-approvals__not_after", "-number")
    return rows.annotate(
        approved_version=Subquery(held.values("number")[:1]),
        approved_since=Subquery(held.values("approvals__issued_at")[:1]),
        approved_until=Subquery(held.values("approvals__not_after")[:1]),
    )


def approved_of(line: Any) -> Approved | None:
    """What `with_approvals` found of a model; None where it has no valid approval."""
    if line.approved_version is None:
        return None
    return Approved(line.approved_version, line.approved_since, line.approved_until)
