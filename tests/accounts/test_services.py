"""People, roles and tokens: who may manage them, and what ends with what."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.callers import caller_for
from accounts.models import ApiToken, Membership, Person, User
from accounts.roles import Role, Scope
from accounts.selectors import usable_token
from accounts.services import (
    create_first_admin,
    create_team,
    create_token,
    create_user,
    deactivate_user,
    grant_role,
    remove_role,
    revoke_token,
    set_time_zone,
)
from accounts.tokens import looks_right, new_token, token_digest
from audit.models import AuditEvent
from common.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound
from tests.cast import give, password_of, the_team, user_of, who
from tests.factories.halves import NEW, come_in, way_in
from tests.factories.verbs import with_scopes
from tests.stage import Stage

NOT_ADMINS = ("ada", "ben", "mira", "cora", "carl", "dan")


def new_user(**wishes: Any) -> User:
    given: dict[str, Any] = {"caller": who("root"), "username": "eve", "name": "Eve"}
    return create_user(**(given | {"email": "eve@example.org"} | wishes))


ACTS: dict[str, Any] = {
    "enter a person": lambda caller: new_user(caller=caller),
    "make a team": lambda caller: create_team(caller=caller, slug="fraud", name="Fraud"),
    "close a login": lambda caller: deactivate_user(caller=caller, user=user_of("cleo")),
    "give a role": lambda caller: grant_role(
        caller=caller, team=the_team(), user=user_of("dan"), role="consumer"
    ),
    "take a role": lambda caller: remove_role(
        caller=caller, team=the_team(), user=user_of("cleo"), role="reviewer"
    ),
}


@pytest.mark.parametrize("name", NOT_ADMINS)
@pytest.mark.parametrize("act", list(ACTS))
def test_only_administrators_manage_people(ready: Stage, act: str, name: str) -> None:
    with pytest.raises(NotAllowed, match="administrator"):
        ACTS[act](who(name))


@pytest.mark.parametrize("act", list(ACTS))
def test_an_administrator_does_and_leaves_an_event(ready: Stage, act: str) -> None:
    before = AuditEvent.objects.count()

    ACTS[act](who("root"))

    assert AuditEvent.objects.count() > before


@pytest.mark.parametrize("act", list(ACTS))
def test_a_token_without_the_scope_does_not(ready: Stage, act: str) -> None:
    with pytest.raises(NotAllowed):
        ACTS[act](with_scopes(who("root"), "read", "write", "sign", "predict"))


def test_a_teams_administrator_gives_roles_in_his_team_only(ready: Stage) -> None:
    other = create_team(caller=who("root"), slug="fraud", name="Fraud")
    give([("dan", "admin")])

    grant_role(caller=who("dan"), team=the_team(), user=user_of("carl"), role="contributor")
    with pytest.raises(NotAllowed):
        grant_role(caller=who("dan"), team=other, user=user_of("carl"), role="contributor")
    with pytest.raises(NotAllowed):
        ACTS["enter a person"](who("dan"))


class TestPeople:
    @pytest.mark.parametrize(
        ("wishes", "field"),
        [
            ({"username": ""}, "username"),
            ({"username": "two words"}, "username"),
            ({"username": "x" * 151}, "username"),
            ({"name": ""}, "name"),
            ({"name": "x" * 201}, "name"),
            ({"email": "no address"}, "email"),
        ],
    )
    def test_names_the_field(self, ready: Stage, wishes: dict[str, str], field: str) -> None:
        with pytest.raises(Invalid) as refusal:
            new_user(**wishes)

        assert refusal.value.field == field
        assert not User.objects.filter(person__name="Eve").exists()

    @pytest.mark.parametrize(
        "wishes", [{"username": "ADA"}, {"email": "Ada@Example.org"}], ids=["login", "e-mail"]
    )
    def test_one_login_and_one_person_whatever_the_case(
        self, ready: Stage, wishes: dict[str, str]
    ) -> None:
        with pytest.raises(Conflict, match="exists already"):
            new_user(**wishes)

    def test_have_no_password_that_whoever_enters_them_knows(self, ready: Stage) -> None:
        assert not new_user().has_usable_password()

        come_in("eve", way_in("eve"))

        assert user_of("eve").check_password(NEW)

    def test_keep_it_as_argon2_only(self, ready: Stage) -> None:
        user = user_of("ada")
        assert user.password.startswith("argon2")
        assert password_of("ada") not in user.password

    @pytest.mark.parametrize("password", ["short", "qwerty123456"])
    def test_of_the_command_line_have_a_strong_one(self, ready: Stage, password: str) -> None:
        with pytest.raises(Invalid) as refusal:
            create_first_admin(username="eve", name="Eve", password=password)
        assert refusal.value.field == "password"

    def test_a_closed_login_takes_its_tokens_along(self, ready: Stage) -> None:
        row, text = create_token(caller=who("ada"), name="t", scopes=["read"], days=1)

        deactivate_user(caller=who("root"), user=user_of("ada"))

        assert usable_token(text, now=timezone.now()) is None
        assert ApiToken.objects.get(pk=row.pk).revoked_at is not None
        assert not Person.objects.get(pk=user_of("ada").person_id).is_active

    def test_nobody_closes_his_own_login(self, ready: Stage) -> None:
        with pytest.raises(Conflict, match="your own login"):
            deactivate_user(caller=who("root"), user=user_of("root"))


class TestRoles:
    def test_are_given_once_and_taken_once(self, ready: Stage) -> None:
        with pytest.raises(Conflict, match="has this role already"):
            grant_role(caller=who("root"), team=the_team(), user=user_of("carl"), role="consumer")
        remove_role(caller=who("root"), team=the_team(), user=user_of("ben"), role="reviewer")
        with pytest.raises(NotFound):
            remove_role(caller=who("root"), team=the_team(), user=user_of("ben"), role="reviewer")

        assert who("ben").roles == {}

    @pytest.mark.parametrize("role", ["", "owner", "ADMIN"])
    def test_are_of_the_list(self, ready: Stage, role: str) -> None:
        with pytest.raises(Invalid) as refusal:
            grant_role(caller=who("root"), team=the_team(), user=user_of("ben"), role=role)

        assert refusal.value.field == "role"

    def test_an_administrator_of_the_instance_has_none_by_that(self, ready: Stage) -> None:
        assert not Membership.objects.filter(person=user_of("root").person_id).exists()
        assert who("root").teams == set()

    def test_belong_to_the_person_whatever_the_login(self, ready: Stage) -> None:
        second = User.objects.create(username="ben-too", person=user_of("ben").person)

        assert caller_for(second, via="session").has_role(the_team().pk, Role.REVIEWER)


class TestTokens:
    @pytest.mark.parametrize(
        ("wishes", "field"),
        [
            ({"scopes": []}, "scopes"),
            ({"scopes": ["everything"]}, "scopes"),
            ({"days": 0}, "days"),
            ({"days": 366}, "days"),
            ({"name": " "}, "name"),
            ({"name": "x" * 101}, "name"),
        ],
    )
    def test_names_the_field(self, ready: Stage, wishes: dict[str, Any], field: str) -> None:
        given: dict[str, Any] = {"caller": who("ada"), "name": "t", "scopes": ["read"], "days": 1}

        with pytest.raises(Invalid) as refusal:
            create_token(**(given | wishes))

        assert refusal.value.field == field

    def test_only_a_digest_is_kept(self, ready: Stage) -> None:
        row, text = create_token(caller=who("ada"), name="t", scopes=["read"], days=1)

        assert looks_right(text)
        assert row.sha256 == token_digest(text)
        assert text not in str(ApiToken.objects.values().get(pk=row.pk))
        assert text not in str(list(AuditEvent.objects.values()))

    def test_a_token_makes_none_that_is_stronger(self, ready: Stage) -> None:
        weak = with_scopes(who("root"), "read", "admin")

        for scope in [s.value for s in Scope if s not in (Scope.READ, Scope.ADMIN)]:
            with pytest.raises(NotAllowed, match="more scopes than its own"):
                create_token(caller=weak, name="t", scopes=["read", scope], days=1)
        create_token(caller=weak, name="t", scopes=["read"], days=1)

    def test_one_revokes_ones_own_and_an_administrator_any(self, ready: Stage) -> None:
        mine, _ = create_token(caller=who("ada"), name="t", scopes=["read"], days=1)
        other, _ = create_token(caller=who("ada"), name="u", scopes=["read"], days=1)

        with pytest.raises(NotFound):
            revoke_token(caller=who("ben"), token_id=mine.pk)
        revoke_token(caller=who("ada"), token_id=mine.pk)
        with pytest.raises(Conflict):
            revoke_token(caller=who("ada"), token_id=mine.pk)
        revoke_token(caller=who("root"), token_id=other.pk)

    @pytest.mark.parametrize("inference_only", [True, False])
    def test_a_typing_error_is_seen_without_the_database(self, inference_only: bool) -> None:
        text = new_token(inference_only=inference_only)

        assert looks_right(text)
        for place in range(len("assay_pat_"), len(text)):
            other = "a" if text[place] != "a" else "b"
            assert not looks_right(text[:place] + other + text[place + 1 :])

    def test_a_token_leaves_less_than_its_owner_may(self, ready: Stage) -> None:
        caller = with_scopes(who("root"), "read")

        assert not caller.is_admin
        with pytest.raises(NotAllowed, match="A token cannot change"):
            set_time_zone(caller=caller, time_zone="UTC")


def test_a_time_zone_is_one_of_the_list(ready: Stage) -> None:
    assert set_time_zone(caller=who("ada"), time_zone="Asia/Shanghai").time_zone == "Asia/Shanghai"
    for zone in ("", "Mars/Phobos", "../etc/passwd"):
        with pytest.raises(DomainError) as refusal:
            set_time_zone(caller=who("ada"), time_zone=zone)
        assert refusal.value.field == "time_zone"


def test_the_cast_signs_in_with_passwords_of_its_own(ready: Stage) -> None:
    assert user_of("ada").check_password(password_of("ada"))
    assert not user_of("ada").check_password(password_of("ben"))
