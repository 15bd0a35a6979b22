"""Profile, tokens, people, teams and roles: what each person may do on the pages."""

import html
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import ApiToken, Membership, Team, User
from accounts.roles import Role
from accounts.selectors import usable_token
from accounts.services import create_token
from tests.cast import TEAM, password_of, user_of, who
from tests.factories.people import create_user
from tests.stage import Stage
from tests.web.conftest import As


def text(response: Any) -> str:
    """The page as its reader sees it."""
    return html.unescape(response.content.decode())


class TestMyProfile:
    def test_shows_my_roles(self, ready: Stage, as_: As) -> None:
        shown = text(as_("ben").get(reverse("web:access")))
        assert "Reviewer" in shown
        assert "Credit" in shown

    def test_shows_times_in_the_zone_that_i_choose(self, ready: Stage, as_: As) -> None:
        client = as_("ben")
        response = client.post(reverse("web:access"), {"time_zone": "Asia/Tokyo"})
        assert response.status_code == 302
        assert user_of("ben").time_zone == "Asia/Tokyo"
        assert " JST" in text(client.get(reverse("web:access")))
        assert " JST" not in text(as_("ada").get(reverse("web:access")))

    def test_refuses_a_zone_that_does_not_exist(self, ready: Stage, as_: As) -> None:
        response = as_("ben").post(reverse("web:access"), {"time_zone": "Mars/Olympus"})
        assert response.status_code == 422
        assert user_of("ben").time_zone == "UTC"


class TestMyTokens:
    def make(self, client: Client, **wishes: Any) -> Any:
        given = {"name": "nightly", "scopes": ["read"], "days": "30"} | wishes
        return client.post(reverse("web:tokens"), given)

    def test_show_their_secret_once(self, ready: Stage, as_: As) -> None:
        client = as_("ben")
        response = self.make(client)
        assert response.status_code == 201
        assert response["Cache-Control"] == "no-store"
        secret = response.context["secret"]
        assert secret in text(response)
        assert usable_token(secret, now=timezone.now()) is not None
        assert secret not in text(client.get(reverse("web:tokens")))

    def test_are_listed_with_scopes_and_state(self, ready: Stage, as_: As) -> None:
        create_token(caller=who("ben"), name="nightly", scopes=["read", "predict"], days=3)
        shown = text(as_("ben").get(reverse("web:tokens")))
        for words in ("nightly", "predict, read", "Active"):
            assert words in shown
        assert "nightly" not in text(as_("ada").get(reverse("web:tokens")))

    @pytest.mark.parametrize(
        "wishes",
        [{"scopes": []}, {"scopes": ["all"]}, {"days": "0"}, {"days": "366"}, {"name": " "}],
    )
    def test_are_refused_with_the_field_at_fault(
        self, ready: Stage, as_: As, wishes: dict[str, Any]
    ) -> None:
        response = self.make(as_("ben"), **wishes)
        assert response.status_code == 422
        assert set(response.context["form"].errors) == set(wishes)
        assert not ApiToken.objects.exists()

    def test_end_at_once_when_revoked(self, ready: Stage, as_: As) -> None:
        token, secret = create_token(caller=who("ben"), name="x", scopes=["read"], days=3)
        response = as_("ben").post(reverse("web:token-revoke", args=[token.pk]))
        assert response.status_code == 302
        assert usable_token(secret, now=timezone.now()) is None

    def test_of_others_cannot_be_revoked(self, ready: Stage, as_: As) -> None:
        token, _ = create_token(caller=who("ben"), name="x", scopes=["read"], days=3)
        response = as_("ada").post(reverse("web:token-revoke", args=[token.pk]))
        assert response.status_code == 404
        token.refresh_from_db()
        assert token.revoked_at is None


class TestPeople:
    NEW = {"name": "Nia", "username": "nia"}

    def post(self, client: Client, **wishes: str) -> Any:
        return client.post(reverse("web:people"), self.NEW | wishes)

    @pytest.mark.parametrize("username", ["ada", "mira", "cora"])
    def test_are_the_administrators_matter(self, ready: Stage, as_: As, username: str) -> None:
        client = as_(username)
        for response in (client.get(reverse("web:people")), self.post(client)):
            assert response.status_code == 403
            assert "Only an administrator of this instance" in text(response)
        assert reverse("web:people") not in text(client.get(reverse("web:access")))

    def test_are_listed_with_their_roles(self, ready: Stage, as_: As) -> None:
        shown = text(as_("root").get(reverse("web:people"), {"find": "MIRA"}))
        assert "Manager" in shown
        assert "Ben" not in shown

    def test_get_a_login_for_which_two_give_the_way_in(self, ready: Stage, as_: As) -> None:
        client = as_("root")
        reply = self.post(client, password="a very long secret")
        user = User.objects.get(username="nia")
        assert not user.has_usable_password()
        assert reply["Location"] == reverse("web:new-password", args=[user.pk])
        assert client.get(reply["Location"]).status_code == 200

    @pytest.mark.parametrize(
        ("wishes", "field", "status"),
        [
            ({"username": "no spaces"}, "username", 422),
            ({"email": "no address"}, "email", 422),
            ({"name": ""}, "name", 422),
            ({"username": "BEN"}, "__all__", 409),
            ({"email": "ben@example.org"}, "__all__", 409),
        ],
    )
    def test_are_refused_with_the_field_at_fault(
        self, ready: Stage, as_: As, wishes: dict[str, str], field: str, status: int
    ) -> None:
        response = self.post(as_("root"), **wishes)
        assert response.status_code == status
        assert list(response.context["form"].errors) == [field]
        assert not User.objects.filter(username="nia").exists()

    def test_lose_login_and_tokens_when_closed(self, ready: Stage, as_: As) -> None:
        _, secret = create_token(caller=who("ben"), name="x", scopes=["read"], days=3)
        address = reverse("web:person-deactivate", args=[user_of("ben").pk])
        assert as_("ada").post(address).status_code == 403
        assert as_("root").post(address).status_code == 302
        assert not user_of("ben").is_active
        assert usable_token(secret, now=timezone.now()) is None
        assert not Client().login(username="ben", password=password_of("ben"))

    def test_cost_no_more_queries_when_there_are_more(self, ready: Stage, as_: As) -> None:
        client = as_("root")

        def queries() -> int:
            with CaptureQueriesContext(connection) as seen:
                assert client.get(reverse("web:people")).status_code == 200
            return len(seen)

        few = queries()
        for number in range(25):
            create_user(
                caller=who("root"),
                username=f"p{number:02}",
                name=f"P{number}",
                email="",
                password="a very long secret",
            )
        assert queries() == few
        first = client.get(reverse("web:people")).context["listing"]
        rest = client.get(reverse("web:people"), {"after": first.next}).context["listing"]
        assert len(first.rows) + len(rest.rows) == User.objects.count()


class TestTeams:
    def test_are_seen_by_their_members(self, ready: Stage, as_: As) -> None:
        assert "Credit" in text(as_("carl").get(reverse("web:teams")))
        assert "You belong to no team yet" in text(as_("dan").get(reverse("web:teams")))
        assert as_("dan").get(reverse("web:team", args=[TEAM])).status_code == 404

    def test_are_made_by_administrators(self, ready: Stage, as_: As) -> None:
        given = {"slug": "fraud", "name": "Fraud"}
        assert as_("mira").post(reverse("web:teams"), given).status_code == 403
        assert as_("root").post(reverse("web:teams"), given).status_code == 302
        assert Team.objects.filter(slug="fraud").exists()
        again = as_("root").post(reverse("web:teams"), given)
        assert (again.status_code, "exists already" in text(again)) == (409, True)

    def test_list_who_has_which_role(self, ready: Stage, as_: As) -> None:
        members = as_("ben").get(reverse("web:team", args=[TEAM])).context["members"]
        assert [(m["login"], [role for role, _ in m["roles"]]) for m in members][:2] == [
            ("ada", ["contributor"]),
            ("ben", ["reviewer"]),
        ]


class TestRoles:
    def has(self, username: str, role: Role) -> bool:
        return Membership.objects.filter(person=user_of(username).person, role=role).exists()

    def test_are_given_and_taken_by_administrators(self, ready: Stage, as_: As) -> None:
        client, given = as_("root"), {"username": "DAN", "role": "consumer"}
        assert client.post(reverse("web:team", args=[TEAM]), given).status_code == 302
        assert self.has("dan", Role.CONSUMER)
        assert client.post(reverse("web:role-remove", args=[TEAM]), given).status_code == 302
        assert not self.has("dan", Role.CONSUMER)

    def test_are_not_given_by_others(self, ready: Stage, as_: As) -> None:
        given = {"username": "mira", "role": "admin"}
        response = as_("mira").post(reverse("web:team", args=[TEAM]), given)
        assert response.status_code == 403
        assert "Only an administrator may give or take roles" in text(response)
        taken = {"username": "ben", "role": "reviewer"}
        assert as_("mira").post(reverse("web:role-remove", args=[TEAM]), taken).status_code == 403
        assert self.has("ben", Role.REVIEWER)
        shown = text(as_("mira").get(reverse("web:team", args=[TEAM])))
        assert "Give the role" not in shown

    @pytest.mark.parametrize(
        ("given", "status", "words"),
        [
            ({"username": "nobody", "role": "consumer"}, 422, "There is no such login."),
            ({"username": "ben", "role": "king"}, 422, "Select a valid choice"),
            ({"username": "carl", "role": "consumer"}, 409, "has this role already"),
            ({"username": "dan", "role": "reviewer"}, 422, "Select a valid choice"),
        ],
    )
    def test_are_refused_beside_the_field(
        self, ready: Stage, as_: As, given: dict[str, str], status: int, words: str
    ) -> None:
        response = as_("root").post(reverse("web:team", args=[TEAM]), given)
        assert (response.status_code, words in text(response)) == (status, True)
