"""From asking to the row: what a request holds, what its job looks at again, what is kept."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from accounts.services import remove_role
from audit.models import AuditEvent
from common.errors import Conflict, Invalid, NotAllowed, NotFound
from registry import intake, uploads
from registry.jobs import cancel_job
from registry.models import DatasetSnapshot, ModelVersion, Upload, VersionRequest
from registry.upkeep import sweep_uploads
from tests.cast import the_team, user_of, who
from tests.factories import tiny, verbs
from tests.stage import Stage
from worker.jobs import LostLease, retry
from worker.models import Job, Status


def ask(stage: Stage, upload: Any = None, by: str = "ada", **more: Any) -> VersionRequest:
    """A version that somebody asked for."""
    sent = upload or verbs.send(who(by), "model.onnx", tiny.model_bytes(0.5))
    pieces = [intake.Piece(sent, "model")]
    given = {"signature": tiny.SIGNATURE} | more
    return intake.request_version(caller=who(by), model=stage.version.model, pieces=pieces, **given)


def ask_rows(data: bytes, **wishes: Any) -> Job:
    """The job of a dataset that ada asked for."""
    given: dict[str, Any] = {
        "caller": who("ada"),
        "team": the_team(),
        "upload": verbs.send(who("ada"), "rows.csv", data),
        "name": "rows",
        "split": "train",
        "target": "y",
        "origin": "made",
        "licence": "MIT",
        "file_format": "csv",
    }
    asked = intake.request_dataset(**(given | wishes))
    return Job.objects.get(pk=asked.job_id)


def events(action: str) -> list[AuditEvent]:
    """Of this action, oldest first."""
    return list(AuditEvent.objects.filter(action=action).order_by("pk"))


class TestAVersion:
    def test_is_registered_for_whoever_asked(self, ready: Stage) -> None:
        asked = ask(ready, note=" By hand. ")
        heard = verbs.at_work(asked.job_id)

        version = ModelVersion.objects.get(number=2)
        registered = events("version.registered")[-1]
        assert [news["stage"] for news in heard] == ["hash", "recognise", "sandbox", "register"]
        assert version.created_by == user_of("ada")
        assert version.lineage == {"source": "upload", "note": "By hand."}
        assert list(version.contributors.values_list("person_id", "reason")) == [
            (who("ada").person_id, "uploaded")
        ]
        assert registered.subject_id == str(version.pk)
        assert registered.person_id == who("ada").person_id
        assert version.evidence.filter(kind="sandbox").exists()
        assert not Upload.objects.filter(job_id=asked.job_id).exists()

    def test_asking_and_its_end_stand_in_the_log(self, ready: Stage) -> None:
        asked = ask(ready, verbs.send(who("ada"), "model.onnx", b"words"))
        verbs.refused_at_work(asked.job_id)

        requested, failed = events("registration.requested")[-1], events("registration.failed")[-1]
        assert requested.payload["run"] == failed.payload["run"] == str(asked.pk)
        assert requested.subject_id == failed.subject_id == str(ready.version.model_id)

    def test_is_not_registered_once_the_role_is_gone(self, ready: Stage) -> None:
        asked = ask(ready)
        remove_role(caller=who("root"), team=the_team(), user=user_of("ada"), role="contributor")

        refusal = verbs.refused_at_work(asked.job_id)

        assert isinstance(refusal, NotAllowed)
        assert ModelVersion.objects.count() == 1
        job = Job.objects.get(pk=asked.job_id)
        assert (job.status, job.result) == (Status.FAILED, None)
        assert job.problem is not None
        assert job.problem["status"] == 403

    def test_is_not_registered_for_a_closed_login(self, ready: Stage) -> None:
        """Its job is stopped with the login; one that had begun already is refused at its end."""
        asked = ask(ready)
        User.objects.filter(username="ada").update(is_active=False)

        assert isinstance(verbs.refused_at_work(asked.job_id), NotAllowed)
        assert ModelVersion.objects.count() == 1

    def test_is_registered_once_whatever_an_older_try_still_does(self, ready: Stage) -> None:
        asked = ask(ready)
        files = intake.stored(VersionRequest.objects.get(pk=asked.pk))
        verbs.at_work(asked.job_id)

        with pytest.raises(LostLease):
            intake.complete_version(
                request_id=asked.pk, job_id=asked.job_id, token=0, files=files, admission=None
            )
        assert ModelVersion.objects.count() == 2

    def test_goes_on_where_a_killed_try_had_moved_the_bytes(self, ready: Stage) -> None:
        asked = ask(ready)
        intake.stored(VersionRequest.objects.get(pk=asked.pk))
        verbs.at_work(asked.job_id)

        assert ModelVersion.objects.count() == 2

    def test_a_wrong_signature_is_told_at_once(self, ready: Stage) -> None:
        with pytest.raises(Invalid) as refusal:
            ask(ready, signature=tiny.SIGNATURE | {"task": "guess"})

        assert refusal.value.field == "task"
        assert VersionRequest.objects.count() == 1


class TestAnUpload:
    def test_is_held_by_one_registration(self, ready: Stage) -> None:
        upload = verbs.send(who("ada"), "model.onnx", tiny.model_bytes(0.5))
        asked = ask(ready, upload)

        with pytest.raises(Conflict, match="being registered already") as refusal:
            ask(ready, upload)
        assert refusal.value.field == "upload"
        with pytest.raises(Conflict, match="cancel that job first"):
            uploads.cancel(caller=who("ada"), upload_id=upload)
        cancel_job(caller=who("ada"), job=Job.objects.get(pk=asked.job_id))
        verbs.at_work(ask(ready, upload).job_id)
        assert ModelVersion.objects.count() == 2

    def test_that_another_registration_got_is_not_there_for_a_retried_one(
        self, ready: Stage
    ) -> None:
        upload = verbs.send(who("ada"), "model.onnx", tiny.model_bytes(0.5))
        first = ask(ready, upload)
        cancel_job(caller=who("ada"), job=Job.objects.get(pk=first.job_id))
        ask(ready, upload)
        retry(job_id=first.job_id)

        assert isinstance(verbs.refused_at_work(first.job_id), NotFound)

    def test_is_not_swept_away_while_its_job_waits(self, ready: Stage) -> None:
        upload = verbs.send(who("ada"), "model.onnx", tiny.model_bytes(0.5))
        asked = ask(ready, upload)
        later = timezone.now() + timedelta(days=365)

        sweep_uploads(later)
        assert Upload.objects.filter(pk=upload).exists()
        cancel_job(caller=who("ada"), job=Job.objects.get(pk=asked.job_id))
        sweep_uploads(later)
        assert not Upload.objects.filter(pk=upload).exists()

    def test_that_waits_for_its_job_is_none_of_the_unfinished(
        self, ready: Stage, settings: Any
    ) -> None:
        settings.MAX_OPEN_UPLOADS = 1
        ask(ready)

        assert uploads.start(caller=who("ada"), name="model.onnx", size=1)

    def test_that_is_not_whole_is_refused_at_once(self, ready: Stage) -> None:
        upload = uploads.start(caller=who("ada"), name="model.onnx", size=10)

        with pytest.raises(Conflict, match="0 of 10 bytes"):
            ask(ready, upload.pk)


class TestADataset:
    ROWS = b"a,b,y\n" + b"1.5,2.5,0\n2.5,3.5,1\n" * 200_000

    def test_tells_how_many_rows_were_read(self, ready: Stage) -> None:
        job = ask_rows(self.ROWS)
        read = [news for news in verbs.at_work(job.pk) if news["stage"] == "read"]

        done = [news["done"] for news in read]
        assert len(done) > 1
        assert done == sorted(done)
        assert {news["total"] for news in read} == {400_000}
        assert done[-1] == 400_000

    @pytest.mark.parametrize(
        ("rows", "field"), [(b"a,y\n1,x\nnan,y\n", "a"), (b"a,y\n1,x\n2,x\n", "y")]
    )
    def test_is_refused_by_its_job_with_sentence_and_field(
        self, ready: Stage, rows: bytes, field: str
    ) -> None:
        job = ask_rows(rows)
        refusal = verbs.refused_at_work(job.pk)

        job.refresh_from_db()
        assert refusal.field == field
        assert job.problem is not None
        assert (job.problem["detail"], job.problem["field"]) == (refusal.reason, field)
        assert DatasetSnapshot.objects.count() == 1
        assert Upload.objects.filter(job_id=job.pk).exists()

    def test_is_registered_once(self, ready: Stage) -> None:
        jobs = [ask_rows(tiny.table("train"), target="diagnosis") for _ in range(2)]
        verbs.at_work(jobs[0].pk)

        refusal = verbs.refused_at_work(jobs[1].pk)
        assert isinstance(refusal, Conflict)
        assert refusal.reason == "This very snapshot is registered already."

    def test_is_not_registered_once_the_role_is_gone(self, ready: Stage) -> None:
        job = ask_rows(tiny.table("train"), target="diagnosis")
        remove_role(caller=who("root"), team=the_team(), user=user_of("ada"), role="contributor")

        assert isinstance(verbs.refused_at_work(job.pk), NotAllowed)
        assert DatasetSnapshot.objects.count() == 1


def test_two_at_once_both_succeed(ready_copy: Stage) -> None:
    asked = [ask(ready_copy), ask(ready_copy)]

    def work(job_id: Any) -> None:
        try:
            verbs.at_work(job_id)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(one.job_id,)) for one in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(ModelVersion.objects.values_list("number", flat=True)) == {1, 2, 3}
    assert not Upload.objects.filter(job_id__in=[one.job_id for one in asked]).exists()
