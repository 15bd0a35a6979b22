"""A token does what its scopes say and nothing else, at every operation of the API."""

import pytest

from accounts.callers import Caller
from accounts.models import ApiToken
from tests.api.calls import WEB
from tests.api.client import Api, nothing_written, refusal
from tests.api.document import operations
from tests.api.house import EVERYBODY, House, token_of
from tests.api.test_bad_addresses import Anything
from tests.cast import who
from tests.stage import Stage

READING = sorted(name for name in WEB if operations()[name][0] == "GET")
# Questions that are too long for an address.
ASKED = {"policies_try"}
# Looks at no token: the two halves say who it is.
WITHOUT_TOKEN = {"way_in"}
WRITING = sorted(set(WEB) - set(READING) - ASKED - WITHOUT_TOKEN)


def _everybody() -> Caller:
    """Zoe has every role and administers the instance; only the token holds her back."""
    return who(EVERYBODY)


def _send(name: str, house: House, token: str) -> object:
    house.made = Anything()
    method, path = operations()[name]
    call = WEB[name]
    body = call.raw or (call.body(house) if call.body else None)
    kind = "application/octet-stream" if call.raw else "application/json"
    where = path.format(**call.path(house))
    return Api(token).send(method, where, body, kind=kind, headers=call.headers)


def test_a_token_for_predictions_reads_nothing(house: House) -> None:
    token = token_of(_everybody(), "predict")[1]
    for name in sorted({*READING, *ASKED}):
        assert refusal(_send(name, house, token), 403)["detail"], name


@pytest.mark.parametrize("scope", ["read", "predict"])
def test_a_token_that_may_not_write_changes_nothing(scope: str, house: House, stage: Stage) -> None:
    token = token_of(_everybody(), scope)[1]
    with nothing_written(stage.folder):
        for name in WRITING:
            # 404 where the thing itself is hidden from such a token.
            assert refusal(_send(name, house, token), 403, 404)["detail"], name


@pytest.mark.parametrize("scopes", [["read"], ["read", "write"], ["sign", "predict"]])
def test_a_stolen_token_makes_no_successor_and_ends_no_other(
    scopes: list[str], house: House
) -> None:
    api = Api(token_of(_everybody(), *scopes)[1])
    before = ApiToken.objects.count()
    refusal(api.send("POST", "/tokens", {"name": "next", "scopes": scopes, "days": 365}), 403)
    refusal(api.send("DELETE", f"/tokens/{house['token']}"), 403)
    assert ApiToken.objects.count() == before
    assert ApiToken.objects.get(pk=house["token"]).revoked_at is None


def test_no_token_becomes_stronger_than_it_was(house: House) -> None:
    api = Api(token_of(_everybody(), "admin")[1])
    wishes = {"name": "more", "scopes": ["admin", "sign"], "days": 1}
    refusal(api.send("POST", "/tokens", wishes), 403)
