"""Many things of one person hide nothing that another person must see."""

import pytest
from django.test import override_settings
from django.utils import timezone

from accounts import selectors
from accounts.proposals.services import MOST_OPEN, propose
from common.errors import Conflict
from compliance.models import Pack
from compliance.packing import request_pack
from governance.policy.documents import DEFAULTS
from governance.reviewing.waiting import reviews_waiting_for
from governance.services import submit
from governance.waiting.lines import lines_for
from registry.jobs import cancel_job, retry_job
from tests.cast import password_of, the_team, who
from tests.factories import verbs
from tests.factories.policies import publish_policy
from tests.stage import MODEL, Stage
from worker.models import Job


def _of_mira(number: int) -> None:
    document = DEFAULTS["low"].as_dict() | {"validity_days": number}
    propose(
        caller=who("mira"),
        kind="policy",
        wish={"name": "ours", "tier": "low", "team": the_team().slug, "document": document},
        reason="Another one.",
        password=password_of("mira"),
    )


def _a_pack(name: str) -> Pack:
    return request_pack(caller=who(name), template="model-card", model=MODEL, number=1)


def test_proposals_of_one_person_do_not_hide_those_of_another(ready: Stage) -> None:
    """The list is what mail tells of: what is not in it, nobody is told."""
    assert MOST_OPEN > selectors.MOST_WAITING
    for number in range(1, selectors.MOST_WAITING + 1):
        _of_mira(number)
    proposal = propose(
        caller=who("root"),
        kind="administrator",
        wish={"username": "dan"},
        reason="He is needed.",
        password=password_of("root"),
    )

    lines = lines_for(who("otto"), timezone.now())

    ids = [line.id for line in lines if line.kind == "proposal"]
    assert str(proposal.pk) in ids[:2]
    assert len(ids) == selectors.MOST_WAITING


def test_reviews_that_others_sign_do_not_hide_what_a_person_is_to_sign(ready: Stage) -> None:
    ada = who("ada")
    document = DEFAULTS["low"].as_dict() | {"signers": {"count": 1, "roles": ["compliance"]}}
    publish_policy(
        caller=who("root"),
        name="theirs",
        tier="low",
        team=None,
        document=document | {"evidence": []},
    )
    for number in range(3):
        version = verbs.another(ada, verbs.new_model(ada, f"theirs-{number}", "low"))
        submit(caller=ada, version=version)
    mine = submit(caller=ada, version=ready.version)

    assert reviews_waiting_for(who("ben"), 2) == [mine]


class TestJobs:
    """Slots take the oldest first: a thousand of one person would be a week for everybody."""

    def test_of_one_person_leave_room_for_those_of_others(self, approved: Stage) -> None:
        with override_settings(JOB_MOST_OPEN=2):
            asked = [_a_pack("cora") for _ in range(2)]
            with pytest.raises(Conflict, match="2 jobs that have not ended"):
                _a_pack("cora")
            assert _a_pack("mira")

            cancel_job(caller=who("cora"), job=Job.objects.get(pk=asked[0].job_id))
            assert _a_pack("cora")

    def test_are_not_tried_again_beyond_that(self, approved: Stage) -> None:
        first = Job.objects.get(pk=_a_pack("cora").job_id)
        cancel_job(caller=who("cora"), job=first)
        with override_settings(JOB_MOST_OPEN=1):
            _a_pack("cora")
            with pytest.raises(Conflict, match="1 jobs that have not ended"):
                retry_job(caller=who("cora"), job=Job.objects.get(pk=first.pk))
