"""What is due is listed as the services judge it, and told to the log; nothing goes by itself."""

from datetime import timedelta

import pytest
from django.core.mail import get_connection
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from compliance.retention.due import DATASETS, VERSIONS, counts_in, due_in, remind
from governance.waiting.lines import Line, lines_for
from governance.waiting.models import Mailing
from registry.models import ModelVersion, Tombstone
from tests.cast import TEAM, the_team, who
from tests.factories import verbs
from tests.retention.deleting import confirmed, proposed, retired, rows_proposed, rule
from tests.retention.test_dataset_deletion import REASONS as KEEPING_ROWS
from tests.retention.test_deletion import REASONS as KEEPING_FILES
from tests.stage import Stage
from tests.web.conftest import As
from web.mailing.composing import letter


def due(kind: str = "") -> list[str]:
    """The names of what is due in the team."""
    return [str(getattr(one.thing, "name", one.thing)) for one in due_in([the_team().pk], kind)]


def test_nothing_is_due_without_a_rule(ready: Stage) -> None:
    retired(ready)
    assert due() == []
    assert remind() == 0


def test_what_is_past_its_rule_is_listed_until_it_is_gone(ready: Stage) -> None:
    rule("datasets")
    rule()
    version = retired(ready)
    assert set(due()) == {"tumours", str(version)}
    assert (due(DATASETS), due(VERSIONS)) == (["tumours"], [str(version)])
    assert counts_in([the_team().pk]) == {"datasets": 1, "versions": 1}
    confirmed(proposed(version))
    assert due() == ["tumours"]
    confirmed(rows_proposed(verbs.dataset()))
    assert due() == []


@pytest.mark.parametrize("why", KEEPING_ROWS)
def test_rows_that_something_keeps_are_not_due(ready: Stage, why: str) -> None:
    rule("datasets")
    assert due() == ["tumours"]
    KEEPING_ROWS[why][0]()
    assert due(DATASETS) == []


@pytest.mark.parametrize("why", KEEPING_FILES)
def test_files_that_something_keeps_are_not_due(ready: Stage, why: str) -> None:
    rule()
    version = retired(ready)
    assert due() == [str(version)]
    KEEPING_FILES[why][0](ModelVersion.objects.select_related("model__team").get(pk=version.pk))
    assert due(VERSIONS) == []


def test_an_approved_version_is_counted_from_its_retirement_by_its_own_rule(ready: Stage) -> None:
    rule("approved")
    retired(ready)
    assert due() == []


def test_two_names_of_the_same_bytes_are_due_once(ready: Stage) -> None:
    rule("datasets")
    verbs.new_dataset(who("ada"), name="copy")
    assert len(due()) == 1


def test_a_longer_list_takes_no_more_queries(ready: Stage) -> None:
    rule()
    retired(ready)
    with CaptureQueriesContext(
        connection,
    ) as few:
        due()
    for strength in (4.0, 5.0, 6.0):
        retired(ready, strength)
    with CaptureQueriesContext(connection) as many:
        assert len(due()) == 4
    assert len(many) == len(few)


class TestWhoeverMayProposeIt:
    """Is told on the first page, by GET waiting and by mail, of each team that he manages."""

    ABOUT = "Credit (2)"

    def test_in_one_list(self, ready: Stage) -> None:
        for name in ("mira", "cora", "ada"):
            assert self.lines(name) == []
        rule("datasets")
        rule()
        retired(ready)
        [line] = self.lines("mira")
        assert (line.kind, line.id, line.about) == ("deletion", TEAM, self.ABOUT)
        for name in ("cora", "ada", "ben", "root"):
            assert self.lines(name) == []

    def lines(self, name: str) -> list[Line]:
        return [one for one in lines_for(who(name), timezone.now()) if one.kind == "deletion"]

    def test_on_the_first_page_and_over_rest(self, ready: Stage, as_: As) -> None:
        home, link = reverse("web:home"), f"{reverse('web:retention-due')}?team={TEAM}"
        assert link not in as_("mira").get(home).content.decode()
        rule("datasets")
        rule()
        retired(ready)
        shown = as_("mira").get(home).content.decode()
        assert f'href="{link}"' in shown
        assert "Credit: 2 snapshots and versions" in shown
        assert link not in as_("cora").get(home).content.decode()
        rows = as_("mira").get(reverse("api:waiting")).json()
        assert [row["about"] for row in rows if row["kind"] == "deletion"] == [self.ABOUT]

    def test_by_mail(self, ready: Stage) -> None:
        rule("datasets")
        mailing = Mailing(person=who("mira").user.person)
        text = letter(mailing, self.lines("mira"), get_connection()).body
        assert "Due for deletion\n- Credit (1)\n" in text
        assert f"{reverse('web:retention-due')}?team={TEAM}" in text


class TestTheClock:
    def test_tells_the_log_once_a_week_and_deletes_nothing(
        self, ready: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rule("datasets")
        assert remind() == 1
        assert remind() == 0
        event = AuditEvent.objects.get(action="retention.due")
        assert (event.subject_id, event.person_id) == (str(the_team().pk), None)
        assert event.payload == {"datasets": 1, "versions": 0}
        assert not Tombstone.objects.exists()
        later = timezone.now() + timedelta(days=8)
        monkeypatch.setattr("compliance.retention.due.timezone.now", lambda: later)
        assert remind() == 1


def test_page_and_rest_list_it_for_who_reads_and_offer_it_to_who_may_propose(
    ready: Stage, as_: As
) -> None:
    rule("datasets")
    page, place = (
        reverse("web:retention-due"),
        reverse("web:dataset-delete", args=[verbs.dataset().pk]),
    )
    shown = as_("mira").get(page).content
    assert b"tumours (test)" in shown
    assert place.encode() in shown
    assert place.encode() not in as_("cora").get(page).content
    assert b"tumours (test)" not in as_("dan").get(page).content
    assert b"Nothing of this is due" in as_("mira").get(f"{page}?kind=versions").content
    said = as_("cora").get("/api/v1/retention/due").json()
    assert said["counts"] == {"datasets": 1, "versions": 0}
    assert [(row["kind"], row["name"]) for row in said["results"]] == [("datasets", "tumours")]
    assert as_("cora").get("/api/v1/retention/due?team=other").json()["results"] == []
    assert as_("cora").get("/api/v1/retention/due?kind=houses").status_code == 422
