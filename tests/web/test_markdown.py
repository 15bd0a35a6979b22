"""What people may write in a card, and what never gets through."""

from html.parser import HTMLParser

import pytest

from web.markdown import rendered, rendered_fields


class Tags(HTMLParser):
    """Every tag that a browser would see, with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.seen.append((tag, {name: value or "" for name, value in attrs}))


def test_formatting_lists_tables_and_links_are_shown() -> None:
    shown = rendered("**a** `b`\n\n- one\n\n|x|y|\n|-|-|\n|1|2|\n\n[site](https://example.org)")
    for part in ("<strong>a</strong>", "<code>b</code>", "<li>one</li>", "<td>1</td>"):
        assert part in shown
    assert '<a href="https://example.org" rel="noopener noreferrer nofollow">site</a>' in shown


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![pixel](https://example.org/p.png)",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        '<a href="https://example.org" onclick="alert(1)" style="color:red">x</a>',
        "<style>*{display:none}</style>",
        "<iframe src=https://example.org></iframe>",
        "[x](https://example.org 'a\" onmouseover=\"alert(1)')",
    ],
)
def test_nothing_that_acts_or_loads_gets_through(evil: str) -> None:
    found = Tags()
    found.feed(rendered(evil))
    assert {tag for tag, _attributes in found.seen} <= {"p", "a"}
    for _tag, attributes in found.seen:
        assert set(attributes) <= {"href", "title", "rel"}
        assert attributes.get("href", "https:").startswith("https:")


def test_headings_stand_below_those_of_the_page() -> None:
    assert rendered("# Top\n\n###### Deep") == "<h4>Top</h4>\n<h6>Deep</h6>\n"


def test_empty_fields_are_left_out() -> None:
    assert [label for label, _text in rendered_fields([("a", "x"), ("b", " ")])] == ["a"]
