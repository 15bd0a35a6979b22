"""The log over REST: who sees what, and what an outsider can check with it."""

from base64 import b64decode
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import ApiToken
from accounts.services import create_team, create_token
from audit.models import AuditEvent
from tests.compliance.world import World
from trust.merkle import leaf_hash, verify_consistency
from trust.notes import open_checkpoint
from trust.proofs import parse_proof, verify_proof

LOG = "/api/v1/audit/events"


@pytest.fixture
def registered(world: World) -> World:
    """A model with one version, and the log of it signed."""
    world.version(world.model("loans"), b"loans")
    world.notary.work()
    return world


def get(world: World, who: str, path: str, status: int = 200, **headers: str) -> Any:
    """The reply's JSON, or its text where it is none."""
    client = Client(headers=headers or None)
    client.force_login(world.users[who])
    reply = client.get(path)
    assert reply.status_code == status, reply.content
    if reply.headers["Content-Type"].startswith("text/plain"):
        return reply.content.decode()
    return reply.json()


@pytest.mark.parametrize(
    ("who", "status"), [("dora", 200), ("cleo", 200), ("ada", 403), ("ben", 403), ("emil", 403)]
)
def test_compliance_and_managers_of_the_only_team_read_the_whole_log(
    registered: World, who: str, status: int
) -> None:
    found = get(registered, who, f"{LOG}?limit=200", status)
    if status == 403:
        assert found["detail"] == "Only compliance, managers and administrators read the log."
    else:
        assert len(found["results"]) == AuditEvent.objects.count()


def test_administrators_read_the_whole_log(registered: World) -> None:
    client = Client()
    client.force_login(registered.root.user)
    assert client.get(LOG).status_code == 200


def test_nobody_reads_it_without_signing_in(registered: World) -> None:
    for path in ("events", "checkpoint", "checkpoints", "consistency?from=0", "keys"):
        assert Client().get(f"/api/v1/audit/{path}").status_code == 401


def test_a_token_reads_only_with_the_scope_for_it(registered: World) -> None:
    for scope, status in (("read", 200), ("predict", 403)):
        _row, text = create_token(
            caller=registered.caller("dora"), name=scope, scopes=[scope], days=1
        )
        bearer = {"Authorization": f"Bearer {text}"}
        for path in (LOG, "/api/v1/audit/checkpoint", "/api/v1/predictions", "/api/v1/exports"):
            assert Client(headers=bearer).get(path).status_code == status, path
    assert ApiToken.objects.count() == 2


def test_an_event_names_the_person_who_did_it(registered: World) -> None:
    [event] = get(registered, "dora", f"{LOG}?action=version.registered")["results"]
    ada = registered.users["ada"]
    assert event["actor"] == {
        "person": str(ada.person_id),
        "name": "Ada Berg",
        "user": str(ada.pk),
        "via": "session",
    }
    assert event["meaning"] == "A version was registered"
    assert event["payload"]["number"] == 1
    assert isinstance(event["index"], int)


def test_the_log_is_filtered_by_the_address(registered: World) -> None:
    model = AuditEvent.objects.get(action="model.registered")
    ada = registered.users["ada"].person_id

    def actions(query: str) -> set[str]:
        return {row["action"] for row in get(registered, "dora", f"{LOG}?{query}")["results"]}

    assert actions(f"person={ada}") == {"model.registered", "version.registered", "card.edited"}
    assert actions(f"subject=model:{model.subject_id}") == {"model.registered"}
    assert actions(f"related=model:{model.subject_id}&action=card.edited") == {"card.edited"}
    assert actions("q=in-house") == {"model.registered"}
    assert actions("from=2999-01-01") == set()
    assert "user.created" in actions("to=2999-01-01T00:00:00Z&action=user.created")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("action=no.such", "action"),
        ("person=ada", "person"),
        ("subject=model", "subject"),
        ("related=:x", "related"),
        ("from=yesterday", "from"),
        ("to=0001-01-01", "to"),
    ],
)
def test_a_wrong_filter_is_named(registered: World, query: str, field: str) -> None:
    assert get(registered, "dora", f"{LOG}?{query}", 422)["field"] == field


def test_pages_follow_one_another_without_gap(registered: World) -> None:
    seen, path = [], f"{LOG}?limit=4"
    while path:
        page = get(registered, "dora", path)
        seen += [row["id"] for row in page["results"]]
        path = (page["next"] or "").removeprefix("http://testserver")
    newest_first = AuditEvent.objects.order_by("-id").values_list("uuid", flat=True)
    assert seen == [str(uuid) for uuid in newest_first]


def test_a_page_costs_the_same_queries_whatever_its_length(registered: World) -> None:
    counts = []
    for limit in (3, 30):
        get(registered, "dora", f"{LOG}?limit={limit}")
        with CaptureQueriesContext(connection) as queries:
            get(registered, "dora", f"{LOG}?limit={limit}")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_an_event_is_proved_with_its_text_and_the_key_alone(registered: World) -> None:
    [row] = get(registered, "dora", f"{LOG}?action=version.registered")["results"]
    event = get(registered, "dora", f"{LOG}/{row['id']}")
    text = get(registered, "dora", f"{LOG}/{row['id']}/proof", Accept="text/plain")
    leaf = leaf_hash(event["leaf"].encode())
    assert leaf.hex() == event["leaf_hash"]
    proof = parse_proof(text.encode())
    assert proof.index == event["index"]
    assert verify_proof(proof, leaf, registered.notary.keys).size > proof.index


def test_an_event_that_waits_says_so(registered: World) -> None:
    registered.model("another")
    event = AuditEvent.objects.latest("id").uuid
    assert get(registered, "dora", f"{LOG}/{event}")["index"] is None
    refused = get(registered, "dora", f"{LOG}/{event}/proof", 409, Accept="text/plain")
    assert "not given it its place yet" in refused["detail"]


def test_members_see_and_prove_the_events_of_their_own_models_only(registered: World) -> None:
    other = create_team(caller=registered.root, slug="other", name="Other")
    registered.join("sam", "Sam Stranger", other, "contributor", "reviewer")
    mine = AuditEvent.objects.get(action="version.registered").uuid
    people = AuditEvent.objects.filter(action="user.created").latest("id").uuid
    for name, event, status in [
        ("ada", mine, 200),
        ("ben", mine, 200),
        ("emil", mine, 404),
        ("sam", mine, 404),
        ("ada", people, 404),
        ("dora", mine, 200),
        ("dora", people, 404),
        ("dora", uuid4(), 404),
    ]:
        get(registered, name, f"{LOG}/{event}", status)
    get(registered, "sam", f"{LOG}/{mine}/proof", 404)


def test_histories_are_for_readers_of_the_evidence(registered: World) -> None:
    model, version = "/api/v1/models/loans/history", "/api/v1/models/loans/versions/1/history"
    assert [row["action"] for row in get(registered, "ada", model)["results"]] == [
        "card.edited",
        "version.registered",
        "model.registered",
    ]
    found = get(registered, "ben", f"{version}?action=card.edited")["results"]
    assert [row["actor"]["name"] for row in found] == ["Ada Berg"]
    for path in (model, version):
        get(registered, "emil", path, 403)
    get(registered, "ada", "/api/v1/models/loans/versions/2/history", 404)


def test_the_newest_checkpoint_is_the_signed_text(registered: World) -> None:
    text = get(registered, "emil", "/api/v1/audit/checkpoint", Accept="text/plain")
    assert open_checkpoint(text.encode(), registered.notary.keys).size == AuditEvent.objects.count()
    [row] = get(registered, "emil", "/api/v1/audit/checkpoints")["results"]
    assert row["note"] == text


def test_before_the_first_checkpoint_there_is_none(world: World) -> None:
    get(world, "dora", "/api/v1/audit/checkpoint", 404)
    get(world, "dora", "/api/v1/audit/consistency?from=0", 409)


def test_growth_is_proved_between_two_sizes(registered: World) -> None:
    size = AuditEvent.objects.count()
    registered.model("another")
    registered.notary.work()
    found = get(registered, "emil", f"/api/v1/audit/consistency?from={size}")
    assert (found["old_size"], found["new_size"]) == (size, size + 1)
    hashes = [b64decode(item) for item in found["hashes"]]
    roots = b64decode(found["old_root"]), b64decode(found["new_root"])
    assert verify_consistency(size, size + 1, hashes, *roots)
    newest = open_checkpoint(
        get(registered, "emil", "/api/v1/audit/checkpoint").encode(), registered.notary.keys
    )
    assert newest.root == roots[1]


@pytest.mark.parametrize("query", ["", "?from=x", "?from=-1", "?from=9999", "?from=3&to=2"])
def test_sizes_that_make_no_sense_are_refused(registered: World, query: str) -> None:
    assert get(registered, "dora", f"/api/v1/audit/consistency{query}", 422)["field"] == "from"


def test_the_keys_are_the_public_lines(registered: World) -> None:
    assert get(registered, "emil", "/api/v1/audit/keys") == registered.notary.keys.text()
