"""Requests that another site makes a browser send, and pages that it would frame or guess."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from tests.api.house import EVERYBODY, House
from tests.cast import user_of
from tests.promises import census
from tests.stage import Play, Stage

ROUTES = [route for route in census.routes() if route.conf == "web"]
HEADERS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
}
# Open to whoever is not signed in, who has nothing that another site could use.
_OPEN = ("api/v1/way-in",)


@pytest.fixture(scope="module")
def everything(backstage: Play, furnished: tuple[Stage, House]) -> Iterator[House]:
    """The furnished house; rolled back when all addresses were asked."""
    stage, house = furnished
    with backstage(stage), transaction.atomic():
        yield census.furnish_more(replace(house, made={}))
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def browser(everything: House) -> Client:
    """That of somebody who may do everything; it looks for the secret of the page."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(user_of(EVERYBODY))
    return client


def _asked(browser: Client, route: census.Route, method: str, house: House) -> Any:
    """The reply; what it did is rolled back."""
    is_api = route.pattern.startswith("api/")
    kind = "application/json" if is_api else "application/x-www-form-urlencoded"
    with transaction.atomic():
        where = census.address(route, house)
        reply: Any = browser.generic(method, where, b"{}" if is_api else b"", content_type=kind)
        if reply.streaming:
            b"".join(reply.streaming_content)
        transaction.set_rollback(True)
    return reply


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
class TestAnAddress:
    def test_changes_nothing_for_another_site(
        self, route: census.Route, browser: Client, everything: House
    ) -> None:
        if route.pattern in _OPEN:
            return
        for method in set(census.answered(route)) - {"GET"}:
            assert _asked(browser, route, method, everything).status_code in (403, 405), method

    def test_is_framed_guessed_and_kept_by_nobody(
        self, route: census.Route, browser: Client, everything: House
    ) -> None:
        for method in census.answered(route):
            reply = _asked(browser, route, method, everything)
            assert {name: reply.headers.get(name) for name in HEADERS} == HEADERS | {
                "Cache-Control": reply.headers["Cache-Control"]
            }
            assert "no-store" in reply.headers["Cache-Control"]
            policy = reply.headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in policy or policy.startswith("sandbox;")
