"""Pages and REST of deleting a snapshot's rows: shown before, done by two, and told after."""

from collections.abc import Callable
from typing import Any

from django.urls import reverse

from evaluation.services import complete_run, request_run
from registry.models import DatasetSnapshot, ModelVersion
from tests.cast import password_of, who
from tests.factories import tiny, verbs
from tests.retention.deleting import rule, take
from tests.stage import Stage
from tests.web.conftest import As

Committing = Callable[..., Any]


def _measured_on(dataset: DatasetSnapshot, version: ModelVersion) -> None:
    """A report that names these very rows, as those of real jobs do."""
    run = request_run(caller=who("ada"), version=version, dataset=dataset, seed=7, resamples=100)
    job, token = verbs.taken(run.job_id)
    made = tiny.reports_on(version, 1.0)
    rows = made["evaluation"]["dataset"] | {"digest": f"sha256:{dataset.blob_id}"}
    report = made["evaluation"] | {"dataset": rows, "seed": 7}
    complete_run(run_id=run.pk, job_id=job, token=token, report=report, golden=made["golden"])


def test_pages_show_what_depends_propose_confirm_and_say_what_is_gone(
    ready: Stage, as_: As, django_capture_on_commit_callbacks: Committing
) -> None:
    dataset = verbs.dataset()
    take(dataset)
    _measured_on(dataset, ready.version)
    here, place = (
        reverse(f"web:{name}", args=[dataset.pk]) for name in ("dataset", "dataset-delete")
    )
    mira, cora = as_("mira"), as_("cora")
    assert b"kept for ever" in mira.get(place).content
    rule("datasets")
    assert place.encode() in mira.get(here).content
    assert place.encode() not in cora.get(here).content
    shown = mira.get(place).content
    assert f"{ready.version}".encode() in shown
    assert b"Propose the deletion" in shown
    given = {"reason": "He withdrew his consent.", "password": password_of("mira")}
    proposal = mira.post(place, given)["Location"]
    asked = cora.get(proposal)
    assert b"Rows that go" in asked.content
    assert b"What depends on the rows" in asked.content
    digest = f"sha256:{asked.context['proposal'].digest}"
    with django_capture_on_commit_callbacks(execute=True):
        said = {"digest": digest, "password": password_of("cora")}
        assert cora.post(f"{proposal}/confirm", said).status_code == 302
    version = [ready.version.model.name, ready.version.number]
    told = {
        here: b"The rows of this snapshot were deleted.",
        reverse("web:datasets"): b"rows deleted",
        reverse("web:retention"): b"tumours (test)",
        reverse("web:version-evaluation", args=version): b"it cannot be made again",
        f"{reverse('web:past-dataset')}?digest={dataset.blob_id}": b"rows deleted",
    }
    for page, words in told.items():
        assert words in cora.get(page).content, page
    api = f"/api/v1/datasets/{dataset.pk}"
    assert cora.get(api).json()["deleted_at"]
    assert cora.get(f"{api}/dependents").json()["kept_by"] == "deleted"
    (row,) = cora.get("/api/v1/tombstones").json()["results"]
    assert (row["dataset"], row["what"], row["model"]) == (str(dataset.pk), "snapshot", None)
