"""Another team's things, asked for by every id and name: nothing is shown, nothing is changed."""

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver

from accounts.callers import Caller
from governance.models import Comment, Review
from tests.api.calls import PREDICT, WEB
from tests.api.client import Api, nothing_written, refusal
from tests.api.document import operations
from tests.api.house import House, token_of
from tests.api.test_bad_addresses import Anything
from tests.cast import user_of
from tests.stage import MODEL, Stage

# What everybody may see or do: himself, the tree's heads, the program's own lists and the
# instance's policies. The seeded things are another team's in all the others.
OPEN = {
    "retention_rules",
    "sessions_list",
    "sessions_end_others",
    "me_read",
    "passkeys_list",
    "passkeys_offer",
    "second_factor_read",
    "second_factor_offer",
    "teams_list",
    "tokens_list",
    "tokens_create",
    "pack_templates_list",
    "recipes_list",
    "policies_list",
    "policies_read",
    "policies_compare",
    "upload_start",
    "audit_checkpoint",
    "audit_checkpoints",
    "audit_consistency",
    "audit_keys",
}
LISTS = {
    "register_calendar",
    "register_export",
    "retention_due",
    "tombstones_list",
    "holds_list",
    "register_list",
    "predictions_refused",
    "delegations_list",
    "waiting_list",
    "mailing_read",
    "emergencies_list",
    "policies_try",
    "findings_list",
    "proposals_list",
    "models_list",
    "datasets_list",
    "jobs_list",
    "reviews_list",
    "approvals_ending",
    "aliases_changes",
    "predictions_list",
}
OWN = {
    "delegations_make",
    "mailing_choose",
    "passkeys_register",
    "second_factor_enrol",
    "recovery_codes_renew",
    "second_factor_remove",
    "way_in",
}
CLOSED = sorted(set(WEB) - OPEN - LISTS - OWN)
assert set(PREDICT) == {"predict", "predict_version"}


def _secrets(house: House) -> list[str]:
    names = ("dataset", "review", "job", "evidence", "statement")
    return [MODEL, "credit", *(house[name].removeprefix("sha256:") for name in names)]


def test_no_operation_shows_or_changes_what_is_another_teams(
    house: House, stage: Stage, stranger: Caller
) -> None:
    api = Api(token_of(stranger)[1])
    house.made = Anything()
    for name in CLOSED:
        method, path = operations()[name]
        call = WEB[name]
        body = call.raw or (call.body(house) if call.body else None)
        kind = "application/octet-stream" if call.raw else "application/json"
        where = path.format(**call.path(house))
        with nothing_written(stage.folder):
            reply = api.send(method, where, body, kind=kind, headers=call.headers)
        assert refusal(reply, 403, 404)["detail"], name


def test_no_list_names_what_is_another_teams(house: House, stranger: Caller) -> None:
    api = Api(token_of(stranger)[1])
    for name in sorted(OPEN | LISTS):
        method, path = operations()[name]
        if method == "GET" and "{" not in path:
            text = api.get(path).content.decode()
            assert not [one for one in _secrets(house) if one in text], name


def _pages() -> list[str]:
    found: list[str] = []
    for pattern in get_resolver("web.urls").url_patterns:
        assert isinstance(pattern, URLPattern)
        found.append(str(pattern.pattern))
    return found


def pages_about(house: House, model: str = MODEL, team: str = "credit") -> list[str]:
    """Every page's address with these things in every place."""
    return [one for route in _pages() for one in _filled(route, house, model, team)]


def _filled(route: str, house: House, model: str = MODEL, team: str = "credit") -> list[str]:
    """The address with the house's things in every place."""
    if "<uuid:pk>" in route or "<uuid:" in route:
        start, _, rest = route.partition("<")
        end = rest.partition(">")[2]
        ids = ("dataset", "review", "approved_review", "job", "token")
        return [f"/{start}{house[name]}{end}" for name in ids]
    known = {
        "<slug:name>": model,
        "<int:number>": "1",
        "<slug:slug>": team,
        "<slug:role>": house["role"],
        "<str:file>": house["file"],
        "<slug:digest>": house["evidence"].removeprefix("sha256:"),
    }
    for place, value in known.items():
        route = route.replace(place, value)
    return [f"/{route}"]


@pytest.mark.parametrize("method", ["get", "post"])
def test_no_page_shows_or_changes_what_is_another_teams(
    method: str, house: House, stage: Stage, stranger: Caller
) -> None:
    client = Client()
    client.force_login(
        user_of("eve"), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    client.get("/")
    before = Review.objects.count(), Comment.objects.count()
    for route in _pages():
        for address in _filled(route, house):
            reply = getattr(client, method)(address)
            text = reply.getvalue()
            # What was asked for may be said back; what was not must not come.
            hidden = [one for one in _secrets(house) if one not in address]
            leaked = [one for one in hidden if one.encode() in text]
            assert reply.status_code < 500, address
            assert not leaked, (address, leaked)
            if "<" in route and "policies" not in route and reply.status_code != 302:
                assert reply.status_code in (403, 404, 405, 422), (address, reply.status_code)
            if reply.status_code == 302:
                assert client.get(reply["Location"]).status_code in (200, 404), address
    assert (Review.objects.count(), Comment.objects.count()) == before


@pytest.mark.parametrize("query", ["tum", "%", "_", "", "1", "' OR 1=1 --"])
def test_the_search_finds_nothing_of_another_team(
    query: str, house: House, stranger: Caller
) -> None:
    client = Client()
    client.force_login(
        user_of("eve"), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    for address in ("/palette", "/models", "/datasets", "/reviews", "/jobs", "/playground"):
        reply = client.get(address, {"q": query})
        assert reply.status_code == 200
        assert MODEL not in reply.content.decode()


@pytest.mark.parametrize("target", [f"{MODEL}@champion", f"{MODEL}/1", f"{MODEL}/99", "none/1"])
def test_the_playground_asks_no_model_of_another_team(
    target: str, house: House, stranger: Caller
) -> None:
    client = Client()
    client.force_login(
        user_of("eve"), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    address = f"/playground?target={target}"
    assert client.get(address).status_code == 404
    assert client.post(address, {"body": "{}"}).status_code == 404


def test_uploads_of_another_person_are_not_there(house: House, stranger: Caller) -> None:
    api = Api(token_of(stranger)[1])
    for name in ("onnx", "csv"):
        where = f"/uploads/{house[name]}"
        refusal(api.get(where), 404)
        refusal(api.send("DELETE", where), 404)
        at_0 = {"Upload-Offset": "0"}
        kind = "application/octet-stream"
        refusal(api.send("PATCH", where, b"x", kind=kind, headers=at_0), 404)
    body = {
        "upload": house["csv"],
        "team": "other",
        "name": "mine",
        "format": "csv",
        "split": "train",
        "target": "diagnosis",
        "origin": "stolen",
        "licence": "MIT",
    }
    refusal(api.send("POST", "/datasets", body), 404)
