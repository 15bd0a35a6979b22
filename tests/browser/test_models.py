"""Home, models, versions, datasets and the playground in a browser: looks, uploads, an answer."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from registry.intake import Piece, request_version
from registry.models import DatasetRequest, DatasetSnapshot, ModelVersion, VersionRequest
from tests.browser.conftest import OpenAs, Site
from tests.cast import who
from tests.factories import tiny, verbs
from tests.instance import free_port
from tests.servers import ROOT
from tests.stage import MODEL

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow(seconds=80),
    pytest.mark.usefixtures("untraced"),
]
READY_S = 60.0
TABS = (
    "card",
    "signature",
    "files",
    "evaluation",
    "explanations",
    "compression",
    "jobs",
    "history",
)


def at(tab: str = "", number: int = 1) -> str:
    """An address of the version."""
    return reverse(f"web:version-{tab}" if tab else "web:version", args=[MODEL, number])


def addresses() -> list[str]:
    """Every page of this family, with something on it."""
    dataset = DatasetSnapshot.objects.get(name="tumours")
    pages = [
        "home",
        "models",
        "register",
        "register-calendar",
        "register-import",
        "model-new",
        "datasets",
        "dataset-new",
        "playground",
    ]
    of_model = ["model", "model-edit", "entry", "version-new", "training-new"]
    acts = ["card-edit", "submit", "promote", "revoke"]
    return [
        *(reverse(f"web:{name}") for name in pages),
        *(reverse(f"web:{name}", args=[MODEL]) for name in of_model),
        reverse("web:training-new", args=[MODEL]) + "?recipe=cnn",
        reverse("web:dataset", args=[dataset.pk]),
        reverse("web:playground") + f"?target={MODEL}/2",
        at(),
        at(number=2),
        *(at(tab) for tab in (*TABS, *acts)),
        at("compression") + "?method=prune",
    ]


def test_the_pages_keep_what_every_page_promises(site: Site, open_as: OpenAs) -> None:
    parent = site.stage.version
    verbs.another(who("ada"), parent.model, strength=0.5, kind="compressed", parent=parent)
    page = open_as("mira")
    for path in addresses():
        site.look_at(page, path)


def test_what_consumers_and_newcomers_see_does_too(site: Site, open_as: OpenAs) -> None:
    page = open_as("carl")
    for path in (reverse("web:model", args=[MODEL]), at(), at("signature")):
        site.look_at(page, path)
    site.sign_in(page.context, "dan")
    for name in ("home", "models", "datasets", "playground", "model-new"):
        site.look_at(page, reverse(f"web:{name}"))


def choose_file(page: Page, label: str, file: Path) -> None:
    """Choose a file and wait until it has arrived."""
    page.get_by_label(label, exact=True).set_input_files(file)
    expect(page.locator("[data-state]").first).to_contain_text(file.name)


def test_a_version_is_uploaded_in_pieces_and_registered(
    site: Site, open_as: OpenAs, tmp_path: Path
) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(tiny.model_bytes(0.25))
    page = open_as("ada")
    page.goto(site.url + reverse("web:version-new", args=[MODEL]))
    choose_file(page, "Model file", file)
    page.get_by_label("Signature (JSON)").fill(json.dumps(tiny.SIGNATURE))
    page.get_by_role("button", name="Check and register").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Registration of a version")
    expect(page.get_by_text("Waits for a free worker")).to_be_visible()
    verbs.at_work(VersionRequest.objects.get(version=None).job_id)
    page.get_by_role("link", name=f"Open {MODEL} v2").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{MODEL} v2")
    assert ModelVersion.objects.get(number=2).servable
    assert site.problems == []


def test_a_refused_file_is_kept_and_its_error_gets_the_focus(
    site: Site, open_as: OpenAs, tmp_path: Path
) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(tiny.model_bytes(0.25))
    page = open_as("ada")
    page.goto(site.url + reverse("web:version-new", args=[MODEL]))
    choose_file(page, "Model file", file)
    page.get_by_label("Signature (JSON)").fill("{}")
    page.get_by_role("button", name="Check and register").click()
    expect(page.locator("[data-error-summary]")).to_be_focused()
    page.get_by_label("Signature (JSON)").fill(json.dumps(tiny.SIGNATURE))
    page.get_by_role("button", name="Check and register").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Registration of a version")


def test_a_refused_registration_says_why_and_where(
    site: Site, open_as: OpenAs, tmp_path: Path
) -> None:
    page = open_as("ada")
    upload = verbs.send(who("ada"), "model.onnx", b"\x80\x04K\x01.")
    asked = request_version(
        caller=who("ada"),
        model=site.stage.version.model,
        pieces=[Piece(upload, "model")],
        signature=None,
    )
    refusal = verbs.refused_at_work(asked.job_id)
    site.look_at(page, reverse("web:job", args=[asked.job_id]))
    expect(page.get_by_text(refusal.reason).first).to_be_visible()
    expect(page.get_by_text("artifacts", exact=True)).to_be_visible()


def test_further_files_are_ticked_and_may_be_left_out_again(
    site: Site, open_as: OpenAs, tmp_path: Path
) -> None:
    files = {name: tmp_path / name for name in ("a.json", "b.json", "c.json")}
    for name, path in files.items():
        path.write_text(name)
    model = tmp_path / "model.onnx"
    model.write_bytes(tiny.model_bytes(0.25))
    page = open_as("ada")
    page.goto(site.url + reverse("web:version-new", args=[MODEL]))
    choose_file(page, "Model file", model)
    further = page.get_by_label("Sidecar files optional", exact=True)
    further.set_input_files([files["a.json"], files["b.json"]])
    expect(page.get_by_label("b.json", exact=True)).to_be_checked()
    further.set_input_files(files["c.json"])
    expect(page.get_by_label("c.json", exact=True)).to_be_checked()
    page.get_by_label("b.json", exact=True).uncheck()
    page.get_by_label("Signature (JSON)").fill(json.dumps(tiny.SIGNATURE))
    page.get_by_role("button", name="Check and register").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Registration of a version")
    verbs.at_work(VersionRequest.objects.get(version=None).job_id)
    found = ModelVersion.objects.get(number=2).artifacts.filter(role="sidecar")
    assert set(found.values_list("name", flat=True)) == {"a.json", "c.json"}
    assert site.problems == []


def test_without_script_files_go_with_the_form(
    site: Site, browser: Browser, tmp_path: Path
) -> None:
    files = [tmp_path / name for name in ("a.json", "b.json")]
    for path in files:
        path.write_text(path.name)
    model = tmp_path / "model.onnx"
    model.write_bytes(tiny.model_bytes(0.25))
    with browser.new_context(java_script_enabled=False) as context:
        site.sign_in(context, "ada")
        page = context.new_page()
        page.goto(site.url + reverse("web:version-new", args=[MODEL]))
        page.get_by_label("Model file", exact=True).set_input_files(model)
        page.get_by_label("Sidecar files optional", exact=True).set_input_files(files)
        page.get_by_label("Signature (JSON)").fill(json.dumps(tiny.SIGNATURE))
        page.get_by_role("button", name="Check and register").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Registration of a version")
    verbs.at_work(VersionRequest.objects.get(version=None).job_id)
    assert ModelVersion.objects.get(number=2).artifacts.count() == 3


def test_a_form_without_its_file_is_not_sent(site: Site, open_as: OpenAs) -> None:
    page = open_as("ada")
    page.goto(site.url + reverse("web:dataset-new"))
    for label, text in (("Name", "a"), ("Target", "y"), ("Origin", "x"), ("Licence", "x")):
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_role("button", name="Read and register").click()
    expect(page.get_by_text("Choose a file and wait until it is uploaded.")).to_be_visible()
    assert DatasetSnapshot.objects.count() == 1


def test_a_dataset_is_uploaded_and_registered(site: Site, open_as: OpenAs, tmp_path: Path) -> None:
    file = tmp_path / "train.csv"
    file.write_bytes(tiny.table("train"))
    page = open_as("ada")
    page.goto(site.url + reverse("web:dataset-new"))
    choose_file(page, "File", file)
    for label, text in (("Name", "more"), ("Origin", "x"), ("Licence", "x")):
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_label("Target", exact=True).fill("diagnosis")
    page.get_by_role("button", name="Read and register").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Registration of a dataset")
    verbs.at_work(DatasetRequest.objects.get(name="more").job_id)
    page.get_by_role("link", name="Open the dataset").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("more")
    assert DatasetSnapshot.objects.get(name="more").rows == 300


def test_the_palette_leads_to_a_model(site: Site, open_as: OpenAs) -> None:
    page = open_as("ada")
    page.goto(site.url)
    page.keyboard.press("Control+k")
    page.get_by_role("searchbox", name="Search").fill("tum")
    page.get_by_role("dialog").get_by_role("link", name=MODEL).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(MODEL)


@pytest.fixture
def inference(site: Site, tmp_path: Path) -> Iterator[str]:
    """The inference process beside the pages, following the same database."""
    port = free_port()
    url = f"http://localhost:{port}"
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1", "--log-level", "warning"]
    env = os.environ | site.stage.env() | {"ASSAY_SECRET_KEY": settings.SECRET_KEY}
    env |= {"DJANGO_SETTINGS_MODULE": "config.settings_inference"}
    with (tmp_path / "inference.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "config.wsgi_inference:application"],
            cwd=ROOT,
            env=env,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            _await_loaded(url)
            with override_settings(INFERENCE_URL=url):
                yield url
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=15)


def _await_loaded(url: str) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=2) as reply:
                health: dict[str, Any] = json.load(reply)
            if health["loaded"]:
                return
        except (OSError, urllib.error.HTTPError):
            pass
        time.sleep(0.1)
    raise TimeoutError("The inference process did not load the champion.")


def test_the_playground_shows_the_served_answer_and_refusals_with_their_reason(
    site: Site, open_as: OpenAs, inference: str
) -> None:
    verbs.another(who("ada"), site.stage.version.model, strength=0.5)
    page = open_as("ada")
    page.goto(site.url + reverse("web:playground"))
    row = tiny.rows("test")[0][0]
    for name, value in zip(tiny.COLUMNS, row.tolist(), strict=True):
        page.get_by_label(name, exact=True).fill(repr(value))
    page.get_by_role("button", name="Run").click()

    answer, (chances,) = page.locator("#reply"), tiny.answers(1)
    label = tiny.SIGNATURE["classes"][chances.index(max(chances))]
    expect(answer).to_contain_text(f"{label} {max(chances) * 100:.1f}%")
    expect(answer).to_contain_text(str(site.stage.approval.pk))

    page.goto(site.url + reverse("web:playground") + f"?target={MODEL}/2")
    page.get_by_role("button", name="Run").click()
    expect(answer).to_contain_text("Not answered: there is no valid approval")
    expect(answer).to_contain_text("has no valid approval, so it is not served")
    assert site.problems == []
