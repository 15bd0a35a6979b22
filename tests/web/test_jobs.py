"""Jobs: who sees which, live parts, the log, cancel and retry."""

import html
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from tests.cast import the_team, user_of
from tests.stage import MODEL, Stage
from tests.web.conftest import As
from worker.jobs import enqueue
from worker.models import Job, JobLogLine, JobPoint, Status


def a_job(stage: Stage, by: str = "ada", **changes: Any) -> Job:
    """A queued evaluation of the one version."""
    job = enqueue(
        kind="evaluation.run",
        subject_type="version",
        subject_id=stage.version.pk,
        params={"run": str(uuid.uuid4())},
        requested_by_id=user_of(by).pk,
        team_id=the_team().pk,
    )
    if changes:
        Job.objects.filter(pk=job.pk).update(**changes)
        job.refresh_from_db()
    return job


def running(stage: Stage, **changes: Any) -> Job:
    """A job that a slot works on."""
    lease = timezone.now() + timedelta(minutes=1)
    return a_job(
        stage, status=Status.RUNNING, lease_until=lease, started_at=Now(), attempts=1, **changes
    )


def ended(stage: Stage, status: str, **changes: Any) -> Job:
    """A job that is over."""
    return a_job(stage, status=status, started_at=Now(), finished_at=Now(), **changes)


@pytest.fixture(autouse=True)
def _no_other_jobs(ready: Stage) -> None:
    """The jobs that prepared the stage are out of the way."""
    Job.objects.all().update(team_id=None, requested_by_id=None)


class TestTheList:
    def test_names_kind_subject_and_person(self, ready: Stage, as_: As) -> None:
        a_job(ready)
        shown = as_("ben").get(reverse("web:jobs")).content.decode()
        for words in ("Evaluation</a>", f"{MODEL} v1", "Ada", "Queued"):
            assert words in shown

    @pytest.mark.parametrize("username", ["dan", "carl"])
    def test_is_empty_for_strangers_and_consumers(
        self, ready: Stage, as_: As, username: str
    ) -> None:
        job = a_job(ready)
        assert not as_(username).get(reverse("web:jobs")).context["entries"]
        assert as_(username).get(reverse("web:job", args=[job.pk])).status_code == 404

    def test_filters_by_state_kind_and_person(self, ready: Stage, as_: As) -> None:
        a_job(ready)
        ended(ready, Status.FAILED, failure="It broke.")

        def count(**query: str) -> int:
            return len(as_("ada").get(reverse("web:jobs"), query).context["entries"])

        assert count() == 2
        assert count(status="failed") == 1
        assert count(kind="training.run") == 0
        assert count(mine="on") == 2
        assert len(as_("ben").get(reverse("web:jobs"), {"mine": "on"}).context["entries"]) == 0

    def test_follows_by_itself_only_while_something_is_under_way(
        self, ready: Stage, as_: As
    ) -> None:
        ended(ready, Status.SUCCEEDED)
        assert "every 3s" not in as_("ben").get(reverse("web:jobs")).content.decode()
        a_job(ready)
        assert "every 3s" in as_("ben").get(reverse("web:jobs")).content.decode()

    def test_asks_no_more_queries_for_thirty_rows_than_for_three(
        self, ready: Stage, as_: As
    ) -> None:
        client = as_("ben")

        def queries(rows: int) -> int:
            for _ in range(Job.objects.exclude(team_id=None).count(), rows):
                a_job(ready)
            with CaptureQueriesContext(connection) as seen:
                assert len(client.get(reverse("web:jobs")).context["entries"]) == rows
            return len(seen)

        assert queries(3) == queries(30)


class TestThePage:
    def test_shows_stage_share_and_time_left(self, ready: Stage, as_: As) -> None:
        job = running(ready, progress={"stage": "predict", "done": 5, "total": 10, "message": ""})
        Job.objects.filter(pk=job.pk).update(started_at=timezone.now() - timedelta(seconds=40))
        shown = as_("ben").get(reverse("web:job", args=[job.pk])).content.decode()
        assert "predict" in shown
        assert "50%" in shown
        assert re.search(r"\b4\d s left", shown)

    def test_draws_the_points_that_have_arrived(self, ready: Stage, as_: As) -> None:
        job = running(ready)
        for step in (1, 2, 3):
            values = {"train_loss": 1.0 / step, "validation_loss": 1.5 / step}
            JobPoint.objects.create(job=job, step=step, values=values)
        shown = as_("ben").get(reverse("web:job", args=[job.pk])).content.decode()
        assert "Validation loss is lowest at epoch 3" in shown

    def test_says_why_a_job_failed(self, ready: Stage, as_: As) -> None:
        job = ended(ready, Status.FAILED, failure="The snapshot has no rows.")
        assert "The snapshot has no rows." in (
            as_("ben").get(reverse("web:job", args=[job.pk])).content.decode()
        )

    def test_tells_what_went_in_and_what_came_out(self, ready: Stage, as_: As) -> None:
        run = ready.version.evaluations.get()
        Job.objects.filter(pk=str(run.job_id)).update(team_id=the_team().pk)
        assert run.report is not None
        shown = as_("ben").get(reverse("web:job", args=[run.job_id])).content.decode()
        for words in ("tumours (test)", "resamples", run.report.digest):
            assert words in shown


class TestTheLivePart:
    def live(self, as_: As, job: Job, **query: str) -> Any:
        return as_("ben").get(reverse("web:job-live", args=[job.pk]), query)

    def test_says_nothing_while_nothing_has_changed(self, ready: Stage, as_: As) -> None:
        job = running(ready)
        first = self.live(as_, job, status="running")
        again = self.live(as_, job, status="running", seen=first.context["now"].key)
        assert (first.status_code, again.status_code) == (200, 204)

    def test_comes_again_when_the_progress_has_changed(self, ready: Stage, as_: As) -> None:
        job = running(ready)
        seen = self.live(as_, job, status="running").context["now"].key
        Job.objects.filter(pk=job.pk).update(progress={"stage": "next"})
        answer = self.live(as_, job, status="running", seen=seen)
        assert "next" in answer.content.decode()

    @pytest.mark.parametrize(("status", "code"), [("queued", 200), ("succeeded", 286)])
    def test_asks_for_the_whole_page_when_the_state_has_changed(
        self, ready: Stage, as_: As, status: str, code: int
    ) -> None:
        job = a_job(ready) if status == "queued" else ended(ready, status)
        answer = self.live(as_, job, status="running")
        assert (answer.status_code, answer.headers["HX-Refresh"]) == (code, "true")


class TestTheLog:
    @pytest.fixture
    def job(self, ready: Stage) -> Job:
        """A running job that has written three lines."""
        job = running(ready)
        for number, text in enumerate(("first <b>line</b>", "second", "third"), start=1):
            JobLogLine.objects.create(job=job, number=number, level="info", text=text)
        return job

    def test_stands_on_the_page_as_text(self, job: Job, as_: As) -> None:
        shown = as_("ben").get(reverse("web:job", args=[job.pk])).content.decode()
        assert "first &lt;b&gt;line&lt;/b&gt;" in shown

    def test_can_be_searched(self, job: Job, as_: As) -> None:
        address = reverse("web:job", args=[job.pk])
        found = as_("ben").get(address, {"find": "SECOND"}).context["lines"]
        assert [line.text for line in found] == ["second"]
        assert "No line holds this text." in (
            as_("ben").get(address, {"find": "nothing"}).content.decode()
        )

    def test_gives_new_lines_to_whoever_follows(self, job: Job, as_: As) -> None:
        address = reverse("web:job-log", args=[job.pk])
        new = as_("ben").get(address, {"from": "2"}).content.decode()
        assert "third" in new
        assert "second" not in new
        assert "from=3" in new
        assert as_("ben").get(address, {"from": "3"}).status_code == 204

    def test_is_handed_out_whole(self, job: Job, as_: As) -> None:
        response = as_("ben").get(reverse("web:job-log", args=[job.pk]))
        assert response["Content-Disposition"].startswith("attachment")
        lines = response.content.decode().splitlines()
        assert [line.split(" info ")[1] for line in lines] == [
            "first <b>line</b>",
            "second",
            "third",
        ]


class TestCancelAndRetry:
    def test_whoever_asked_cancels_and_tries_again(self, ready: Stage, as_: As) -> None:
        job, client = a_job(ready), as_("ada")
        assert client.post(reverse("web:job-cancel", args=[job.pk])).status_code == 302
        job.refresh_from_db()
        assert job.status == Status.CANCELLED
        assert client.post(reverse("web:job-retry", args=[job.pk])).status_code == 302
        job.refresh_from_db()
        assert job.status == Status.QUEUED
        told = AuditEvent.objects.filter(subject_id=str(job.pk)).order_by("id")
        assert [event.action for event in told] == ["job.cancelled", "job.retried"]

    def test_a_manager_of_the_team_may_too(self, ready: Stage, as_: As) -> None:
        job = a_job(ready)
        assert as_("mira").post(reverse("web:job-cancel", args=[job.pk])).status_code == 302

    def test_others_are_refused_and_the_button_says_why(self, ready: Stage, as_: As) -> None:
        job = a_job(ready)
        response = as_("ben").post(reverse("web:job-cancel", args=[job.pk]))
        assert response.status_code == 403
        job.refresh_from_db()
        assert job.status == Status.QUEUED
        shown = html.unescape(as_("ben").get(reverse("web:job", args=[job.pk])).content.decode())
        assert 'disabled title="Only whoever asked for the job, or a manager' in shown

    @pytest.mark.parametrize(
        ("verb", "status"), [("cancel", Status.SUCCEEDED), ("retry", Status.SUCCEEDED)]
    )
    def test_a_job_that_is_over_is_left_alone(
        self, ready: Stage, as_: As, verb: str, status: str
    ) -> None:
        job = ended(ready, status)
        response = as_("ada").post(reverse(f"web:job-{verb}", args=[job.pk]))
        assert response.status_code == 409
        assert not AuditEvent.objects.filter(subject_id=str(job.pk)).exists()

    def test_asking_a_running_job_to_stop_is_shown(self, ready: Stage, as_: As) -> None:
        job = running(ready)
        as_("ada").post(reverse("web:job-cancel", args=[job.pk]))
        shown = as_("ada").get(reverse("web:job", args=[job.pk])).content.decode()
        assert "Is being stopped" in shown
        assert "The job was asked to stop already." in shown
