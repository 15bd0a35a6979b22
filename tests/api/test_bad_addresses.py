"""Paths and queries: what names nothing is a 404, what is wrong is a 422 that says where."""

import re
from typing import Any
from uuid import uuid4

import pytest

from tests.api.calls import WEB
from tests.api.client import Api, nothing_written, refusal
from tests.api.document import operations
from tests.api.house import House
from tests.stage import Stage

pytestmark = pytest.mark.usefixtures("untraced")
LISTS = {
    "audit_checkpoints": "/audit/checkpoints",
    "audit_events": "/audit/events",
    "compressions_list": "/models/tumours/versions/1/compressions",
    "datasets_list": "/datasets",
    "evaluations_list": "/models/tumours/versions/1/evaluations",
    "explanations_list": "/models/tumours/versions/1/explanations",
    "exports_list": "/exports",
    "jobs_list": "/jobs",
    "models_history": "/models/tumours/history",
    "models_list": "/models",
    "packs_list": "/packs",
    "policies_list": "/policies",
    "predictions_list": "/predictions",
    "reviews_list": "/reviews",
    "tokens_list": "/tokens",
    "trainings_list": "/models/tumours/trainings",
    "users_list": "/users",
    "versions_history": "/models/tumours/versions/1/history",
    "versions_list": "/models/tumours/versions",
}
CURSORS = ["", "x", "cD1ub3BlJTAw", "bz0tMQ==", "é", "a:b:c", "x" * 5000, "' OR 1=1"]
NAMES = re.compile(r"{(\w+)}")
UNKNOWN = {
    "name": ["no-such-model", "x" * 300, "..", "%2e%2e", "a%20b", "tumours%00"],
    "number": ["0", "99", "2147483648", "9223372036854775808", "9" * 400, "-1", "1.5", "one"],
    "level": ["64", "00", "-1", "x" * 300, "%00"],
    "index": ["999", "000.p/0", "000.p/256", "x000/000", "0", "x" * 300, "%00", "..%2f000"],
    "alias": ["a" * 200, "latest", "a%20b", "%00"],
    "slug": ["nobody", "x" * 300, "%00"],
    "username": ["nobody", "x" * 3000, "%00", "a%00b"],
    "role": ["king", "%00"],
    "file": ["nothing.bin", "..%2f..%2fetc%2fpasswd", "x" * 3000, "%00"],
    "rows": ["sha256:0", "x" * 300, "%00", "sha256:" + "0" * 64],
    "form": ["doc", "x" * 300, "%00"],
    "digest": ["sha256:0", "x" * 3000, "%00", "sha256:" + "0" * 64],
}
UUIDS = ["00000000-0000-0000-0000-000000000000", "not-a-uuid", "%00", "x" * 300]


def wrong(parameter: str) -> list[str]:
    """Values that name nothing."""
    return UUIDS if parameter.endswith("_id") else UNKNOWN[parameter]


def body_of(name: str, house: House) -> Any:
    """The good body, so that the address alone is at fault."""
    body = WEB[name].body
    return body(house) if body else None


WITH_PATH = [name for name, (_, path) in operations().items() if NAMES.search(path)]


@pytest.mark.parametrize("name", WITH_PATH)
def test_what_does_not_exist_is_refused_in_every_place_of_a_path(
    name: str, house: House, api: Api, stage: Stage
) -> None:
    house.made = Anything()
    method, path = operations()[name]
    good = {key: str(value) for key, value in WEB[name].path(house).items()}
    with nothing_written(stage.folder):
        for parameter, value in ((p, v) for p in NAMES.findall(path) for v in wrong(p)):
            address = path.format(**(good | {parameter: value}))
            reply = api.send(method, address, body_of(name, house), headers=WEB[name].headers)
            assert reply.status_code in {403, 404, 405, 409, 415, 422}, (address, reply.content)
            refusal(reply)


class Anything(dict[str, Any]):
    """Replies of calls that nobody made: every id in them names nothing."""

    def __missing__(self, key: str) -> Any:
        return {
            "id": str(uuid4()),
            "job_id": str(uuid4()),
            "results": [{"id": str(uuid4())}],
        }


@pytest.mark.parametrize("path", LISTS.values(), ids=LISTS)
def test_a_page_has_1_to_200_rows(path: str, api: Api) -> None:
    for limit in ("0", "-1", "201", "1e3", "", "ten", "9" * 50, "１", "1 "):
        refusal(api.get(f"{path}?limit={limit}"), 422, field="limit")


@pytest.mark.parametrize("path", LISTS.values(), ids=LISTS)
def test_a_list_has_pages(path: str, api: Api) -> None:
    reply = api.get(f"{path}?limit=1")
    assert reply.status_code == 200
    assert set(reply.json()) == {"next", "previous", "results"}
    assert len(reply.json()["results"]) <= 1
    assert api.get(f"{path}?limit=200").status_code == 200


@pytest.mark.parametrize("path", LISTS.values(), ids=LISTS)
def test_a_cursor_that_was_not_given_out_is_refused(path: str, api: Api) -> None:
    for cursor in CURSORS:
        refusal(api.get(f"{path}?cursor={cursor}"), 422, field="cursor")


def test_a_cursor_works_only_for_lists_of_its_order(api: Api) -> None:
    onward = api.get("/users?limit=1").json()["next"]
    cursor = onward.rpartition("cursor=")[2].partition("&")[0]
    refusal(api.get(f"/reviews?cursor={cursor}"), 422, field="cursor")


def test_pages_lead_through_all_rows_and_back(api: Api) -> None:
    everybody = [user["username"] for user in api.get("/users").json()["results"]]
    seen, page = [], api.get("/users?limit=3").json()
    while True:
        seen += [user["username"] for user in page["results"]]
        if not page["next"]:
            break
        page = api.http.get(page["next"], headers=api.always).json()
    assert seen == everybody
    assert len(seen) > 6
    last = len(page["results"])
    back = api.http.get(page["previous"], headers=api.always).json()["results"]
    assert [user["username"] for user in back] == everybody[-last - 3 : -last]


FILTERS = {
    "/models?risk_tier=immense": "risk_tier",
    "/models?risk_tiers=low": "risk_tiers",
    "/models?q=a&q=b": "q",
    "/models?q=%00": "query",
    "/models?tag=a%00b": "query",
    "/me?anything=1": "anything",
    "/jobs?status=lost": "status",
    "/reviews?state=lost": "state",
    "/audit/events?action=nothing.happened": "action",
    "/audit/events?person=ada": "person",
    "/audit/events?subject=ada": "subject",
    "/audit/events?related=:": "related",
    "/audit/events?from=yesterday": "from",
    "/audit/events?to=99999-01-01": "to",
    "/audit/consistency": "from",
    "/audit/consistency?from=-1": "from",
    "/audit/consistency?from=1.5": "from",
    "/audit/consistency?from=1&to=x": "to",
    "/predictions?from=0001-01-01T00:00:00%2B14:00": "from",
}


@pytest.mark.parametrize("address", FILTERS)
def test_a_filter_that_means_nothing_is_named(address: str, api: Api) -> None:
    refusal(api.get(address), 422, field=FILTERS[address])


@pytest.mark.parametrize("address", ["/models?q=%ff%fe", "/models?q=%ed%a0%80", "/models?tag=%F0"])
def test_a_query_that_is_no_text_finds_nothing_and_breaks_nothing(address: str, api: Api) -> None:
    assert api.get(address).json()["results"] == []


@pytest.mark.parametrize("cookie", ['session="\\000\\000\\000\\000\\000\\000\\000\\000"'])
def test_a_cookie_with_a_nul_character_is_refused(cookie: str, house: House) -> None:
    refusal(Api().get("/me", Cookie=cookie), 422, field="session")


@pytest.mark.parametrize("path", ["/nothing", "/models/", "//models", "/models/tumours/", "/%00"])
def test_an_unknown_address_is_a_problem_document(path: str, api: Api) -> None:
    refusal(api.get(path), 404, 422)


@pytest.mark.parametrize("name", {path: name for name, (_, path) in operations().items()}.values())
def test_a_method_that_an_address_does_not_know_is_a_405(
    name: str, house: House, api: Api, stage: Stage
) -> None:
    house.made = Anything()
    path = operations()[name][1]
    allowed = {method for method, other in operations().values() if other == path}
    address = path.format(**WEB[name].path(house))
    with nothing_written(stage.folder):
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"} - allowed:
            refusal(api.send(method, address), 405)


@pytest.mark.parametrize("name", operations())
def test_a_form_of_reply_that_nobody_makes_is_a_406(name: str, house: House, api: Api) -> None:
    house.made = Anything()
    method, path = operations()[name]
    address = path.format(**WEB[name].path(house))
    refusal(api.send(method, address, {}, headers={"Accept": "image/png"}), 406)
