"""Whoever has lost a role has lost what was begun with it: jobs that wait to be tried again."""

import pytest

from accounts.services import remove_role
from common.errors import NotAllowed
from evaluation.services import request_run
from registry.jobs import cancel_job, retry_job
from registry.models import DatasetSnapshot
from tests.api.client import Api, refusal
from tests.api.house import House, token_of
from tests.cast import the_team, user_of, who
from tests.stage import Stage, version_of
from worker.models import Job, Status


@pytest.fixture
def left_behind(house: House, stage: Stage) -> Job:
    """A measurement that ada asked for and stopped, before she lost her role. Tried again while a
    review is open, it would change the evidence under the signers' hands."""
    dataset = DatasetSnapshot.objects.get(name="tumours")
    run = request_run(caller=who("ada"), version=version_of("tumours", 2), dataset=dataset)
    assert run.job_id is not None
    job = cancel_job(caller=who("ada"), job=Job.objects.get(pk=run.job_id))
    remove_role(caller=who("root"), team=the_team(), user=user_of("ada"), role="contributor")
    return job


def test_a_job_is_not_tried_again_by_who_may_no_longer_ask_for_it(left_behind: Job) -> None:
    with pytest.raises(NotAllowed):
        retry_job(caller=who("ada"), job=left_behind)
    assert Job.objects.get(pk=left_behind.pk).status == Status.CANCELLED
    assert retry_job(caller=who("mira"), job=left_behind).status == Status.QUEUED


def test_a_job_is_not_shown_to_who_left_its_team(left_behind: Job) -> None:
    api = Api(token_of(who("ada"))[1])
    assert api.get("/jobs").json()["results"] == []
    for path in ("", "/log"):
        refusal(api.get(f"/jobs/{left_behind.pk}{path}"), 404)
    for path in ("/retry", "/cancellation"):
        refusal(api.send("POST", f"/jobs/{left_behind.pk}{path}", {}), 404)
