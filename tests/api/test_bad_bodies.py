"""Every operation with a JSON body refuses every bad body by a 4xx that names the field, and leaves
nothing behind."""

import json
from typing import Any

import pytest

from tests.api.calls import WEB
from tests.api.client import Api, nothing_written, refusal
from tests.api.document import operations
from tests.api.house import House
from tests.api.spoil import Bad, spoilt, without
from tests.factories import verbs
from tests.stage import Stage

pytestmark = pytest.mark.usefixtures("untraced")
OPTIONAL = {
    "cards_edit": set(),
    "comments_write": {"anchor", "reply_to"},
    "validations_save": {"rating"},
    "compressions_request": {"params", "calibration"},
    "datasets_register": set(),
    "evaluations_request": {"seed", "resamples"},
    "entries_write": {"place", "technology", "validator", "validated_on", "revalidate_on"},
    "explanations_request": {"seed", "rows"},
    "findings_amend": {"owner", "due_on"},
    "findings_answer": {"evidence"},
    "findings_raise": {"anchor"},
    "holds_place": {"until"},
    "models_change": {"purpose", "licence", "tags"},
    "models_register": {"tags"},
    "packs_request": {"number"},
    "plans_seal": {"seed", "resamples"},
    "policies_try": set(),
    "reviews_open": {"scope"},
    "aliases_move": {"accept_schema_change"},
    "register_import": {"dry_run", "digest"},
    "trainings_request": {"params", "validation"},
    "users_create": {"email"},
    "versions_register": {"signature", "declared", "note"},
}
# Asked without a body as before there was anything to say.
BODY_IS_OPTIONAL = {"reviews_open"}
USE_UPLOADS = ["versions_register", "datasets_register"]
BODIES = [name for name, call in WEB.items() if call.body is not None]


def at(house: House, name: str) -> tuple[str, str, dict[str, Any]]:
    """Method, path and good body of an operation."""
    call = WEB[name]
    assert call.body is not None
    method, path = operations()[name]
    return method, path.format(**call.path(house)), call.body(house)


def judge(name: str, bad: Bad, reply: Any) -> None:
    """Fails with what was sent, unless the reply is the refusal that it should be."""
    try:
        assert bad.is_named(refusal(reply, *bad.statuses).get("field", ""))
    except AssertionError as error:
        raise AssertionError(f"{name}: {bad.what}: {error}: {reply.content[:300]}") from None


@pytest.mark.parametrize("name", BODIES)
def test_a_spoilt_body_is_refused_and_named(
    name: str, house: House, api: Api, stage: Stage
) -> None:
    method, path, body = at(house, name)
    with nothing_written(stage.folder):
        for bad in spoilt(body):
            judge(name, bad, api.send(method, path, bad.raw))


@pytest.mark.parametrize("name", USE_UPLOADS)
def test_after_refusals_the_same_upload_can_be_registered(
    name: str, house: House, api: Api
) -> None:
    method, path, body = at(house, name)
    for bad in spoilt(body):
        api.send(method, path, bad.raw)
    reply = api.send(method, path, body)
    assert reply.status_code == 202, reply.content[:300]
    verbs.at_work(reply.json()["job_id"])


@pytest.mark.parametrize("name", BODIES)
def test_a_missing_field_is_named(name: str, house: House, api: Api, stage: Stage) -> None:
    method, path, body = at(house, name)
    with nothing_written(stage.folder):
        for field, rest in without(body):
            if field in OPTIONAL.get(name, set()):
                continue
            refusal(api.send(method, path, rest), 422, field=field)


@pytest.mark.parametrize("name", BODIES)
def test_only_json_within_the_limit_is_read(
    name: str, house: House, api: Api, stage: Stage
) -> None:
    method, path, body = at(house, name)
    text = json.dumps(body).encode()
    with nothing_written(stage.folder):
        for kind in ("text/plain", "application/xml", "application/x-www-form-urlencoded", "x"):
            refusal(api.send(method, path, text, kind=kind), 415)
        huge = json.dumps(body | {"surprise": "x" * 10_000_000}).encode()
        refusal(api.send(method, path, huge), 413, field="body")
        if name not in BODY_IS_OPTIONAL:
            refusal(api.send(method, path, b""), 422)
