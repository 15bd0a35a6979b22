"""Each change that serving must follow raises the generation by itself, whoever makes it."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts.models import ApiToken, Membership, Person, User
from accounts.services import create_token
from governance.models import Approval, Revocation
from inference.selectors import generation
from registry.models import Alias, ModelVersion, RegisteredModel
from tests.cast import the_team, user_of, who
from tests.factories import verbs
from tests.stage import Stage


def new_approval(stage: Stage) -> None:
    other = verbs.another(who("ada"), stage.version.model, strength=2.0)
    review = verbs.signed(other, [])
    before = generation()
    stage.database.rows(
        "INSERT INTO governance_approval (id, envelope, envelope_digest, issued_at, not_after,"
        " review_id, version_id) VALUES (gen_random_uuid(), '', '', now(), now(), %s, %s)",
        review.pk,
        other.pk,
    )
    assert generation() > before


CHANGES: dict[str, Callable[[Stage], object]] = {
    "a revocation": lambda s: Revocation.objects.create(
        approval=Approval.objects.get(), reason="x", by=user_of("cora")
    ),
    "an alias is made": lambda s: Alias.objects.create(
        model=RegisteredModel.objects.get(), name="other", version=s.version
    ),
    "an alias is moved": lambda s: Alias.objects.update(version=s.version),
    "an alias is removed": lambda s: Alias.objects.all().delete(),
    "a status is shown": lambda s: ModelVersion.objects.update(status="draft"),
    "a token is made": lambda s: create_token(
        caller=who("ada"), name="t", scopes=["predict"], days=1
    ),
    "a token ends": lambda s: ApiToken.objects.update(revoked_at=timezone.now()),
    "a login is closed": lambda s: User.objects.filter(username="ada").update(is_active=False),
    "a person leaves": lambda s: Person.objects.filter(name="Ada").update(is_active=False),
    "a role is given": lambda s: Membership.objects.create(
        person=user_of("dan").person, team=the_team(), role="consumer"
    ),
    "a role is taken": lambda s: Membership.objects.filter(role="consumer").delete(),
}


@pytest.mark.parametrize("what", list(CHANGES))
def test_serving_looks_again_when(approved: Stage, what: str) -> None:
    before = generation()

    CHANGES[what](approved)

    assert generation() > before


def test_serving_looks_again_when_an_approval_is_given(approved_copy: Stage) -> None:
    new_approval(approved_copy)


def test_what_serving_does_not_follow_leaves_it_alone(approved: Stage) -> None:
    before = generation()

    User.objects.filter(username="ada").update(time_zone="Asia/Shanghai")

    assert generation() == before
