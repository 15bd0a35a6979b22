"""The log is found by action, person, subject, related thing, period and text."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction

from audit.actions import Action
from audit.actors import Actor
from audit.models import AuditEvent
from audit.selectors import EventFilter, about, events, matching, newest_checkpoint
from audit.services import record
from tests.audit.conftest import happen
from tests.audit.notary import Notary

ADA = Actor(uuid4(), uuid4(), "session")


@pytest.fixture
def written(db: None) -> AuditEvent:
    """One event of Ada's among others."""
    happen(3, subject="other")
    with transaction.atomic():
        return record(
            actor=ADA,
            action=Action.ALIAS_MOVED,
            subject=("model", "m-1"),
            payload={"alias": "champion", "note": "50 % faster_now"},
            related=[("version", "v-1"), ("version", "v-2")],
        )


@pytest.mark.parametrize(
    "wanted",
    [
        EventFilter(action="alias.moved"),
        EventFilter(person=ADA.person),
        EventFilter(subject=("model", "m-1")),
        EventFilter(related="version:v-2"),
        EventFilter(related="model:m-1"),
        EventFilter(text="CHAMP"),
        EventFilter(text="50 % faster_"),
        EventFilter(text="m-1"),
        EventFilter(action="alias.moved", text="champion", subject=("model", "m-1")),
    ],
)
def test_a_filter_finds_the_event_and_no_other(written: AuditEvent, wanted: EventFilter) -> None:
    assert list(matching(events(), wanted)) == [written]


@pytest.mark.parametrize(
    "wanted",
    [
        EventFilter(subject=("version", "m-1")),
        EventFilter(related="version:v-3"),
        EventFilter(text="challenger"),
        EventFilter(text="5_ %"),
        EventFilter(action="alias.moved", person=uuid4()),
    ],
)
def test_a_filter_that_does_not_fit_finds_nothing(written: AuditEvent, wanted: EventFilter) -> None:
    assert not matching(events(), wanted).exists()


def test_a_period_includes_its_beginning_and_not_its_end(written: AuditEvent) -> None:
    at, second = written.occurred_at, timedelta(seconds=1)
    mine = matching(events(), EventFilter(person=ADA.person))
    assert matching(mine, EventFilter(since=at, until=at + second)).exists()
    assert not matching(mine, EventFilter(since=at - second, until=at)).exists()


def test_the_history_of_a_thing_is_newest_first(written: AuditEvent) -> None:
    numbers = [event.payload["number"] for event in about("model", "other")]
    assert numbers == [2, 1, 0]


def test_an_event_shows_its_place_once_it_has_one(notary: Notary) -> None:
    happen(2)
    assert [getattr(event, "index", -1) for event in events()] == [None, None]
    assert newest_checkpoint() is None
    notary.work()
    assert [getattr(event, "index", -1) for event in events()] == [1, 0]
    assert getattr(newest_checkpoint(), "size", 0) == 2
