"""Numbers, sizes and times as people read them. Pure functions; `assay` makes filters of them."""

import datetime as dt
from dataclasses import dataclass

from django.contrib.humanize.templatetags.humanize import naturaltime
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from web.figures import svg

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
_SHORT = 6


def size(value: object) -> str:
    """Bytes with a decimal prefix: 4 100 bytes are "4.1 kB"."""
    if not isinstance(value, int | float) or not svg.is_number(value):
        return svg.NOTHING
    amount, unit = float(value), 0
    while abs(amount) >= 999.95 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{svg.number(amount, 1 if unit else 0)} {_UNITS[unit]}"


def percent(value: object, digits: int = 1) -> str:
    """A share in [0, 1] as a percentage."""
    if not isinstance(value, int | float) or not svg.is_number(value):
        return svg.NOTHING
    return svg.number(float(value) * 100, digits) + "%"


def duration(value: object) -> str:
    """Seconds (or a timedelta) in the two largest units: "2 h 5 min", "41 s", "120 ms"."""
    seconds = value.total_seconds() if isinstance(value, dt.timedelta) else value
    if not isinstance(seconds, int | float) or not svg.is_number(seconds):
        return svg.NOTHING
    if seconds < 1:
        return _("%(n)s ms") % {"n": svg.number(round(seconds * 1000))}
    if seconds < 60:
        return _("%(n)s s") % {"n": svg.number(float(seconds), 1 if seconds < 10 else 0)}
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    if not hours:
        return _("%(m)s min %(s)s s") % {"m": minutes, "s": rest}
    return _("%(h)s h %(m)s min") % {"h": hours, "m": minutes_left}


def short_digest(value: object) -> str:
    """First and last six hex digits of a digest, without its "sha256:"."""
    bare = str(value or "").removeprefix("sha256:")
    if len(bare) <= 2 * _SHORT + 1:
        return bare
    return f"{bare[:_SHORT]}…{bare[-_SHORT:]}"


@dataclass(frozen=True)
class Moment:
    """A point in time, ready for `<time>`."""

    utc: str
    shown: str
    relative: str


def _parsed(value: object) -> dt.datetime | None:
    found = parse_datetime(value) if isinstance(value, str) else value
    if not isinstance(found, dt.datetime):
        return None
    return found if timezone.is_aware(found) else found.replace(tzinfo=dt.UTC)


def moment(value: object, *, seconds: bool = False) -> Moment | None:
    """Absolute time with its zone in the active time zone; UTC for the title.

    Takes a datetime (naive ones are UTC) or an ISO 8601 text; gives None for anything else.
    """
    found = _parsed(value)
    if found is None:
        return None
    local = timezone.localtime(found)
    pattern = (
        pgettext("date format", "j M Y, H:i:s")
        if seconds
        else pgettext("date format", "j M Y, H:i")
    )
    utc = found.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    shown = f"{date_format(local, pattern)} {local.tzname()}"
    return Moment(utc=utc, shown=shown, relative=str(naturaltime(found)))


def initials(name: object) -> str:
    """At most two capitals of a name, for the round picture."""
    words = str(name or "").replace(".", " ").replace("_", " ").split()
    if not words:
        return "?"
    if len(words) == 1:
        return words[0][:2].upper()
    return (words[0][0] + words[-1][0]).upper()
