"""The playground: an example that fits, kind refusals, and snippets that say the same."""

import ast
import html
import json
import shlex
from typing import Any

import numpy as np
import pytest
from django.test import override_settings
from django.urls import reverse

from tests.cast import who
from tests.factories import tiny, verbs
from tests.instance import free_port
from tests.stage import MODEL, Stage
from tests.web.conftest import As
from web.playground import snippets
from web.playground.example import body_for

CHAMPION = f"{MODEL}@champion"


def text(response: Any) -> str:
    """The page as its reader sees it."""
    return html.unescape(response.content.decode())


def page(client: Any, **query: str) -> Any:
    """The page of a target."""
    return client.get(reverse("web:playground"), query)


def test_without_anything_approved_it_says_what_is_needed(ready: Stage, as_: As) -> None:
    assert "Only approved versions answer" in text(page(as_("ada")))


def test_begins_with_the_champion_and_a_real_row(approved: Stage, as_: As) -> None:
    response = page(as_("ada"))
    assert response.context["target"].key == CHAMPION
    form = response.context["form"]
    assert [field.label for field in form.fields.values()] == list(tiny.COLUMNS)
    row = [field.initial for field in form.fields.values()]
    known = tiny.rows("test")[0].astype(np.float32)
    assert np.isclose(known, np.array(row, np.float32), rtol=1e-6).all(axis=1).any()


def test_shows_consumers_zeros_since_golden_rows_are_evidence(approved: Stage, as_: As) -> None:
    form = page(as_("carl")).context["form"]
    assert [field.initial for field in form.fields.values()] == [0.0] * 4


def test_offers_the_request_as_json(approved: Stage, as_: As) -> None:
    form = page(as_("ada"), **{"target": CHAMPION, "as": "json"}).context["form"]
    assert set(json.loads(form["request_body"].initial)["rows"][0]) == set(tiny.COLUMNS)


def test_says_kindly_that_the_inference_process_is_silent(approved: Stage, as_: As) -> None:
    client = as_("ada")
    fields = {f"f{place}": "1.0" for place in range(4)}
    with override_settings(INFERENCE_URL=f"http://localhost:{free_port()}"):
        response = client.post(reverse("web:playground") + f"?target={CHAMPION}", fields)
    assert response.status_code == 200
    assert "The inference process does not answer" in text(response)


@pytest.mark.parametrize("value", ["", "a", "nan", "inf"])
def test_refuses_what_is_no_number_beside_its_field(approved: Stage, as_: As, value: str) -> None:
    fields = {f"f{place}": "1.0" for place in range(4)} | {"f2": value}
    response = as_("ada").post(reverse("web:playground") + f"?target={CHAMPION}", fields)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["f2"]


@pytest.mark.parametrize("body", ["", "{", "[" * 5000])
def test_refuses_what_is_no_json(approved: Stage, as_: As, body: str) -> None:
    address = reverse("web:playground") + f"?target={CHAMPION}&as=json"
    response = as_("ada").post(address, {"request_body": body})
    assert response.status_code == 422


@pytest.mark.parametrize(
    ("target", "status"),
    [("nothing@champion", 404), (f"{MODEL}@nothing", 404), (f"{MODEL}/9", 404), ("x", 422),
     (f"{MODEL}/x", 422), (f"{MODEL}/1", 200)],
)  # fmt: skip
def test_knows_which_targets_there_are(approved: Stage, as_: As, target: str, status: int) -> None:
    assert page(as_("ada"), target=target).status_code == status


def test_shows_strangers_no_model(approved: Stage, as_: As) -> None:
    assert page(as_("dan"), target=CHAMPION).status_code == 404
    assert MODEL not in text(page(as_("dan")))


def test_a_version_may_be_asked_before_it_is_approved(approved: Stage, as_: As) -> None:
    verbs.another(who("ada"), approved.version.model, strength=0.5)
    assert page(as_("ada"), target=f"{MODEL}/2").status_code == 200


def test_snippets_send_the_same_body_whatever_stands_in_it() -> None:
    body = {"rows": [{'it\'s "odd" $HOME `x`': 1.5}]}
    words = shlex.split(snippets.curl("http://localhost/p", body).replace("\\\n", " "))
    assert json.loads(words[words.index("-d") + 1]) == body
    tree = ast.parse(snippets.python("http://localhost/p", body))
    assigned = next(node for node in tree.body if isinstance(node, ast.Assign))
    assert ast.literal_eval(assigned.value) == body


def test_a_request_has_the_simplest_form_that_the_signature_allows() -> None:
    image = {"name": "x", "dtype": "float32", "shape": ["batch", 1, 2, 2], "features": None}
    plain = {"inputs": [image]}
    assert body_for(plain, None) == {"rows": [[[[0.0, 0.0], [0.0, 0.0]]]]}
    two = {"inputs": [image, image | {"name": "y", "shape": ["batch", 1]}]}
    assert body_for(two, None) == {"inputs": {"x": [[[[0.0, 0.0], [0.0, 0.0]]]], "y": [[0.0]]}}
