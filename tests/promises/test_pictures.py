"""Every page that somebody can open has its pictures in the docs."""

import pytest

from scripts.pictures import FOLDER, OF_WAIVERS, PICTURES, SIZES, Picture
from tests.promises.routes import PAGES

ALL = PICTURES | OF_WAIVERS
# Files, parts of pages, and what is left once somebody has signed out.
NO_PAGES = {
    "health",
    "palette",
    "accounts/logout/",
    "accounts/inactive/",
    "models/<slug:name>/versions/<int:number>/manifest",
    "models/<slug:name>/versions/<int:number>/artifacts/<slug:role>/<str:file>",
    "models/<slug:name>/versions/<int:number>/evidence/<slug:digest>",
    "attachments/<uuid:pk>",
    "reviews/<uuid:pk>/statement",
    "reviews/<uuid:pk>/approval",
    "jobs/<uuid:pk>/live",
    "jobs/<uuid:pk>/log",
    "audit/events/<uuid:pk>/proof",
    "audit/events/<uuid:pk>/leaf",
    "audit/export/<uuid:pk>",
    "packs/<uuid:pk>/files/<slug:form>",
    "register/export",
}


def opened() -> set[str]:
    """The addresses that answer somebody's GET, or would if the state of things allowed it."""
    found = {name.removeprefix("web: /") for name, row in PAGES.items() if "GET" in row}
    answers = {name: PAGES[f"web: /{name}"]["GET"].split() for name in found}
    return {name for name, codes in answers.items() if {"ok", "no"} & set(codes)}


def test_each_page_is_taken_or_is_no_page() -> None:
    assert opened() == set(ALL) | NO_PAGES
    assert not set(ALL) & NO_PAGES


@pytest.mark.parametrize("picture", ALL.values(), ids=lambda picture: picture.name)
def test_each_picture_is_there_in_every_size_and_theme(picture: Picture) -> None:
    assert len(picture.files()) == len(SIZES)
    for file in picture.files():
        assert file.read_bytes().startswith(b"\x89PNG"), file.name


def test_there_is_no_picture_of_what_is_no_more() -> None:
    named = {file.name for picture in ALL.values() for file in picture.files()}
    named |= {f"review-top-{width}-{theme}.png" for width, theme in SIZES}
    assert {file.name for file in FOLDER.iterdir()} == named
