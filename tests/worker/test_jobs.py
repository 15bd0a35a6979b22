"""The rules of the table: who may take which job, and what a lost token may still do."""

import time
import uuid
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from common.errors import Conflict, Invalid, NotFound
from tests.worker.conftest import Enqueue, rows
from tests.worker.parts import SOON_S
from worker.jobs import LostLease, enqueue, finish, request_cancel, retry
from worker.leases import beat, claim, end, requeue
from worker.models import Job, JobPoint, Status


def expire(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=Now() - timedelta(seconds=1))


@transaction.atomic
def write_effect(job: Job) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO test_effect VALUES (%s, %s, '')", [job.pk, job.token])
    finish(job.pk, job.token, result={"f1": 0.9})


def taken(queue: str = "cpu") -> Job:
    job = claim(queue, "here:1")
    assert job is not None
    return job


CLAIMS = [
    ("a queued job", {}, True),
    ("a running job whose lease holds", {"lease": 5}, False),
    ("a running job whose lease has expired", {"lease": -1}, True),
    ("an expired job at its last try", {"lease": -1, "attempts": 3}, False),
    ("an expired job that was cancelled", {"lease": -1, "cancel_requested_at": Now()}, False),
    ("a job that succeeded", {"status": "succeeded", "finished_at": Now()}, False),
    ("a job that failed", {"status": "failed", "finished_at": Now()}, False),
    ("a job that was cancelled", {"status": "cancelled", "finished_at": Now()}, False),
    ("a job of another queue", {"queue": "gpu"}, False),
]


@pytest.mark.parametrize(("what", "state", "may"), CLAIMS, ids=[row[0] for row in CLAIMS])
def test_a_slot_may_take(job: Enqueue, what: str, state: dict[str, object], may: bool) -> None:
    one = job()
    changes = dict(state)
    if "lease" in changes:
        lease = Now() + timedelta(seconds=float(str(changes.pop("lease"))))
        changes = {"attempts": 1, **changes, "status": "running", "lease_until": lease}
    Job.objects.filter(pk=one.pk).update(**changes)
    found = claim("cpu", "here:1")
    assert (found is not None) is may, what
    if found is not None:
        assert (found.token, found.status, found.worker) == (one.token + 1, "running", "here:1")


def test_the_most_urgent_job_is_taken_first_and_the_older_of_two(job: Enqueue) -> None:
    names = [job(), job(), job(priority=5), job(priority=-5)]
    assert [taken().pk for _ in names] == [names[i].pk for i in (2, 0, 1, 3)]
    assert claim("cpu", "here:1") is None


def test_a_job_waits_until_all_that_it_needs_has_succeeded(job: Enqueue) -> None:
    first, second = job(), job()
    last = job(priority=9, depends_on=[first, second])
    for expected in (first, second):
        one = taken()
        assert one.pk == expected.pk
        with transaction.atomic():
            finish(one.pk, one.token)
    assert taken().pk == last.pk


def test_many_slots_at_once_take_every_job_exactly_once(job: Enqueue) -> None:
    expected = {job().pk for _ in range(40)}
    found: list[uuid.UUID] = []
    start = Barrier(8)

    def take(name: str) -> None:
        start.wait()
        while (one := claim("cpu", name)) is not None:
            found.append(one.pk)
        connection.close()

    threads = [Thread(target=take, args=[f"slot:{n}"]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 40
    assert set(found) == expected


def test_a_job_of_a_rolled_back_transaction_never_existed(job: Enqueue) -> None:
    with transaction.atomic():
        job()
        transaction.set_rollback(True)
    assert claim("cpu", "here:1") is None


def test_effects_are_kept_with_the_token_and_refused_without(job: Enqueue) -> None:
    job()
    first = taken()
    expire(first)
    second = taken()
    assert second.token > first.token
    with pytest.raises(LostLease):
        write_effect(first)
    assert rows("SELECT * FROM test_effect") == []
    write_effect(second)
    assert rows("SELECT job, token FROM test_effect") == [(second.pk, second.token)]
    second.refresh_from_db()
    assert (second.status, second.result, second.lease_until) == ("succeeded", {"f1": 0.9}, None)
    with pytest.raises(LostLease):
        write_effect(second)


def test_finishing_outside_the_transaction_of_the_effects_is_an_error(job: Enqueue) -> None:
    job()
    one = taken()
    with pytest.raises(RuntimeError):
        finish(one.pk, one.token)


def test_an_old_token_neither_renews_nor_ends_nor_requeues(job: Enqueue) -> None:
    job()
    first = taken()
    expire(first)
    second = taken()
    assert beat(first.pk, first.token).status is None
    assert not end(first.pk, first.token, Status.FAILED, "old")
    assert not requeue(first.pk, first.token, "old")
    second.refresh_from_db()
    assert (second.status, second.failure) == ("running", "")


def test_a_heartbeat_prolongs_the_lease_by_the_clock_of_the_database(job: Enqueue) -> None:
    job()
    one = taken()
    expire(one)
    assert beat(one.pk, one.token).status == "running"
    assert Job.objects.filter(pk=one.pk, lease_until__gt=Now()).exists()


def test_a_queued_job_is_cancelled_at_once_and_its_app_is_told(job: Enqueue) -> None:
    one = job()
    assert request_cancel(job_id=one.pk).status == "cancelled"
    assert claim("cpu", "here:1") is None
    assert rows("SELECT * FROM test_end") == [(one.pk, "cancelled", "Cancelled on request.")]
    with pytest.raises(Conflict, match="already cancelled"):
        request_cancel(job_id=one.pk)


def test_the_app_is_told_in_the_transaction_that_ends_the_job(job: Enqueue) -> None:
    one = job()
    with transaction.atomic():
        request_cancel(job_id=one.pk)
        transaction.set_rollback(True)
    one.refresh_from_db()
    assert (one.status, rows("SELECT * FROM test_end")) == ("queued", [])


def test_cancelling_a_running_job_asks_its_slot_and_may_be_repeated(job: Enqueue) -> None:
    job()
    one = taken()
    asked = request_cancel(job_id=one.pk).cancel_requested_at
    assert asked is not None
    assert request_cancel(job_id=one.pk).cancel_requested_at == asked
    assert beat(one.pk, one.token).cancel


def test_a_failed_job_is_tried_again_with_all_its_tries_and_a_fresh_curve(job: Enqueue) -> None:
    job()
    one = taken()
    JobPoint.objects.create(job=one, step=1, values={"loss": 1})
    end(one.pk, one.token, Status.FAILED, "a reason")
    again = retry(job_id=one.pk)
    assert (again.status, again.attempts, again.failure, again.finished_at) == (
        "queued",
        0,
        "",
        None,
    )
    assert not again.points.exists()
    with pytest.raises(Conflict):
        retry(job_id=one.pk)
    assert taken().token > one.token


def test_what_does_not_exist_is_said_so(jobs: object, broker: str) -> None:
    with pytest.raises(NotFound):
        request_cancel(job_id=uuid.uuid4())
    with pytest.raises(NotFound):
        retry(job_id=uuid.uuid4())


@pytest.mark.parametrize(
    ("change", "field"), [({"kind": "test.nothing"}, "kind"), ({"queue": "tpu"}, "queue")]
)
def test_unknown_kinds_and_queues_are_refused(
    jobs: object, broker: str, change: dict[str, str], field: str
) -> None:
    wanted = {"kind": "test.work", "queue": "cpu", **change}
    with pytest.raises(Invalid) as refused:
        enqueue(
            kind=wanted["kind"],
            queue=wanted["queue"],
            subject_type="t",
            subject_id=uuid.uuid4(),
            params={},
        )
    assert refused.value.field == field
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"status": "done"},
        {"status": "running"},
        {"status": "succeeded"},
        {"attempts": 4},
        {"token": -1},
        {"queue": "tpu"},
        {"lease_until": Now()},
        {"finished_at": Now()},
    ],
    ids=str,
)
def test_the_database_itself_refuses_impossible_rows(
    job: Enqueue, change: dict[str, object]
) -> None:
    one = job()
    with pytest.raises(IntegrityError):
        Job.objects.filter(pk=one.pk).update(**change)


def test_a_broker_that_is_down_fails_no_business_transaction(
    jobs: object, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, closed: str
) -> None:
    begun = time.monotonic()
    with transaction.atomic():
        one = enqueue(kind="test.work", subject_type="t", subject_id=uuid.uuid4(), params={})
    assert time.monotonic() - begun < SOON_S
    assert "the job waits in the table" in caplog.text
    assert taken().pk == one.pk
