"""No link of a page leads to a page that is not there, or that its reader may not open."""

import re
from collections import deque
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client
from django.urls import resolve

from tests.cast import user_of
from tests.stage import Stage

_LINK = re.compile(r"<a [^>]*?href=\"([^\"#?]+)")
_KINDS_OF_PAGE = 8
# There is none before the notary's first round, which sees only what is committed.
_NOT_YET = {"/api/v1/audit/checkpoint"}


def _links(client: Client, path: str) -> set[str]:
    """Addresses of this site that a page links to; none of what is no page."""
    reply = client.get(path)
    assert reply.status_code in (200, 302), path
    if not reply.headers.get("Content-Type", "").startswith("text/html"):
        reply.getvalue()
        return set()
    found = (urljoin(path, link) for link in _LINK.findall(reply.content.decode()))
    here = {link for link in found if link.startswith("/") and not urlsplit(link).netloc}
    return here - _NOT_YET


def _walk(client: Client, start: str) -> set[str]:
    """Every kind of page that links lead to, opened once; two of each kind."""
    seen: dict[str, int] = {}
    known, waiting = {start}, deque([start])
    while waiting:
        path = waiting.popleft()
        kind = resolve(path).route
        seen[kind] = seen.get(kind, 0) + 1
        if seen[kind] > 2:
            continue
        found = _links(client, path) - known
        known |= found
        waiting.extend(sorted(found))
    return set(seen)


@pytest.mark.parametrize("name", ["ada", "ben", "mira", "cora", "carl", "root", "dan"])
def test_each_link_leads_where_its_reader_may_go(name: str, approved: Stage) -> None:
    client = Client()
    client.force_login(user_of(name), backend="allauth.account.auth_backends.AuthenticationBackend")

    assert len(_walk(client, "/")) > _KINDS_OF_PAGE


def test_so_does_each_link_of_the_sign_in_page(approved: Stage) -> None:
    client = Client()
    links = _links(client, "/accounts/login/")
    assert "/accounts/password/reset/" not in links
    for link in links:
        _links(client, link)
