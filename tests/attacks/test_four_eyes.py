"""Ways to sign for one's own work, tried at the edges; docs/four-eyes.md lists all of them."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.roles import Role
from governance.models import Review, Signature
from governance.selectors import standing, trusted_keys
from governance.services import submit
from tests.api.house import token_of
from tests.cast import give, password_of, user_of, who
from tests.stage import Stage


@pytest.fixture
def review(ready: Stage) -> Review:
    """An open review of what ada made."""
    return submit(caller=who("ada"), version=ready.version)


def body(review: Review, password: str) -> dict[str, Any]:
    """An approving signature."""
    return {
        "statement_digest": f"sha256:{review.statement_digest}",
        "decision": "approve",
        "reason": "I read it.",
        "password": password,
    }


def post(review: Review, token: str, content: dict[str, Any]) -> Any:
    """The answer of the API to a bearer of the token."""
    return Client().post(
        f"/api/v1/reviews/{review.pk}/signatures",
        content,
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )


def test_the_author_is_refused_over_the_api_though_a_reviewer_too(review: Review) -> None:
    give([("ada", Role.REVIEWER)])
    _, token = token_of(who("ada"))

    refused = post(review, token, body(review, password_of("ada")))

    assert refused.status_code == 403
    assert "You are a contributor" in refused.json()["detail"]
    assert not Signature.objects.exists()


def test_the_administrator_of_the_instance_signs_nothing(review: Review) -> None:
    _, token = token_of(who("root"))

    assert post(review, token, body(review, password_of("root"))).status_code == 404
    assert not Signature.objects.exists()


def test_a_token_of_somebody_else_is_no_signature_without_his_password(review: Review) -> None:
    _, stolen = token_of(who("ben"))

    for password in (password_of("ada"), ""):
        assert post(review, stolen, body(review, password)).status_code in (403, 422)
    assert not Signature.objects.exists()


def test_what_was_sent_is_no_second_signature_when_it_is_sent_again(review: Review) -> None:
    _, token = token_of(who("ben"))
    first, again = (post(review, token, body(review, password_of("ben"))) for _ in range(2))

    assert (first.status_code, again.status_code) == (201, 403)
    assert Signature.objects.count() == 1


def test_many_at_once_are_no_request(review: Review) -> None:
    _, token = token_of(who("ben"))
    two = [body(review, password_of("ben")), body(review, password_of("cleo"))]

    assert post(review, token, two).status_code == 422  # type: ignore[arg-type]
    assert not Signature.objects.exists()


def test_nothing_in_a_request_names_who_signs(review: Review) -> None:
    _, token = token_of(who("ben"))
    wish = body(review, password_of("ben")) | {"person": str(user_of("cleo").person_id)}

    assert post(review, token, wish).status_code == 422
    assert not Signature.objects.exists()


def test_a_clock_that_is_set_back_finds_the_approval_not_yet_issued(approved: Stage) -> None:
    approval = approved.approval
    before = approval.issued_at - timedelta(hours=1)

    verdict = standing(approved.version, approval, keys=trusted_keys(), now=before)

    assert not verdict.ok
    assert verdict.reason == "The approval was not issued yet."
