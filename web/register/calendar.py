"""The calendar of revalidations: what is overdue, and what is due month by month."""

from itertools import groupby
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _

from accounts.selectors import teams_of
from common.errors import Invalid
from registry.models import RegisteredModel
from registry.register.entries import today
from registry.register.revalidation import NOTICE_DAYS, by_day, months_from, owners_in
from registry.register.selectors import OVERDUE, due_in, narrowed, register_of
from web.base import PageView
from web.forms.register import CalendarFilter
from web.paging import soonest_first
from web.register.entries import line_of


class Calendar(PageView):
    """Models of the person's teams by the day of their next revalidation."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The months at a glance, and the lines under their months."""
        rows = register_of(self.caller)
        form = CalendarFilter(request.GET, teams=teams_of(self.caller), owners=owners_in(rows))
        chosen = form.cleaned_data if form.is_valid() else {}
        month = chosen.pop("month", "")
        rows = narrowed(rows, chosen)
        shown = narrowed(rows, {"due": OVERDUE} if month == OVERDUE else {"month": month})
        after = request.GET.get("after", "")
        if "\x00" in after:
            raise Invalid("This page does not exist; begin at the first one.", field="after")
        listing = soonest_first(by_day(shown), "revalidate_on", "name", after)
        context = {
            "form": form,
            "listing": listing,
            "tabs": _tabs(rows, request.GET, month),
            "grouped": _by_month(listing.rows),
            "notice_days": NOTICE_DAYS,
            "is_filtered": any(request.GET.get(name) for name in form.fields),
        }
        return self.page("register/calendar.html", context)


def _tabs(
    rows: QuerySet[RegisteredModel], asked: QueryDict, chosen: str
) -> list[dict[str, object]]:
    """Everything, what is overdue, and the months from now on; the other filters stay."""
    months = [(one.key, one.key, one.models) for one in months_from(today(), rows)]
    parts = [("", _("All"), None), (OVERDUE, _("Overdue"), due_in(rows, OVERDUE).count()), *months]
    kept = asked.copy()
    kept.pop("after", None)
    found: list[dict[str, object]] = []
    for key, label, count in parts:
        kept["month"] = key
        url, current = f"?{kept.urlencode()}", key == chosen
        found.append({"label": label, "url": url, "count": count, "current": current})
    return found


def _by_month(rows: list[Any]) -> list[tuple[Any, list[Any]]]:
    """(first day of the month, its lines), in their order."""
    months = groupby(rows, key=lambda model: model.revalidate_on.replace(day=1))
    return [(first, [line_of(model) for model in models]) for first, models in months]
