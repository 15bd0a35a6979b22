"""Many things of one person hide nothing that another person must see."""

from django.utils import timezone

from accounts import selectors
from accounts.proposals.services import MOST_OPEN, propose
from governance.policy.documents import DEFAULTS
from governance.reviewing.waiting import reviews_waiting_for
from governance.services import submit
from governance.waiting.lines import lines_for
from tests.cast import password_of, the_team, who
from tests.factories import verbs
from tests.factories.policies import publish_policy
from tests.stage import Stage


def _of_mira(number: int) -> None:
    document = DEFAULTS["low"].as_dict() | {"validity_days": number}
    propose(
        caller=who("mira"),
        kind="policy",
        wish={"name": "ours", "tier": "low", "team": the_team().slug, "document": document},
        reason="Another one.",
        password=password_of("mira"),
    )


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
