"""Resumable uploads as a client sees them over HTTP."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.callers import Caller
from registry.models import Upload
from tests.registry.upload_steps import DATA, SHA

pytestmark = pytest.mark.django_db


@pytest.fixture
def http(ada: Caller) -> Client:
    client = Client()
    client.force_login(ada.user)
    return client


def patch(http: Client, upload_id: str, data: bytes, **headers: str) -> Any:
    given = {"Upload-Offset": "0"} | {k.replace("_", "-"): v for k, v in headers.items()}
    kind = given.pop("Content-Type", "application/octet-stream")
    return http.patch(f"/api/v1/uploads/{upload_id}", data, content_type=kind, headers=given)


def post(http: Client, **changes: Any) -> Any:
    wishes = {"name": "model.onnx", "size": len(DATA)} | changes
    return http.post("/api/v1/uploads", wishes, content_type="application/json")


class TestOverHttp:
    def test_a_file_goes_in(self, http: Client) -> None:
        begun = post(http, sha256=SHA)
        assert begun.status_code == 201
        upload = begun.json()
        assert (upload["offset"], upload["sha256"], upload["name"]) == (0, "", "model.onnx")
        half = patch(http, upload["id"], DATA[:1000])
        assert half.status_code == 200
        assert (half.json()["offset"], half["Upload-Offset"]) == (1000, "1000")
        done = patch(http, upload["id"], DATA[1000:], Upload_Offset="1000")
        assert done.json()["sha256"] == SHA
        seen = http.get(f"/api/v1/uploads/{upload['id']}").json()
        assert seen == done.json()
        assert seen["expires_at"].endswith("Z")
        assert http.delete(f"/api/v1/uploads/{upload['id']}").status_code == 204
        assert http.get(f"/api/v1/uploads/{upload['id']}").status_code == 404

    def test_larger_than_the_limit_of_ordinary_bodies(
        self, http: Client, settings: Settings
    ) -> None:
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
        assert patch(http, post(http).json()["id"], DATA).json()["sha256"] == SHA

    def test_refusals_have_one_shape(self, http: Client) -> None:
        upload = post(http).json()["id"]
        replies = {
            409: patch(http, upload, DATA, Upload_Offset="7"),
            413: patch(http, upload, DATA + b"x"),
            415: patch(http, upload, DATA, Content_Type="application/json"),
            404: patch(http, str(uuid4()), DATA),
            422: patch(http, upload, DATA, Upload_Offset="-1"),
        }
        for status, reply in replies.items():
            assert reply.status_code == status
            assert reply["Content-Type"] == "application/problem+json"
            assert reply.json()["status"] == status

    @pytest.mark.parametrize("given", ["", "-1", "1.0", "0x1", "１", "9" * 19, "zero"])
    def test_needs_an_offset(self, http: Client, given: str) -> None:
        reply = patch(http, post(http).json()["id"], DATA, Upload_Offset=given)
        assert (reply.status_code, reply.json()["field"]) == (422, "Upload-Offset")

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"size": 0}, "size"),
            ({"size": "many"}, "size"),
            ({"size": None}, "size"),
            ({"name": "../x"}, "name"),
            ({"name": ["x"]}, "name"),
            ({"sha256": "1"}, "sha256"),
            ({"extra": 1}, "extra"),
        ],
    )
    def test_names_the_field_at_fault(
        self, http: Client, changes: dict[str, Any], field: str
    ) -> None:
        reply = post(http, **changes)
        assert (reply.status_code, reply.json()["field"]) == (422, field)
        assert not Upload.objects.exists()

    def test_strangers_must_sign_in(self, http: Client) -> None:
        upload = post(http).json()["id"]
        stranger = Client()
        for reply in (post(stranger), patch(stranger, upload, DATA)):
            assert reply.status_code == 401

    def test_other_people_see_nothing(self, http: Client, ben: Caller) -> None:
        upload = post(http).json()["id"]
        other = Client()
        other.force_login(ben.user)
        replies = [
            patch(other, upload, DATA),
            other.get(f"/api/v1/uploads/{upload}"),
            other.delete(f"/api/v1/uploads/{upload}"),
        ]
        assert [reply.status_code for reply in replies] == [404, 404, 404]

    def test_a_session_needs_the_csrf_token(self, ada: Caller) -> None:
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(ada.user)
        assert post(strict).status_code == 403
