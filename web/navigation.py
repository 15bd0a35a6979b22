"""The navigation of every page, as far as its reader may go there."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.callers import Caller
from accounts.policies import keeps_people
from common.decisions import Decision
from compliance.policies import may_read_exports, may_read_log


class Entry(NamedTuple):
    """One line of the navigation before it is placed on a page; `may` says who sees it."""

    name: str
    label: str | Promise
    icon: str
    may: Callable[[Caller], Decision] | None = None


class Item(NamedTuple):
    """One line of the navigation on a page."""

    label: str | Promise
    icon: str
    url: str
    number: int
    current: bool


class Group(NamedTuple):
    """Lines under one heading."""

    caption: str | Promise
    items: list[Item]


NAVIGATION: list[tuple[str | Promise, list[Entry]]] = [
    (
        "",
        [
            Entry("web:home", _("Waiting for me"), "inbox"),
            Entry("web:reviews", _("Reviews"), "okc"),
            Entry("web:findings", _("Findings"), "warn"),
            Entry("web:models", _("Models"), "box"),
            Entry("web:register", _("Register"), "log"),
            Entry("web:datasets", _("Datasets"), "file"),
        ],
    ),
    (
        pgettext_lazy("navigation", "Operate"),
        [
            Entry("web:jobs", _("Jobs"), "job"),
            Entry("web:playground", _("Playground"), "play"),
        ],
    ),
    (
        pgettext_lazy("navigation", "Govern"),
        [
            Entry("web:audit", _("Audit log"), "log", may_read_log),
            Entry("web:past", _("Time machine"), "wait", may_read_log),
            Entry("web:packs", _("Packs"), "archive", may_read_exports),
            Entry("web:retention", _("Retention"), "archive"),
            Entry("web:policies", _("Policies"), "policy"),
            Entry("web:proposals", _("Proposals"), "okc", keeps_people),
            Entry("web:access", _("Access"), "key"),
            Entry("web:api-docs", _("API"), "code"),
        ],
    ),
]


def _address(name: str) -> str:
    """Address of a page, empty where this process does not serve it."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _item(entry: Entry, path: str, counts: Mapping[str, int]) -> Item | None:
    url = _address(entry.name)
    if not url:
        return None
    current = path == url or (url != "/" and path.startswith(url.rstrip("/") + "/"))
    return Item(entry.label, entry.icon, url, counts.get(entry.name, 0), current)


def navigation(caller: Caller, path: str, counts: Mapping[str, int]) -> list[Group]:
    """The navigation of a person as seen from `path`; `counts` are badges by page name."""
    groups = []
    for caption, entries in NAVIGATION:
        shown = [entry for entry in entries if entry.may is None or entry.may(caller)]
        items = [item for entry in shown if (item := _item(entry, path, counts))]
        if items:
            groups.append(Group(caption, items))
    return groups
