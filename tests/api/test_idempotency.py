"""The same key with the same request: one effect, and the same reply again."""

import pytest

from accounts.models import IdempotencyKey
from tests.api.calls import WEB
from tests.api.client import Api, nothing_written, refusal
from tests.api.document import operations
from tests.api.house import House, token_of
from tests.cast import who
from tests.stage import Stage

KEY = "Idempotency-Key"
ONCE = [
    "comments_write",
    "compressions_request",
    "datasets_register",
    "evaluations_request",
    "explanations_request",
    "exports_request",
    "findings_answer",
    "findings_raise",
    "models_register",
    "packs_request",
    "plans_seal",
    "register_import",
    "reviews_open",
    "teams_create",
    "trainings_request",
    "versions_register",
]


def test_every_operation_with_a_key_is_tried_here() -> None:
    assert sorted(operations(with_header=KEY)) == ONCE


@pytest.mark.parametrize("name", ONCE)
def test_a_request_that_is_sent_twice_has_one_effect_and_one_reply(
    name: str, house: House, api: Api, stage: Stage
) -> None:
    method, path = operations()[name]
    address = path.format(**WEB[name].path(house))
    made = WEB[name].body
    body = made(house) if made else None
    first = api.send(method, address, body, headers={KEY: "the-first-key"})
    assert first.status_code in {200, 201, 202}, first.content
    with nothing_written(stage.folder):
        again = api.send(method, address, body, headers={KEY: "the-first-key"})
        assert (again.status_code, again.json()) == (first.status_code, first.json())
        other = (body or {}) | {"surprise": 1}
        refusal(api.send(method, address, other, headers={KEY: "the-first-key"}), 409)
        elsewhere = {KEY: "the-first-key"}
        refusal(api.send("POST", "/teams", {"slug": "b", "name": "B"}, headers=elsewhere), 409)


@pytest.mark.parametrize("name", ONCE)
def test_a_key_that_is_no_key_is_refused(name: str, house: House, api: Api, stage: Stage) -> None:
    method, path = operations()[name]
    address = path.format(**WEB[name].path(house))
    made = WEB[name].body
    body = made(house) if made else None
    with nothing_written(stage.folder):
        for key in ("", "short", "x" * 129, "a b c d e f", "schlüssel", "key;drop--1"):
            refusal(api.send(method, address, body, headers={KEY: key}), 422, field=KEY)


def test_a_refused_request_leaves_its_key_free(house: House, api: Api) -> None:
    headers = {KEY: "a-key-to-use-again"}
    refusal(api.send("POST", "/teams", {"slug": "new-team"}, headers=headers), 422, field="name")
    assert not IdempotencyKey.objects.filter(key="a-key-to-use-again").exists()
    good = {"slug": "new-team", "name": "New team"}
    assert api.send("POST", "/teams", good, headers=headers).status_code == 201


def test_another_person_may_use_the_same_key(house: House, api: Api) -> None:
    headers = {KEY: "everybodys-first-key"}
    body = {"body": "Why?", "anchor": ""}
    address = f"/reviews/{house['review']}/comments"
    first = api.send("POST", address, body, headers=headers)
    second = Api(token_of(who("ben"))[1]).send("POST", address, body, headers=headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] != second.json()["id"]


def test_the_order_of_fields_makes_no_other_request(house: House, api: Api) -> None:
    headers = {KEY: "the-order-of-fields"}
    first = api.send("POST", "/teams", b'{"slug": "x-1", "name": "X"}', headers=headers)
    second = api.send("POST", "/teams", b'{"name":"X","slug":"x-1"}', headers=headers)
    assert first.json() == second.json()
