"""Moments, written "YYYY-MM-DDTHH:MM:SS.ffffffZ" and nothing else."""

import re
from datetime import UTC, datetime

from trust.errors import Malformed

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z", re.ASCII)


def format_moment(moment: datetime) -> str:
    """The written form, in UTC. Raises Malformed for a moment without time zone."""
    if moment.tzinfo is None:
        raise Malformed("a moment needs a time zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_moment(text: str) -> datetime:
    """The aware UTC datetime. Raises Malformed for any other spelling."""
    if _MOMENT.fullmatch(text) is None:
        raise Malformed("not a moment in UTC with six decimals")
    # Far from the calendar's ends, so that adding a grace or a leeway cannot overflow.
    if not "1970" <= text[:4] < "9000":
        raise Malformed("a moment lies between the years 1970 and 9000")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise Malformed("no such moment") from None
