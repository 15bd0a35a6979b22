"""The log, exports and records are read by team: who sees what, at every address of both edges."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.services import create_team
from audit.actions import Action
from audit.models import AuditEvent
from compliance.models import Export
from inference.models import Prediction, PredictionBatch
from tests.attacks.two_teams import (
    MODELS,
    NOT_DONE,
    OF_EITHER,
    OF_THE_INSTANCE,
    OTHER,
    Log,
    furnish,
    model_of,
)
from tests.cast import TEAM, user_of, who
from tests.stage import Play, Stage
from worker.models import Job

pytestmark = pytest.mark.usefixtures("untraced")
API = "/api/v1"
BOTH = (TEAM, OTHER)
ALL = (*BOTH, "")


@dataclass(frozen=True)
class Rights:
    """Of which teams ("" is what belongs to none) a person reads and exports; None is refused."""

    log: tuple[str, ...] | None = None
    events: tuple[str, ...] = ()
    exports: tuple[str, ...] | None = None
    records: tuple[str, ...] = ()


RIGHTS = {
    # Of one team.
    "cora": Rights(log=(TEAM,), events=(TEAM,), exports=(TEAM,), records=(TEAM,)),
    "mira": Rights(log=(TEAM,), events=(TEAM,), exports=(TEAM,), records=(TEAM,)),
    "hugo": Rights(log=(OTHER,), events=(OTHER,), exports=(OTHER,), records=(OTHER,)),
    "greta": Rights(log=(OTHER,), events=(OTHER,), exports=(OTHER,), records=(OTHER,)),
    # Of every team.
    "iris": Rights(log=ALL, events=ALL, exports=ALL, records=BOTH),
    "jon": Rights(log=ALL, events=ALL, exports=ALL, records=BOTH),
    # Compliance of one, reviewer of the other: there only what reviewers read.
    "kim": Rights(log=(TEAM,), events=BOTH, exports=(TEAM,), records=BOTH),
    # An administrator reads everything; what he takes out is by role.
    "lea": Rights(log=ALL, events=ALL, exports=(TEAM,), records=(TEAM,)),
    "root": Rights(log=ALL, events=ALL),
    "ada": Rights(events=(TEAM,), records=(TEAM,)),
    "ben": Rights(events=(TEAM,), records=(TEAM,)),
    "carl": Rights(),
    "dan": Rights(),
}


@dataclass(frozen=True)
class House:
    """Both teams' things, and a browser for each person."""

    log: Log
    browsers: dict[str, Client]

    def known(self, events: set[UUID]) -> set[UUID]:
        """Those from before anybody looked: refusals to look are events as well."""
        return events & self.log.of(*ALL)

    def get(self, name: str, address: str, **query: str) -> Any:
        return self.browsers[name].get(address, query)

    def listed(self, name: str, address: str) -> list[dict[str, Any]]:
        """All rows of a list of the API, page by page."""
        rows: list[dict[str, Any]] = []
        following = f"{API}{address}"
        while following:
            page = self.get(name, following).json()
            rows += page["results"]
            following = (page["next"] or "").removeprefix("http://testserver")
        return rows


@pytest.fixture(scope="module")
def house(backstage: Play, approved_template: Stage) -> Iterator[House]:
    """Made once; rolled back when all have looked."""
    with backstage(approved_template), transaction.atomic():
        furnish()
        browsers = {name: Client() for name in RIGHTS}
        for name, browser in browsers.items():
            browser.force_login(user_of(name))
        yield House(Log.read(), browsers)
        transaction.set_rollback(True)


@pytest.fixture
def undone() -> Iterator[None]:
    """What the test does is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("name", RIGHTS)
class TestTheLog:
    def test_lists_the_events_of_the_persons_teams_and_no_other(
        self, name: str, house: House
    ) -> None:
        reads = RIGHTS[name].log
        if reads is None:
            assert house.get(name, f"{API}/audit/events").status_code == 403
            assert house.get(name, reverse("web:audit")).status_code == 403
            return
        rows = house.listed(name, "/audit/events?limit=200")
        assert house.known({UUID(row["id"]) for row in rows}) == house.log.of(*reads)

    def test_is_in_the_navigation_of_its_readers_alone(self, name: str, house: House) -> None:
        shown = f'href="{reverse("web:audit")}"' in house.get(name, "/").content.decode()
        assert shown == (RIGHTS[name].log is not None)

    @pytest.mark.parametrize("slug", ALL)
    def test_shows_and_proves_one_event_or_says_that_there_is_none(
        self, name: str, slug: str, house: House
    ) -> None:
        action = "version.registered" if slug else "user.created"
        event = min(house.log.of(slug) & set(_uuids(action)), key=str)
        sees = slug in RIGHTS[name].events
        # No checkpoint covers the events of this house: a proof that one may have is a 409.
        for address, found in (
            (f"{API}/audit/events/{event}", 200),
            (f"{API}/audit/events/{event}/proof", 409),
            (reverse("web:audit-event", args=[event]), 200),
            (reverse("web:audit-leaf", args=[event]), 200),
            (reverse("web:audit-proof", args=[event]), 409),
        ):
            assert house.get(name, address).status_code == (found if sees else 404), address


@pytest.mark.parametrize("name", ["cora", "hugo", "iris", "root", "ben"])
def test_the_page_shows_what_the_list_does(name: str, house: House) -> None:
    reads, seen, after = RIGHTS[name].log, set(), ""
    while reads is not None:
        page = house.get(name, reverse("web:audit"), after=after)
        seen |= {entry.uuid for entry in page.context["entries"]}
        after = page.context["next"]
        if not after:
            assert house.known(seen) == house.log.of(*reads)
            return
    assert house.get(name, reverse("web:audit")).status_code == 403


def _uuids(action: str) -> list[UUID]:
    return list(AuditEvent.objects.filter(action=action).values_list("uuid", flat=True))


# (scope, whose records it covers; "" is everybody's)
SCOPES = [
    ({"kind": "all"}, ""),
    ({"kind": "period", "from": "2026-01-01", "to": "2999-01-01"}, ""),
    *(({"kind": "model", "model": MODELS[slug]}, slug) for slug in BOTH),
    *(({"kind": "version", "model": MODELS[slug], "number": 1}, slug) for slug in BOTH),
]


@pytest.mark.parametrize("name", RIGHTS)
class TestAnExport:
    @pytest.mark.parametrize(("scope", "slug"), SCOPES, ids=lambda value: str(value))
    def test_is_asked_for_by_those_who_answer_for_the_records(
        self, name: str, scope: dict[str, Any], slug: str, house: House, undone: None
    ) -> None:
        exports, before = RIGHTS[name].exports, Export.objects.count()
        browser = house.browsers[name]
        reply = browser.post(f"{API}/exports", {"scope": scope}, content_type="application/json")
        form = {"from": "since", "to": "until"}
        given = {form.get(part, part): value for part, value in scope.items()}
        page = browser.post(reverse("web:audit-export"), given)
        if exports is not None and slug in exports:
            assert (reply.status_code, page.status_code) == (202, 302)
            assert Export.objects.count() == before + 2
            return
        # To who is not in the team its model does not exist.
        hidden = exports is not None and slug and slug not in _teams_of(name)
        assert {reply.status_code, page.status_code} == {422 if hidden else 403}
        assert Export.objects.count() == before

    def test_is_read_by_those_who_could_ask_for_it_now(self, name: str, house: House) -> None:
        exports = RIGHTS[name].exports
        owners = {row.pk: _owner_of(row) for row in Export.objects.all()}
        if exports is None:
            assert house.get(name, f"{API}/exports").status_code == 403
            assert house.get(name, reverse("web:audit-export")).status_code == 403
        else:
            wanted = {str(key) for key, slug in owners.items() if slug in exports}
            assert {row["id"] for row in house.listed(name, "/exports")} == wanted
            page = house.get(name, reverse("web:audit-export"))
            assert {str(row.pk) for row in page.context["listing"].rows} == wanted
        for key, slug in owners.items():
            known = 403 if exports is None else 404
            reads = exports is not None and slug in exports
            assert house.get(name, f"{API}/exports/{key}").status_code == (200 if reads else known)
            for address in (
                f"{API}/exports/{key}/bundle",
                reverse("web:audit-export-file", args=[key]),
            ):
                assert house.get(name, address).status_code == (409 if reads else known)

    def test_is_offered_in_the_scopes_that_the_person_may_ask_for(
        self, name: str, house: House
    ) -> None:
        exports = RIGHTS[name].exports
        if exports is None:
            return
        page = house.get(name, reverse("web:audit-export"))
        offered = [value for value, _ in page.context["form"].fields["kind"].widget.choices]
        everything = ["all", "period"] if "" in exports else []
        assert offered == [*everything, "model", "version", "register"]

    def test_has_a_job_that_is_seen_with_it(self, name: str, house: House) -> None:
        exports = RIGHTS[name].exports or ()
        jobs = {str(row.job_id): row for row in Export.objects.select_related("requested_by")}
        own = {key for key, row in jobs.items() if row.requested_by.username == name}
        wanted = own | {key for key, row in jobs.items() if _owner_of(row) in {*exports} - {""}}
        rows = house.listed(name, "/jobs?limit=200")
        assert {row["id"] for row in rows} & set(jobs) == wanted
        for key in jobs:
            status = 200 if key in wanted else 404
            assert house.get(name, f"{API}/jobs/{key}").status_code == status
            assert house.get(name, f"{API}/jobs/{key}/log").status_code == status
            assert house.get(name, reverse("web:job", args=[key])).status_code == status
            assert house.get(name, reverse("web:job-log", args=[key])).status_code == status


def _teams_of(name: str) -> set[str]:
    return {slug for slug in BOTH if model_of(slug).team_id in who(name).teams}


def _owner_of(export: Export) -> str:
    model = export.scope.get("model")
    return next((slug for slug in BOTH if MODELS[slug] == model), "")


@pytest.mark.parametrize("name", RIGHTS)
def test_records_are_read_by_team(name: str, house: House) -> None:
    reads = RIGHTS[name].records
    rows = house.listed(name, "/predictions")
    assert {row["model"] for row in rows} == {MODELS[slug] for slug in reads}
    for slug in BOTH:
        record = Prediction.objects.get(model_id=model_of(slug).pk)
        status = 200 if slug in reads else 404
        assert house.get(name, f"{API}/predictions/{record.pk}").status_code == status
        known = 200 if slug in _teams_of(name) else 404
        asked = house.get(name, f"{API}/predictions", model=MODELS[slug])
        assert asked.status_code == known
        assert bool(known == 200 and asked.json()["results"]) == (slug in reads)


def test_no_event_of_another_team_ever_reaches_a_compliance_officer(house: House) -> None:
    """Cora is compliance of her team alone: by no address, filter or search is there one."""
    hidden = {str(uuid) for uuid in house.log.of(OTHER, "")}
    other, person = model_of(OTHER), user_of("fay").person_id
    queries = [
        "",
        "action=model.registered",
        f"person={person}",
        f"person={user_of('root').person_id}",
        f"subject=model:{other.pk}",
        f"related=model:{other.pk}",
        f"related=team:{other.team_id}",
        f"q={other.name}",
        f"q={other.pk}",
        "from=2000-01-01&to=2999-01-01",
    ]
    for query in queries:
        rows = house.listed("cora", f"/audit/events?limit=200&{query}")
        assert not hidden & {row["id"] for row in rows}, query
    for word in (OTHER, other.name, str(other.pk), "Fay"):
        page = house.get("cora", reverse("web:audit"), text=word)
        assert not hidden & {str(entry.uuid) for entry in page.context["entries"]}, word
    for event in _one_of_each_action(hidden):
        for address in (f"{API}/audit/events/{event}", f"{API}/audit/events/{event}/proof"):
            assert house.get("cora", address).status_code == 404
        for page_name in ("audit-event", "audit-leaf", "audit-proof"):
            address = reverse(f"web:{page_name}", args=[event])
            assert house.get("cora", address).status_code == 404
    for history in (f"models/{other.name}/history", f"models/{other.name}/versions/1/history"):
        assert house.get("cora", f"{API}/{history}").status_code == 404


def _one_of_each_action(events: set[str]) -> Iterator[UUID]:
    rows = AuditEvent.objects.filter(uuid__in=events).order_by("action").distinct("action")
    yield from rows.values_list("uuid", flat=True)


def test_a_new_team_ends_the_whole_view_until_the_role_is_given_there_too(
    house: House, undone: None
) -> None:
    instance = min(house.log.of(""), key=str)
    address = f"{API}/audit/events/{instance}"
    assert house.get("iris", address).status_code == 200

    create_team(caller=who("root"), slug="third", name="Third")

    assert house.get("iris", address).status_code == 404
    rows = house.listed("iris", "/audit/events?limit=200")
    assert house.known({UUID(row["id"]) for row in rows}) == house.log.of(*BOTH)
    everything = Export.objects.get(scope__kind="all")
    assert house.get("iris", f"{API}/exports/{everything.pk}").status_code == 404
    assert house.get("root", address).status_code == 200


def test_the_page_says_of_which_teams_the_events_are(house: House) -> None:
    page = house.get("cora", reverse("web:audit"))
    assert page.context["teams"] == ["Credit"]
    assert "You see what concerns Credit" in page.content.decode()
    for name in ("iris", "root"):
        assert house.get(name, reverse("web:audit")).context["teams"] == []


def test_a_segment_of_both_teams_becomes_a_batch_for_each(house: House) -> None:
    teams = {
        batch.pk: set(batch.records.values_list("model_id", flat=True))
        for batch in PredictionBatch.objects.all()
    }
    assert len(teams) == 2
    assert PredictionBatch.objects.values("segment").distinct().count() == 1
    assert sorted(teams.values(), key=str) == sorted(({model_of(s).pk} for s in BOTH), key=str)


def test_every_event_of_a_team_names_the_team_or_a_model_or_dataset_of_it(house: House) -> None:
    done = {Action(action) for action in AuditEvent.objects.values_list("action", flat=True)}
    assert done - OF_THE_INSTANCE == set(Action) - OF_THE_INSTANCE - NOT_DONE
    for event in AuditEvent.objects.exclude(action__in=OF_THE_INSTANCE | OF_EITHER):
        kinds = {name.partition(":")[0] for name in event.related}
        assert kinds & {"team", "model", "dataset"}, event.action


def test_jobs_of_another_team_are_not_there(house: House) -> None:
    theirs = Job.objects.filter(team_id=model_of(OTHER).team_id)
    assert theirs.exists()
    seen = {row["id"] for row in house.listed("cora", "/jobs?limit=200")}
    assert not seen & {str(key) for key in theirs.values_list("pk", flat=True)}
