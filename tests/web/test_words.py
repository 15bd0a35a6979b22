"""Pages speak in words: names of records stand on them as code, or not at all."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from django.urls import reverse

from governance.models import PolicyVersion
from governance.services import submit
from tests.cast import who
from tests.factories import verbs
from tests.factories.findings import found
from tests.stage import MODEL, Stage
from tests.web.conftest import As
from web.words import word

_CODE = {"script", "code", "pre", "textarea", "svg"}
_VOID = {"input", "br", "img", "meta", "link", "hr", "use", "option"}
# Names of records have underscores or colons inside; those without are words of no page here.
_NAME = re.compile(r"\b[a-z0-9]+(?:_[a-z0-9]+)+\b|\b(?:metric|slice|review|version):\S")
_ALONE = {"golden", "sandbox", "uploaded", "compressed", "binary", "probabilities", "rlimits-only"}


class _Said(HTMLParser):
    """The texts that a reader sees as words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            classes = (dict(attrs).get("class") or "").split()
            self.open.append((tag, tag in _CODE or "mono" in classes))

    def handle_endtag(self, tag: str) -> None:
        while tag not in _VOID and self.open and self.open.pop()[0] != tag:
            """Elements that need no end."""

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(is_code for _tag, is_code in self.open):
            self.texts.append(" ".join(data.split()))


def names_on(page: str) -> Iterator[str]:
    """What stands there and is no word."""
    for text in _Said(page).texts:
        yield from _NAME.findall(text)
        if text in _ALONE:
            yield text


@pytest.fixture
def review(approved: Stage) -> str:
    """A second version, in review, about which a finding was raised."""
    version = verbs.another(who("ada"), approved.version.model, strength=0.5)
    verbs.make_ready(who("ada"), version)
    found("ben", version)
    return str(submit(caller=who("ada"), version=version).pk)


def test_no_page_shows_names_of_records_as_words(approved: Stage, review: str, as_: As) -> None:
    model, version = [MODEL], [MODEL, 1]
    policy = PolicyVersion.objects.get(tier="high", team=None).pk
    addresses = [
        reverse("web:review", args=[review]),
        reverse("web:model", args=model),
        *(reverse(f"web:version{tab}", args=version) for tab in ("", "-files", "-signature")),
        reverse("web:version-history", args=version),
        reverse("web:training-new", args=model),
        reverse("web:policy", args=[policy]),
        reverse("web:policy-draft") + f"?from={policy}",
        reverse("web:datasets"),
        reverse("web:dataset", args=[verbs.dataset().pk]),
        reverse("web:audit"),
        reverse("web:past") + f"?model={MODEL}&alias=champion",
        reverse("web:past-model") + f"?model={MODEL}",
        reverse("web:past-person") + "?person=ben",
        reverse("web:register-import"),
    ]
    mira = as_("mira")
    shown = {address: mira.get(address).content.decode() for address in addresses}

    found_on = {address: set(names_on(page)) for address, page in shown.items()}
    assert {address: names for address, names in found_on.items() if names} == {}


def test_a_name_that_nobody_knows_is_shown_as_it_is() -> None:
    assert word("holograms", "evidence") == "holograms"
