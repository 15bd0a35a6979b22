"""Listings by key, newest first: nothing is counted, and no page shifts while rows arrive."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

from common.errors import Invalid

PAGE_SIZE = 30
_NO_PAGE = "This page does not exist; begin at the first one."
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """The rows of a page and the key after which the next page begins (empty on the last)."""

    rows: list[Row]
    next: str


def newest_first(
    rows: QuerySet[Row], moment: str, after: str, size: int = PAGE_SIZE
) -> Listing[Row]:
    """A page of `rows`, by the field `moment` downwards and the primary key upwards.

    `after` is the key of the last row seen, "<ISO moment>~<pk>", or empty. Raises Invalid.
    """
    if after:
        rows = _beyond(rows, moment, after)
    found = list(rows.order_by(f"-{moment}", "pk")[: size + 1])
    following = ""
    if len(found) > size:
        last = found[size - 1]
        following = f"{getattr(last, moment).isoformat()}~{last.pk}"
    return Listing(found[:size], following)


def alphabetical(rows: QuerySet[Row], name: str, after: str, size: int = PAGE_SIZE) -> Listing[Row]:
    """A page of `rows` by the unique field `name`; `after` is the last name seen, or empty."""
    if after:
        rows = rows.filter(**{f"{name}__gt": after})
    found = list(rows.order_by(name)[: size + 1])
    more = len(found) > size
    return Listing(found[:size], str(getattr(found[size - 1], name)) if more else "")


def soonest_first(
    rows: QuerySet[Row], day: str, name: str, after: str, size: int = PAGE_SIZE
) -> Listing[Row]:
    """A page of `rows` by the date `day` and the unique field `name`, both upwards.

    `after` is the key of the last row seen, "<ISO date>~<name>", or empty. Raises Invalid.
    """
    if after:
        text, _, last = after.partition("~")
        try:
            seen = date.fromisoformat(text)
        except ValueError:
            raise Invalid(_NO_PAGE, field="after") from None
        rows = rows.filter(Q(**{f"{day}__gt": seen}) | Q(**{day: seen, f"{name}__gt": last}))
    found = list(rows.order_by(day, name)[: size + 1])
    following = ""
    if len(found) > size:
        end = found[size - 1]
        following = f"{getattr(end, day).isoformat()}~{getattr(end, name)}"
    return Listing(found[:size], following)


def _beyond(rows: QuerySet[Row], moment: str, after: str) -> QuerySet[Row]:
    text, _, key = after.partition("~")
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise ValueError(after)
        return rows.filter(Q(**{f"{moment}__lt": at}) | Q(**{moment: at, "pk__gt": key}))
    except (ValueError, ValidationError):
        raise Invalid(_NO_PAGE, field="after") from None
