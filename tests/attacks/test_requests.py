"""Requests that take another's place: a stronger token's reply, another way of coming in."""

from django.test import Client

from audit.actions import Action
from audit.models import AuditEvent
from tests.api.client import Api, nothing_written, refusal
from tests.api.house import House, token_of
from tests.cast import user_of, who
from tests.stage import Stage

KEY = {"Idempotency-Key": "one-key-of-ada"}


def test_a_weaker_token_gets_no_reply_that_a_stronger_one_was_given(
    house: House, stage: Stage
) -> None:
    wish = {"body": "The evidence is thin.", "anchor": ""}
    address = f"/reviews/{house['review']}/comments"
    strong, weak = (Api(token_of(who("ada"), *s)[1]) for s in (("read", "write"), ("predict",)))

    made = strong.send("POST", address, wish, headers=KEY)
    assert made.status_code == 201, made.content

    with nothing_written(stage.folder):
        refusal(weak.send("POST", address, wish, headers=KEY), 409)
    assert strong.send("POST", address, wish, headers=KEY).json() == made.json()


def test_no_header_makes_the_log_take_a_session_for_a_token(house: House) -> None:
    client = Client()
    client.force_login(
        user_of("ada"), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    headers = {"Authorization": "Basic eDp5"}
    for path in ("/api/v1/users", "/access/people"):
        assert client.get(path, headers=headers).status_code == 403

    events = AuditEvent.objects.filter(
        action=Action.REFUSED.value, person_id=user_of("ada").person_id
    )
    assert list(events.values_list("via", flat=True)) == ["session", "session"]
