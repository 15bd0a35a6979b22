"""A real browser on the real pages, over a database of the test alone."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.base import AXE_SCRIPT as AXE
from axe_playwright_python.base import AxeResults
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from playwright.sync_api import BrowserContext, Page, expect

from tests.cast import user_of
from tests.stage import (
    Stage,
    approved,
    approved_copy,
    approved_template,
    backstage,
    ready,
    ready_copy,
    ready_template,
)

__all__ = [
    "approved",
    "approved_copy",
    "approved_template",
    "backstage",
    "ready",
    "ready_copy",
    "ready_template",
]

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
EVERY_RULE = {"type": "tag", "values": WCAG}
HEIGHT = 900
# The suite keeps every core busy; what a page promises is to show it, not by when.
expect.set_options(timeout=20_000)
# Each width and each theme once: what a rule sees depends on one of them, hardly on the pair.
LOOKS = ((1440, "light"), (390, "dark"))


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Requests are not printed."""


@contextmanager
def _serving() -> Iterator[str]:
    """The web process's application on a free port of this process, until the block ends."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), _Quiet)
    server.daemon_threads = True
    server.set_app(get_wsgi_application())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Site:
    """The pages of a stage, and whatever the browser complained about."""

    url: str
    stage: Stage
    problems: list[str] = field(default_factory=list)

    def sign_in(self, context: BrowserContext, username: str) -> None:
        """Everything that this context opens is opened as this person."""
        user, session = user_of(username), SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        context.add_cookies(
            [{"name": "session", "value": str(session.session_key), "url": self.url}]
        )

    def listen(self, page: Page) -> None:
        """Keep errors of scripts, of the console and refusals of the content policy."""
        page.on("console", lambda m: self.problems.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    def look_at(self, page: Page, path: str) -> None:
        """Open a page and hold it to what every page promises, wide and narrow, light and dark."""
        page.set_viewport_size({"width": LOOKS[0][0], "height": HEIGHT})
        page.context.add_cookies([{"name": "theme", "value": LOOKS[0][1], "url": self.url}])
        response = page.goto(self.url + path)
        assert response is not None
        assert response.status == 200, path
        self.look_around(page, path)

    def look_around(self, page: Page, path: str) -> None:
        """Hold a page that is open to the same."""
        page.evaluate(AXE)
        for width, theme in LOOKS:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
            self._accessible(page, f"{path} at {width} px, {theme}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert self.problems == [], path

    def _accessible(self, page: Page, where: str) -> None:
        options = {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"]}
        found = AxeResults(page.evaluate("options => axe.run(options)", options))
        assert found.violations_count == 0, f"{where}: {found.generate_report()}"


@pytest.fixture(scope="session")
def base_url() -> str:
    """None for all: each test has its own server. The plugin's own fixture warns under pytest 9."""
    return ""


@pytest.fixture
def site(approved_copy: Stage) -> Iterator[Site]:
    """Pages over an approved champion; what the browser does is committed."""
    with _serving() as url:
        yield Site(url, approved_copy)


OpenAs = Callable[[str], Page]


@pytest.fixture
def open_as(site: Site, page: Page) -> OpenAs:
    """The browser's page, signed in as one of the cast."""

    def sign_in(username: str) -> Page:
        site.listen(page)
        site.sign_in(page.context, username)
        return page

    return sign_in
