"""Exports and prediction records over REST."""

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts.services import create_team
from audit.models import AuditEvent
from common.errors import Invalid
from compliance.models import Export
from compliance.services import request_export
from inference.models import Prediction
from registry.models import ModelVersion
from tests.compliance.world import World, run_next_job
from tests.trust.verifier import run_verifier
from worker.models import Job

EXPORTS = "/api/v1/exports"


def client_of(world: World, who: str) -> Client:
    """A signed-in client."""
    client = Client()
    client.force_login(world.users[who])
    return client


def post(
    world: World,
    who: str,
    scope: dict[str, Any],
    status: int = 202,
    headers: dict[str, str] | None = None,
) -> Any:
    """Ask for an export."""
    reply = client_of(world, who).post(
        EXPORTS, {"scope": scope}, content_type="application/json", headers=headers
    )
    assert reply.status_code == status, reply.content
    return reply.json()


def test_a_bundle_is_asked_for_made_and_fetched(world: World, tmp_path: Path) -> None:
    asked = post(world, "dora", {"kind": "all"})
    assert (asked["status"], asked["sha256"], asked["requested_by"]) == ("queued", None, "dora")
    dora = client_of(world, "dora")
    early = dora.get(f"{EXPORTS}/{asked['id']}/bundle")
    assert early.status_code == 409
    with world.notary.at_work():
        run_next_job()
    made = dora.get(f"{EXPORTS}/{asked['id']}").json()
    assert made["status"] == "succeeded"
    reply = dora.get(
        f"{EXPORTS}/{asked['id']}/bundle", headers={"Accept": "application/octet-stream"}
    )
    body = b"".join(reply.streaming_content)  # type: ignore[attr-defined]
    assert f"sha256:{hashlib.sha256(body).hexdigest()}" == made["sha256"]
    assert len(body) == made["size"] == int(reply.headers["Content-Length"])
    assert reply.headers["Content-Disposition"].startswith('attachment; filename="audit-')
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    (tmp_path / "bundle.zip").write_bytes(body)
    (tmp_path / "keys.txt").write_text(world.notary.keys.text())
    assert run_verifier(tmp_path / "bundle.zip", "--key", tmp_path / "keys.txt")[0] == 3


@pytest.mark.parametrize(
    ("who", "status"), [("dora", 202), ("cleo", 202), ("ada", 403), ("ben", 403), ("emil", 403)]
)
def test_compliance_and_managers_make_and_read_exports(world: World, who: str, status: int) -> None:
    post(world, who, {"kind": "all"}, status)
    made = post(world, "dora", {"kind": "all"})
    reads = 200 if status == 202 else 403
    client = client_of(world, who)
    for path, wanted in ((EXPORTS, reads), (f"{EXPORTS}/{made['id']}", reads)):
        assert client.get(path).status_code == wanted
    bundle = client.get(f"{EXPORTS}/{made['id']}/bundle").status_code
    assert bundle == (409 if reads == 200 else 403)


def test_the_request_is_in_the_log_with_its_scope(world: World) -> None:
    world.version(world.model("loans"), b"loans")
    scope = {"kind": "version", "model": "loans", "number": 1}
    asked = post(world, "cleo", scope)
    event = AuditEvent.objects.get(action="audit.export_requested")
    version = ModelVersion.objects.get()
    assert (event.subject_id, event.payload) == (asked["id"], {"scope": scope})
    assert f"version:{version.pk}" in event.related
    assert event.person_id == world.users["cleo"].person_id


@pytest.mark.parametrize(
    ("scope", "field"),
    [
        ({"kind": "everything"}, "scope.kind"),
        ({"kind": "all", "model": "loans"}, "model"),
        ({"kind": "model"}, "model"),
        ({"kind": "model", "model": "no-such"}, "model"),
        ({"kind": "model", "model": ""}, "scope.model"),
        ({"kind": "version", "model": "loans"}, "number"),
        ({"kind": "version", "model": "loans", "number": 9}, "number"),
        ({"kind": "version", "model": "loans", "number": 0}, "scope.number"),
        ({"kind": "version", "model": "", "number": 1}, "scope.model"),
        ({"kind": "version", "model": "loans", "number": "one"}, "scope.number"),
        ({"kind": "period", "from": "2026-01-01"}, "to"),
        ({"kind": "period", "from": "2026-01-02", "to": "2026-01-01"}, "to"),
        ({"kind": "period", "from": "soon", "to": "2026-01-01"}, "from"),
        ({"kind": "all", "colour": "red"}, "scope.colour"),
    ],
)
def test_a_scope_that_makes_no_sense_is_refused(
    world: World, scope: dict[str, Any], field: str
) -> None:
    world.model("loans")
    assert post(world, "dora", scope, 422)["field"] == field
    assert not Export.objects.exists()
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("scope", "field"),
    [
        ({"kind": "model", "model": ""}, "model"),
        ({"kind": "model", "model": "x" * 101}, "model"),
        ({"kind": "version", "model": "loans", "number": 0}, "number"),
        ({"kind": "version", "model": "loans", "number": True}, "number"),
    ],
)
def test_a_scope_is_read_strictly_wherever_it_comes_from(
    world: World, scope: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        request_export(caller=world.caller("dora"), scope=scope)
    assert refused.value.field == field


def test_asking_twice_with_one_key_makes_one_export(world: World) -> None:
    headers = {"Idempotency-Key": "export-of-today"}
    first = post(world, "dora", {"kind": "all"}, headers=headers)
    assert post(world, "dora", {"kind": "all"}, headers=headers)["id"] == first["id"]
    assert Export.objects.count() == 1


def test_the_list_shows_the_newest_first_with_the_state_of_the_job(
    world: World, settings: Any
) -> None:
    settings.EXPORT_NOTARY_SECONDS = 0.1
    first = post(world, "dora", {"kind": "all"})
    run_next_job()
    second = post(world, "cleo", {"kind": "all"})
    rows = client_of(world, "cleo").get(EXPORTS).json()["results"]
    assert [(row["id"], row["status"]) for row in rows] == [
        (second["id"], "queued"),
        (first["id"], "failed"),
    ]
    assert rows[1]["failure"].startswith("The notary has not signed the log")


@pytest.fixture
def answered(world: World) -> World:
    """Two models with one prediction each, the first one minutes before."""
    for name in ("loans", "cards"):
        version = world.version(world.model(name), name.encode())
        world.approve(version)
    early = timezone.now() - timedelta(minutes=5)
    world.predict(ModelVersion.objects.get(model__name="loans"), at=early)
    world.predict(ModelVersion.objects.get(model__name="cards"))
    return world


def test_members_read_the_records_of_their_models(answered: World) -> None:
    other = create_team(caller=answered.root, slug="other", name="Other")
    answered.join("sam", "Sam Stranger", other, "manager")
    for who, names in {"ada": ["cards", "loans"], "emil": [], "sam": []}.items():
        rows = client_of(answered, who).get("/api/v1/predictions").json()["results"]
        assert [row["model"] for row in rows] == names, who
    record = Prediction.objects.latest("at")
    for who, status in {"ada": 200, "dora": 200, "emil": 404, "sam": 404}.items():
        reply = client_of(answered, who).get(f"/api/v1/predictions/{record.pk}")
        assert reply.status_code == status, who


def test_a_record_shows_what_was_asked_and_answered(answered: World) -> None:
    row = Prediction.objects.select_related("batch").latest("at")
    shown = client_of(answered, "ada").get(f"/api/v1/predictions/{row.pk}").json()
    assert shown["record"]["output"] == [[0.75, 0.25]]
    assert shown["record"]["approval"] == shown["approval"]
    assert shown["batch_digest"] == f"sha256:{row.batch.digest}"
    sealed = AuditEvent.objects.get(action="predictions.sealed", subject_id=str(shown["batch"]))
    assert sealed.payload["digest"] == shown["batch_digest"]


def test_records_are_filtered_by_model_and_period(answered: World) -> None:
    ada = client_of(answered, "ada")
    minute = (timezone.now() - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def models(query: str) -> list[str]:
        rows = ada.get(f"/api/v1/predictions?{query}").json()["results"]
        return [row["model"] for row in rows]

    assert models("model=loans") == ["loans"]
    assert models(f"from={minute}") == ["cards"]
    assert models(f"to={minute}") == ["loans"]
    assert ada.get("/api/v1/predictions?model=no-such").status_code == 404
    assert ada.get("/api/v1/predictions?from=x").json()["field"] == "from"
    assert ada.get(f"/api/v1/predictions/{uuid4()}").status_code == 404
