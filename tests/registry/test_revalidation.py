"""When models are validated again: intervals by tier, the calendar, and who is reminded when."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from audit.models import AuditEvent
from config import env
from registry.register.entries import NewEntry, enter, newest_entry, today
from registry.register.intervals import next_day
from registry.register.revalidation import by_day, months_from, owners_in, remind, waiting_for_owner
from registry.register.selectors import register_of
from tests.cast import user_of, who
from tests.factories import verbs
from tests.registry.test_register import DAY, a_spreadsheet, found
from tests.stage import Stage


def entered(name: str, **other: Any) -> None:
    """A new model with an entry."""
    enter(caller=who("ada"), model=verbs.new_model(who("ada"), name), new=a_spreadsheet(**other))


class TestAnInterval:
    @pytest.mark.parametrize(
        ("tier", "validated", "due"),
        [
            ("high", date(2024, 2, 29), date(2025, 2, 28)),
            ("medium", date(2025, 11, 30), date(2027, 11, 30)),
            ("low", date(2025, 12, 31), date(2028, 12, 31)),
        ],
    )
    def test_ends_on_the_same_day_of_a_later_year(
        self, tier: str, validated: date, due: date
    ) -> None:
        assert next_day(tier, validated) == due

    @pytest.mark.parametrize(
        ("said", "read"),
        [
            ("high=6, low=18", {"high": 6, "medium": 24, "low": 18}),
            ("high=0", None),
            ("high=121", None),
            ("top=3", None),
            ("high", None),
        ],
    )
    def test_is_set_by_the_operator(
        self, said: str, read: dict[str, int] | None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(env, "DOCUMENTED", [])
        monkeypatch.setenv("MONTHS", said)
        defaults = {"high": 12, "medium": 24, "low": 36}
        try:
            assert env.numbers("MONTHS", defaults, "", minimum=1, maximum=120) == read
        except ImproperlyConfigured:
            assert read is None

    def test_gives_the_day_that_an_entry_leaves_out(self, ready: Stage) -> None:
        model = verbs.new_model(who("ada"), "sheet", tier="high")
        owner = user_of("ada").person_id
        new = NewEntry("served", "in_use", owner, validated_on=today())
        entry = enter(caller=who("ada"), model=model, new=new)
        assert entry.revalidate_on == next_day("high", today())
        over = NewEntry("served", "retired", owner, validated_on=today())
        assert enter(caller=who("ada"), model=model, new=over, revision=1).revalidate_on is None


class TestReminders:
    def test_are_given_once_thirty_days_before_and_once_when_the_day_has_passed(
        self, ready: Stage
    ) -> None:
        entered("far", revalidate_on=today() + 31 * DAY)
        entered("near", revalidate_on=today() + 30 * DAY)
        entered("late", revalidate_on=today() - DAY)
        entered("gone", revalidate_on=today() - DAY, life="retired")
        assert [remind(), remind()] == [2, 0]
        told = AuditEvent.objects.filter(action__startswith="revalidation.").order_by("id")
        assert [(event.action, event.payload["revalidate_on"]) for event in told] == [
            ("revalidation.overdue", f"{today() - DAY}"),
            ("revalidation.due", f"{today() + 30 * DAY}"),
        ]
        assert told[0].payload["owner"] == str(user_of("ada").person_id)

    def test_are_of_the_newest_entry(self, ready: Stage) -> None:
        entered("sheet", revalidate_on=today() + 30 * DAY)
        model = register_of(who("ada")).get(name="sheet")
        assert remind() == 1
        moved = a_spreadsheet(revalidate_on=today() + 90 * DAY)
        enter(caller=who("ada"), model=model, new=moved, revision=1)
        assert remind() == 0
        entry = newest_entry(model)
        assert entry is not None
        sooner = a_spreadsheet(revalidate_on=today() + 9 * DAY)
        enter(caller=who("ada"), model=model, new=sooner, revision=entry.revision)
        assert remind() == 1


class TestTheCalendar:
    def test_shows_each_day_in_its_month_and_the_owner_what_waits(self, ready: Stage) -> None:
        first = (today().replace(day=1) + 63 * DAY).replace(day=1)
        mira = user_of("mira").person_id
        entered("late", revalidate_on=today() - DAY)
        entered("b", revalidate_on=first + DAY)
        entered("a", revalidate_on=first + DAY, owner=mira)
        entered("gone", revalidate_on=first, life="retired")
        rows = register_of(who("cora"))
        assert [model.name for model in by_day(rows)] == ["late", "a", "b"]
        months = months_from(today(), rows)
        assert (len(months), months[2].first, months[2].models) == (12, first, 2)
        assert sum(month.models for month in months) == 2
        assert found("cora", month=months[2].key) == ["a", "b"]
        assert found("cora", owner="MIRA", month=months[2].key) == ["a"]
        assert found("cora", owner="nobody") == []
        assert [person.name for person in owners_in(rows)] == ["Ada", "Mira"]
        assert [model.name for model in waiting_for_owner(who("ada"))] == ["late"]
        assert not waiting_for_owner(who("mira"))
