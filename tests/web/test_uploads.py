"""Versions and datasets from files: uploaded before, or sent with the form by a plain browser."""

import html
import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from pytest_django import Settings

from registry.models import DatasetRequest, DatasetSnapshot, ModelVersion, Upload, VersionRequest
from tests.cast import TEAM, who
from tests.factories import tiny, verbs
from tests.stage import MODEL, Stage
from tests.web.conftest import As

ADDRESS = f"/models/{MODEL}/versions/new"
FURTHER = ("sidecar", "weights", "tokenizer")


def text(response: Any) -> str:
    """The page as its reader sees it."""
    return html.unescape(response.content.decode())


def file(name: str, body: bytes = b"bytes") -> SimpleUploadedFile:
    """A file as a browser sends it."""
    return SimpleUploadedFile(name, body)


def artifacts(number: int = 2) -> set[tuple[str, str]]:
    """Role and name of a version's files."""
    version = ModelVersion.objects.get(number=number)
    return set(version.artifacts.values_list("role", "name"))


def job_of_version() -> UUID:
    """The job of the version that was asked for and is not there yet."""
    job: UUID = VersionRequest.objects.get(version=None).job_id
    return job


class TestAVersionByUpload:
    def fields(self, **wishes: Any) -> dict[str, Any]:
        given = {"signature": json.dumps(tiny.SIGNATURE), "note": ""}
        return given | wishes

    def test_is_checked_and_registered(self, ready: Stage, as_: As) -> None:
        upload = verbs.send(who("ada"), "model.onnx", tiny.model_bytes(0.25))
        fields = self.fields(model_file=upload)
        response = as_("ada").post(ADDRESS, fields)
        job = job_of_version()
        assert response["Location"] == reverse("web:job", args=[job])
        assert response["Location"] in text(as_("ada").get(reverse("web:model", args=[MODEL])))
        verbs.at_work(job)
        shown = text(as_("ada").get(response["Location"]))
        assert f'href="{reverse("web:version", args=[MODEL, 2])}"' in shown

    def test_that_is_no_onnx_is_refused_by_its_job_which_leads_back_to_the_form(
        self, ready: Stage, as_: As
    ) -> None:
        upload = verbs.send(who("ada"), "model.pkl", b"\x80\x04K\x01.")
        more = [verbs.send(who("ada"), f"{name}.json", b"{}") for name in ("a", "b")]
        as_("ada").post(ADDRESS, self.fields(model_file=upload, sidecar=more))
        job = job_of_version()
        refusal = verbs.refused_at_work(job)
        shown = text(as_("ada").get(reverse("web:job", args=[job])))
        assert refusal.reason in shown
        assert "<code>artifacts</code>" in shown
        again = f"{ADDRESS}?job={job}"
        assert f'href="{again}"' in shown
        form = as_("ada").get(again)
        assert form.context["kept"]["model_file"] == [(upload, "model.pkl")]
        assert [pk for pk, _ in form.context["kept"]["sidecar"]] == more
        assert '"malignant"' in text(form)
        for username, asked in (("mira", job), ("ada", "no-job")):
            other = as_(username).get(f"{ADDRESS}?job={asked}")
            assert other.context["kept"]["model_file"] == []
        assert ModelVersion.objects.count() == 1

    def test_that_is_being_registered_is_refused_beside_the_form(
        self, ready: Stage, as_: As
    ) -> None:
        upload = verbs.send(who("ada"), "model.onnx", tiny.model_bytes(0.25))
        fields = self.fields(model_file=upload)
        as_("ada").post(ADDRESS, fields)
        response = as_("ada").post(ADDRESS, fields)
        assert response.status_code == 409
        assert "This upload is being registered already." in text(response)
        assert f'value="{upload}"' in text(response)

    def test_may_be_kept_as_an_opaque_file(self, ready: Stage, as_: As) -> None:
        upload = verbs.send(who("ada"), "model.pkl", b"\x80\x04K\x01.")
        fields = self.fields(model_file=upload, is_opaque="on", signature="")
        as_("ada").post(ADDRESS, fields)
        verbs.at_work(job_of_version())
        assert not ModelVersion.objects.get(number=2).servable

    @pytest.mark.parametrize("signature", ["{", "[]", "NaN", "[" * 5000])
    def test_with_a_broken_signature_says_so(self, ready: Stage, as_: As, signature: str) -> None:
        upload = verbs.send(who("ada"), "model.onnx", tiny.model_bytes())
        fields = self.fields(model_file=upload, signature=signature)
        response = as_("ada").post(ADDRESS, fields)
        assert response.status_code == 422
        assert "signature" in response.context["form"].errors


class TestFurtherFiles:
    def fields(self, **wishes: Any) -> dict[str, Any]:
        model = verbs.send(who("ada"), "model.onnx", tiny.model_bytes(0.25))
        return {"model_file": model, "signature": json.dumps(tiny.SIGNATURE), "note": ""} | wishes

    def test_are_as_many_as_there_are_of_each_role(self, ready: Stage, as_: As) -> None:
        names = {role: [f"{role}-{n}.json" for n in range(3)] for role in FURTHER}
        sent = {
            role: [verbs.send(who("ada"), name, name.encode()) for name in names[role]]
            for role in FURTHER[:2]
        }
        as_("ada").post(ADDRESS, self.fields(**sent))
        verbs.at_work(job_of_version())
        assert artifacts() == {
            ("model", "model.onnx"),
            *((role, name) for role in FURTHER[:2] for name in names[role]),
        }

    def test_that_are_unticked_after_a_refusal_are_left_out(self, ready: Stage, as_: As) -> None:
        kept, left = (verbs.send(who("ada"), f"{name}.json", b"{}") for name in ("a", "b"))
        refused = as_("ada").post(ADDRESS, self.fields(sidecar=[kept, left], signature="{}"))
        assert refused.context["kept"]["sidecar"] == [(kept, "a.json"), (left, "b.json")]
        fields = self.fields(sidecar=[kept], model_file=refused.context["kept"]["model_file"][0][0])
        as_("ada").post(ADDRESS, fields)
        verbs.at_work(job_of_version())
        assert artifacts() == {("model", "model.onnx"), ("sidecar", "a.json")}

    def test_that_are_none_are_refused(self, ready: Stage, as_: As) -> None:
        response = as_("ada").post(ADDRESS, self.fields(sidecar=["no-id"]))
        assert response.status_code == 422
        assert "sidecar" in response.context["form"].errors
        assert as_("ada").post(ADDRESS, self.fields(sidecar=[uuid4()])).status_code == 404

    def test_of_another_person_are_not_even_named(self, ready: Stage, as_: As) -> None:
        foreign = verbs.send(who("mira"), "secret-name.bin", b"x")
        response = as_("ada").post(ADDRESS, self.fields(sidecar=[foreign]))
        assert response.status_code == 404
        assert "secret-name" not in text(response)


class TestWithoutScript:
    """Everything goes in one request, as a browser sends a form with files."""

    def fields(self, **wishes: Any) -> dict[str, Any]:
        given = {
            "model_file": "",
            "model_file-bytes": file("model.onnx", tiny.model_bytes(0.25)),
            "signature": json.dumps(tiny.SIGNATURE),
            "note": "",
        }
        return given | wishes

    def test_a_version_is_registered_with_all_its_files(self, ready: Stage, as_: As) -> None:
        more = {
            "sidecar-bytes": [file("a.json"), file("b.json")],
            "weights-bytes": [file("w.safetensors")],
            "tokenizer-bytes": [file("vocab.txt")],
        }
        as_("ada").post(ADDRESS, self.fields(**more))
        verbs.at_work(job_of_version())
        assert artifacts() == {
            ("model", "model.onnx"),
            ("sidecar", "a.json"),
            ("sidecar", "b.json"),
            ("weights", "w.safetensors"),
            ("tokenizer", "vocab.txt"),
        }
        assert not Upload.objects.exists()

    def test_a_refused_form_keeps_its_files(self, ready: Stage, as_: As) -> None:
        client = as_("ada")
        refused = client.post(
            ADDRESS, self.fields(signature="{", **{"sidecar-bytes": [file("a.json")]})
        )
        assert refused.status_code == 422
        assert "Uploaded: model.onnx" in text(refused)
        kept = {name: [pk for pk, _ in files] for name, files in refused.context["kept"].items()}
        again = {"signature": json.dumps(tiny.SIGNATURE), "note": ""}
        client.post(ADDRESS, again | kept)
        verbs.at_work(job_of_version())
        assert artifacts() == {("model", "model.onnx"), ("sidecar", "a.json")}

    def test_another_model_file_takes_the_place_of_the_first(self, ready: Stage, as_: As) -> None:
        first = verbs.send(who("ada"), "first.onnx", tiny.model_bytes(0.5))
        as_("ada").post(ADDRESS, self.fields(model_file=first))
        verbs.at_work(job_of_version())
        assert artifacts() == {("model", "model.onnx")}

    def test_a_file_that_cannot_be_taken_is_told_beside_its_field(
        self, ready: Stage, as_: As
    ) -> None:
        response = as_("ada").post(
            ADDRESS, self.fields(**{"sidecar-bytes": [file("empty.json", b"")]})
        )
        assert response.status_code == 422
        assert "An empty file" in str(response.context["form"].errors["sidecar"])
        assert ModelVersion.objects.count() == 1

    def test_a_form_that_was_cut_off_brings_nothing(
        self, ready: Stage, as_: As, settings: Settings
    ) -> None:
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2000
        fields = self.fields(**{"sidecar-bytes": [file("a.json", b"x" * 2000)]})
        assert as_("ada").post(ADDRESS, fields).status_code == 413
        assert not Upload.objects.exists()

    def test_the_page_says_how_much_it_takes(
        self, ready: Stage, as_: As, settings: Settings
    ) -> None:
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 3 * 2**20
        assert "together may have 3" in text(as_("ada").get(ADDRESS))

    @pytest.mark.parametrize("username", ["ben", "cora", "carl"])
    def test_nobody_else_leaves_bytes_behind(self, ready: Stage, as_: As, username: str) -> None:
        assert as_(username).post(ADDRESS, self.fields()).status_code == 403
        assert not Upload.objects.exists()

    def test_a_dataset_is_registered(self, ready: Stage, as_: As) -> None:
        fields = {
            "upload": "",
            "upload-bytes": file("train.csv", tiny.table("train")),
            "team": TEAM,
            "name": "rows",
            "file_format": "csv",
            "split": "train",
            "target": "diagnosis",
            "origin": "x",
            "licence": "x",
        }
        as_("ada").post(reverse("web:dataset-new"), fields)
        verbs.at_work(DatasetRequest.objects.get(name="rows").job_id)
        assert DatasetSnapshot.objects.get(name="rows").rows == 300
