"""Every address denies by default: each role gets what is written in the table, nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from django.db import transaction
from django.test import Client

from tests.api.house import House
from tests.promises import census
from tests.promises.routes import INFERENCE_FOR_ANONYMOUS, WEB
from tests.stage import Play, Stage

pytestmark = pytest.mark.usefixtures("untraced")
ROUTES = census.routes()
OF_WEB = [route for route in ROUTES if route.conf == "web"]
# Plain functions, and pages of the sign-in library that take forms by any method.
_ANY_METHOD = ("health", "accounts/", "language/")


@dataclass(frozen=True)
class Seen:
    """The furnished house, and a browser for each role."""

    house: House
    browsers: dict[str, Client]

    def ask(self, route: census.Route, method: str, role: str) -> str:
        return census.ask(route, method, role, self.house, self.browsers[role])


@pytest.fixture(scope="module")
def seen(backstage: Play, furnished: tuple[Stage, House]) -> Iterator[Seen]:
    """Rolled back when all addresses were asked."""
    stage, house = furnished
    with backstage(stage), transaction.atomic():
        yield Seen(census.furnish_more(replace(house, made={})), census.sign_in_all())
        transaction.set_rollback(True)


def test_every_address_has_its_line_and_every_line_its_address() -> None:
    assert {route.name for route in OF_WEB} == set(WEB)
    assert {r.name for r in ROUTES if r.conf == "inference"} == set(INFERENCE_FOR_ANONYMOUS)


@pytest.mark.parametrize("route", OF_WEB, ids=lambda route: route.name)
class TestAnAddress:
    def test_has_a_word_for_every_role_and_method(self, route: census.Route) -> None:
        assert list(WEB[route.name]) == census.answered(route)
        for codes in WEB[route.name].values():
            assert len(codes.split()) == len(census.ROLES)

    def test_answers_each_role_as_written(self, route: census.Route, seen: Seen) -> None:
        for method, codes in WEB[route.name].items():
            found = " ".join(seen.ask(route, method, role) for role in census.ROLES)
            assert found == codes, f"{method} {route.name}"

    def test_knows_no_other_method(self, route: census.Route, seen: Seen) -> None:
        if route.pattern.startswith(_ANY_METHOD):
            assert route.pattern in {r.pattern for r in OF_WEB}
            return
        for method in set(census.METHODS) - set(WEB[route.name]):
            assert seen.ask(route, method, "manager") == "405", method


@pytest.mark.parametrize("name", list(INFERENCE_FOR_ANONYMOUS))
def test_the_inference_process_answers_no_prediction_to_nobody(name: str, seen: Seen) -> None:
    (route,) = (r for r in ROUTES if r.name == name)
    for method, code in INFERENCE_FOR_ANONYMOUS[name].items():
        assert seen.ask(route, method, "anonymous") == code


def test_nobody_reads_anything_but_the_way_in_without_signing_in() -> None:
    open_to_all = {name for name, lines in WEB.items() if lines.get("GET", "").startswith("ok")}

    assert open_to_all == {
        "web: /health",
        "web: /accounts/login/",
        "web: /accounts/inactive/",
        "web: /accounts/way-in/",
        "web: /api/v1/schema",
    }
