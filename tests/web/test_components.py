"""What the shared pieces of the pages promise to readers, screen readers and the policy."""

import datetime as dt
import re
from typing import Any

import pytest
from django import forms
from django.template import engines
from django.test import RequestFactory
from django.utils import timezone, translation

from web.context import shell
from web.templatetags import components, formats
from web.templatetags.vocabulary import GATE_STATES, STATES, gate_look

DIGEST = "sha256:" + "c4b0e2" + "0" * 52 + "19af77"


def rendered(source: str, **context: Any) -> str:
    """A template rendered with the library of the pages, white space folded."""
    template = engines["django"].from_string(source)
    return re.sub(r"\s+", " ", template.render(context)).strip()


@pytest.mark.parametrize("state", sorted(STATES))
def test_every_state_has_an_icon_that_exists_and_a_word(state: str) -> None:
    sprite = rendered('{% include "c/icons.html" %}')
    assert f'id="i-{STATES[state].icon}"' in sprite
    assert str(STATES[state].word) in rendered("{% badge state %}", state=state)


@pytest.mark.parametrize("state", sorted(GATE_STATES))
def test_every_gate_state_has_an_icon_that_exists(state: str) -> None:
    assert f'id="i-{GATE_STATES[state].icon}"' in rendered('{% include "c/icons.html" %}')


@pytest.mark.parametrize("written", ["In review", "in_review", "IN-REVIEW"])
def test_a_state_is_known_however_it_is_written(written: str) -> None:
    assert 'class="badge wait"' in rendered("{% badge state %}", state=written)


def test_an_unknown_state_is_shown_neutrally_and_escaped() -> None:
    markup = rendered("{% badge state %}", state="<b>odd</b>")
    assert 'class="badge"' in markup
    assert "&lt;b&gt;odd" in markup


def test_an_advisory_gate_that_fails_warns() -> None:
    assert gate_look("failed", required=True).tone == "bad"
    assert gate_look("failed", required=False).tone == "warn"


def test_a_gate_shows_the_measured_value_against_the_limit_and_opens_when_it_fails() -> None:
    gate = {"gate": "F1", "state": "failed", "measured": 0.91, "limit": 0.95, "required": True}
    markup = rendered("{% gate_row gate %}", gate=gate)
    assert "0.91 · limit 0.95" in markup
    assert "<details open>" in markup
    assert "<details open>" not in rendered("{% gate_row gate %}", gate=gate | {"state": "passed"})


def test_gates_are_counted_by_group() -> None:
    gates = [
        {"gate": "a", "state": "passed", "group": "Integrity"},
        {"gate": "b", "state": "failed", "group": "Integrity"},
    ]
    assert "1 of 2" in rendered("{% gate_list gates %}", gates=gates)


def test_a_metric_with_an_unclear_difference_says_no_clear_change() -> None:
    metric = {
        "name": "F1",
        "value": 0.95,
        "was": 0.94,
        "delta": {"value": 0.01, "low": -0.01, "high": 0.03},
    }
    assert components.metric_view(metric).change == "+0.010 no clear change"


def test_a_share_is_shown_in_percent_and_its_difference_in_points() -> None:
    metric = {
        "name": "Recall",
        "value": 0.786,
        "was": 0.741,
        "percent": True,
        "delta": {"value": 0.045, "low": 0.031, "high": 0.059},
        "limit": 0.0,
    }
    view = components.metric_view(metric)
    assert (view.value, view.was, view.change) == ("78.6%", "74.1%", "+4.5 pp better")
    assert view.caption == "95% CI [+3.1, +5.9] pp · limit 0.0 pp"


def test_a_metric_without_a_champion_shows_its_own_interval() -> None:
    metric = {"name": "Accuracy", "value": 0.98, "interval": [0.95, 1.0], "limit": 0.9}
    view = components.metric_view(metric)
    assert view.change == ""
    assert view.caption == "95% CI [0.950, 1.000] · limit 0.900"


def test_a_digest_is_short_on_the_page_and_whole_for_the_clipboard() -> None:
    markup = rendered("{% digest value %}", value=DIGEST)
    assert ">c4b0e2…19af77<" in markup
    assert f'data-copy="{DIGEST}"' in markup
    assert f'title="{DIGEST}"' in markup


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, "0 B"), (999, "999 B"), (4100, "4.1 kB"), (999_960, "1.0 MB"), (38_200_000, "38.2 MB")],
)
def test_sizes_have_decimal_prefixes(size: int, expected: str) -> None:
    assert formats.size(size) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.12, "120 ms"),
        (4.2, "4.2 s"),
        (41, "41 s"),
        (125, "2 min 5 s"),
        (7500, "2 h 5 min"),
        (dt.timedelta(minutes=1), "1 min 0 s"),
        (None, "–"),
    ],
)
def test_durations_have_at_most_two_units(seconds: object, expected: str) -> None:
    assert formats.duration(seconds) == expected


def test_a_time_is_absolute_with_its_zone_and_utc_in_the_title() -> None:
    with timezone.override("Asia/Shanghai"):
        markup = rendered("{% when at %}", at="2026-11-19T09:14:00.000000Z")
    assert 'title="2026-11-19T09:14:00Z"' in markup
    assert "19 Nov 2026, 17:14 CST" in markup


def test_no_time_is_a_dash() -> None:
    assert rendered("{% when at %}", at=None) == "–"


class Example(forms.Form):
    """A small form."""

    name = forms.CharField(help_text="Lower case.")
    agreed = forms.BooleanField()


def test_a_field_ties_its_hint_and_error_to_the_control() -> None:
    markup = rendered("{% field form.name %}", form=Example({"name": ""}))
    described = re.search(r'aria-describedby="([^"]+)"', markup)
    assert described is not None
    assert all(f'id="{name}"' in markup for name in described[1].split())
    assert 'aria-invalid="true"' in markup


def test_errors_are_listed_on_top_with_links_to_their_fields() -> None:
    markup = rendered("{% error_summary form %}", form=Example({}))
    assert '<a href="#id_name">Name: This field is required.</a>' in markup


def test_paging_and_sorting_keep_the_filters_of_the_address() -> None:
    request = RequestFactory().get("/models", {"tier": "high", "cursor": "old", "sort": "name"})
    page = rendered('{% pager next="abc" %}', request=request)
    assert 'href="?tier=high&amp;sort=name&amp;cursor=abc"' in page
    head = rendered('{% sort_header "name" "Name" %}', request=request)
    assert 'aria-sort="ascending"' in head
    assert 'href="?tier=high&amp;sort=-name"' in head


def test_a_code_block_cannot_break_out_of_its_attribute() -> None:
    markup = rendered("{% code_block text %}", text='"><img src=x>')
    assert "<img" not in markup


def test_the_theme_of_a_page_is_the_readers_cookie_and_nothing_else() -> None:
    request = RequestFactory().get("/")
    request.COOKIES["theme"] = 'dark"><script>'
    assert shell(request)["theme"] == ""
    request.COOKIES["theme"] = "dark"
    assert shell(request)["theme"] == "dark"


@pytest.mark.parametrize("code", ["500", "csrf"])
def test_an_error_page_needs_no_context_and_names_what_to_do(code: str) -> None:
    markup = engines["django"].get_template(f"errors/{code}.html").render({})
    body = re.sub(r"<svg.*?</svg>", "", markup, flags=re.S)
    assert re.search(r"<h1>[^<]+</h1>\s*<p>[^<]+</p>", body)
    assert "style=" not in markup


def test_every_sentence_of_the_pieces_is_translated() -> None:
    with translation.override("zh-hans"):
        assert "审查中" in rendered('{% badge "in_review" %}')
        assert "跳到正文" in engines["django"].get_template("errors/500.html").render({})
