"""What waits for a person is one list, whoever asks how."""

from datetime import timedelta

import pytest
from django.utils import timezone

from governance.models import Approval, Review
from governance.services import submit
from governance.splits.models import SplitMove
from governance.splits.services import split
from governance.waiting.lines import lines_for
from registry.register.entries import NewEntry, enter
from tests.api.client import Api
from tests.api.house import token_of
from tests.cast import user_of, who
from tests.factories.damage import by_force
from tests.factories.findings import found, in_days
from tests.governance.test_releases import OTHER_CLASSES, move, sibling
from tests.stage import Stage


def kinds(name: str) -> list[str]:
    return [line.kind for line in lines_for(who(name), timezone.now())]


def test_a_review_waits_for_whoever_may_sign_it(ready: Stage) -> None:
    submit(caller=who("ada"), version=ready.version)

    by_name = {name: kinds(name) for name in ("ada", "ben", "cleo", "mira", "cora", "carl", "dan")}

    assert by_name == {
        "ada": [],
        "ben": ["review"],
        "cleo": ["review"],
        "mira": ["review"],
        "cora": [],
        "carl": [],
        "dan": [],
    }


def test_over_rest_each_thing_has_its_kind_its_name_and_its_day(ready: Stage) -> None:
    review: Review = submit(caller=who("ada"), version=ready.version)
    owner = user_of("ben").person_id
    entry = NewEntry("served", "in_use", owner, revalidate_on=in_days(-2))
    enter(caller=who("ada"), model=ready.version.model, new=entry)

    rows = Api(token_of(who("ben"))[1]).get("/waiting").json()

    assert rows == [
        {
            "kind": "review",
            "id": str(review.pk),
            "about": "tumours v1",
            "due_on": None,
            "late": False,
        },
        {
            "kind": "revalidation",
            "id": "tumours",
            "about": "tumours",
            "due_on": in_days(-2).isoformat(),
            "late": True,
        },
    ]


def test_an_approval_that_ends_soon_waits_for_those_who_read_its_evidence(
    approved: Stage,
) -> None:
    later = Approval.objects.get().not_after - timedelta(days=3)

    seen = [line.kind for line in lines_for(who("mira"), later)]

    assert seen == ["ending"]
    assert "ending" not in [line.kind for line in lines_for(who("dan"), later)]


@pytest.mark.parametrize(("name", "count"), [("ada", 1), ("ben", 0)])
def test_a_finding_waits_for_its_owner(ready: Stage, name: str, count: int) -> None:
    found("ben", ready.version)

    assert kinds(name).count("finding") == count


def test_a_token_that_may_not_read_gets_nothing(ready: Stage) -> None:
    reply = Api(token_of(who("ben"), "write")[1]).get("/waiting")

    assert reply.status_code == 403


def test_a_move_and_a_share_of_the_same_number_are_two_things(approved_copy: Stage) -> None:
    """They come from two tables, and a mail of the one must not silence the other."""
    like_it, unlike_it = sibling(approved_copy), sibling(approved_copy, signature=OTHER_CLASSES)
    moved = move(unlike_it, accept_schema_change=True)
    table = SplitMove._meta.db_table
    number = f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), %s, false)"
    by_force(approved_copy.database, table, number, moved.pk)
    shared = split(
        caller=who("mira"),
        version=like_it,
        alias="champion",
        percent=5,
        reason="Look.",
        accept_schema_change=True,
    )
    assert shared.pk == moved.pk

    keys = {line.key for line in lines_for(who("carl"), timezone.now())}

    assert len(keys) == 2
