"""People change their own password on the page, and the log says so."""

import pytest
from django.test import Client

from audit.models import AuditEvent
from tests.cast import make_cast, password_of, user_of

NEW = "another long secret of ada"


@pytest.mark.django_db
def test_a_changed_password_is_an_event_and_works() -> None:
    make_cast()
    http = Client()
    http.force_login(user_of("ada"), backend="allauth.account.auth_backends.AuthenticationBackend")

    reply = http.post(
        "/accounts/password/change/",
        {"oldpassword": password_of("ada"), "password1": NEW, "password2": NEW},
    )

    event = AuditEvent.objects.get(action="password.set")
    assert reply.status_code == 302
    assert user_of("ada").check_password(NEW)
    assert event.subject_id == str(user_of("ada").pk)
    assert NEW not in bytes(event.leaf).decode()
