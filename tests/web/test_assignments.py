"""Assignments on the pages: said on the review, seen in the lists and first by who is asked."""

import html

import pytest
from django.test import Client
from django.urls import reverse

from governance.models import Review
from governance.reviewing import assignments
from governance.reviewing.assigning import assign
from governance.reviewing.assignments import asked_now, due_day
from governance.reviewing.models import Delegation
from governance.services import submit
from tests.api.client import Api
from tests.api.house import token_of
from tests.cast import user_of, who
from tests.factories.findings import in_days
from tests.stage import Stage, review_again
from tests.web.conftest import As
from tests.web.test_reviews import page_of


@pytest.fixture
def review(ready: Stage) -> Review:
    """An open review."""
    return submit(caller=who("ada"), version=ready.version)


def post(client: Client, review: Review, *names: str, due_on: str = "") -> tuple[int, str]:
    people = [str(user_of(name).person_id) for name in names]
    fields = {"assignees": people, "due_on": due_on}
    reply = client.post(reverse("web:review-assign", args=[review.pk]), fields)
    return reply.status_code, html.unescape(reply.content.decode())


class TestAssigning:
    def test_is_said_on_the_review_and_stands_there(self, review: Review, as_: As) -> None:
        day = in_days(4).isoformat()

        assert post(as_("ada"), review, "ben", "cleo", due_on=day)[0] == 302

        assert [person.name for person in asked_now(review_again(review))] == ["Ben", "Cleo"]
        shown = page_of(as_("mira"), review)
        assert "assigned the review to Ben, Cleo" in shown
        assert day in shown

    @pytest.mark.parametrize(
        ("names", "day", "said"),
        [(("ada",), "", "is not one of the available choices"), (("ben",), "2001-01-01", "today")],
    )
    def test_says_what_is_wrong(
        self, review: Review, as_: As, names: tuple[str, ...], day: str, said: str
    ) -> None:
        status, shown = post(as_("ada"), review, *names, due_on=day)

        assert status == 422
        assert said in shown

    def test_is_no_matter_of_compliance(self, review: Review, as_: As) -> None:
        assert post(as_("cora"), review, "ben")[0] == 403
        assert 'id="assign_due_on"' not in page_of(as_("cora"), review)


class TestTheLists:
    def test_say_whose_turn_it_is_and_what_is_late(
        self, review: Review, as_: As, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = [user_of("ben").person_id]
        assign(caller=who("ada"), review=review, assignees=asked, due_on=in_days(0))
        monkeypatch.setattr(assignments, "today", lambda: in_days(1))
        listed, address = reverse("web:reviews"), reverse("web:review", args=[review.pk])

        for query in ({"assigned": "on"}, {"overdue": "on"}):
            assert address in as_("ben").get(listed, query).content.decode()
        assert address not in as_("cleo").get(listed, {"assigned": "on"}).content.decode()
        home = as_("ben").get("/").content.decode()
        assert "<b>you</b>" in home
        assert "Overdue" in home


def test_over_rest_logins_are_named_and_the_review_says_who(review: Review) -> None:
    api = Api(token_of(who("ada"))[1])
    address = f"/reviews/{review.pk}/assignment"

    assert api.send("PUT", address, {"assignees": ["ada"], "due_on": None}).status_code == 422
    reply = api.send("PUT", address, {"assignees": ["BEN"], "due_on": in_days(1).isoformat()})

    assert reply.status_code == 200, reply.content
    shown = Api(token_of(who("ben"))[1]).get("/reviews?assigned_to=me").json()["results"]
    assert [row["assignment"]["assignees"][0]["name"] for row in shown] == ["Ben"]
    assert due_day(review_again(review)) == in_days(1)


class TestDelegating:
    def test_is_named_on_the_profile_shown_on_the_review_and_ended(
        self, review: Review, as_: As
    ) -> None:
        assign(caller=who("ada"), review=review, assignees=[user_of("ben").person_id], due_on=None)
        ben, days = as_("ben"), {"starts_on": in_days(0), "ends_on": in_days(3)}
        delegate = str(user_of("cleo").person_id)

        assert ben.post(reverse("web:away"), {"delegate": delegate, **days}).status_code == 302
        assert f"for Ben, who is away until {in_days(3)}" in page_of(as_("mira"), review)
        assert "Cleo for Ben" in as_("cleo").get("/").content.decode()
        again = ben.post(reverse("web:away"), {"delegate": delegate, **days})
        assert again.status_code == 409
        assert "end that first" in again.content.decode()
        ben.post(reverse("web:away-end", args=[Delegation.objects.get().pk]))

        assert "who is away" not in page_of(as_("mira"), review)

    def test_is_not_offered_to_whoever_is_never_asked(self, ready: Stage, as_: As) -> None:
        assert 'id="away"' not in as_("ada").get(reverse("web:access")).content.decode()
        assert 'id="away"' in as_("cora").get(reverse("web:access")).content.decode()
