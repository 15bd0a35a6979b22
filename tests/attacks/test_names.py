"""Names and texts that are read otherwise than they are kept: another's name, unseen signs."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.proposals.services import propose
from accounts.services import create_first_admin
from common.errors import Invalid
from governance.approvals.releases import promote
from registry.services import edit_card
from tests.api.client import Api, nothing_written, refusal
from tests.api.house import token_of
from tests.cast import password_of, user_of, who
from tests.factories import tiny
from tests.stage import Stage
from tests.web.conftest import As

# Each looks like "Ben", like nothing, or changes what stands beside it.
OTHERWISE = {
    "a line of its own": "Ben\n\nYour login is closed: http://evil.example",
    "a line of another kind": "Ben\u2028Root",
    "backwards": "Ben \u202etooR",
    "nothing between": "Be\u200bn",
    "a blank of another kind": "Ben\u00a0Ten",
    "a terminal's command": "Ben\x1b[2J",
    "nothing at all": "\u200b",
    "a letter that is blank": "\u3164",
    "a mark that is not drawn": "Ben\ufe0f",
    "a tag": "Ben\U000e0041",
}
LIKE_BEN = {
    "Cyrillic": "b\u0435n",
    "wide letters": "\uff42\uff45\uff4e",
    "a raised letter": "\u1d2een",
    "the sign of Kelvin": "\u212aen",
    "a long s": "be\u017f",
}
# Read in another order than they are signed in, or by what shows them.
STEERING = {"overridden": "Safe.\u202e.ton saw tI", "embedded": "a\u202bb", "a command": "a\x1b[8m"}
UNSEEN = ("\u200b", "\u2060\u200b", "\u3164", "\u00ad", "\ufeff", "\u2800", "\u034f")


@pytest.fixture
def root(approved: Stage) -> Api:
    """An administrator who enters people."""
    return Api(token_of(who("root"))[1])


class TestANewName:
    @pytest.mark.parametrize("name", OTHERWISE.values(), ids=OTHERWISE)
    def test_is_one_line_that_is_seen(self, root: Api, approved: Stage, name: str) -> None:
        wishes: dict[str, Any] = {
            "/users": {"username": "eve", "name": name},
            "/teams": {"slug": "eves", "name": name},
        }
        for path, wish in wishes.items():
            with nothing_written(approved.folder):
                refusal(root.send("POST", path, wish), 422, field="name")

    def test_is_kept_as_it_is_shown(self, root: Api) -> None:
        made = root.send(
            "POST", "/users", {"username": "eve", "name": " Zoe\u0308   \u674e\u96f7 "}
        )
        assert made.json()["name"] == "Zo\u00eb \u674e\u96f7"

    @pytest.mark.parametrize("login", LIKE_BEN.values(), ids=LIKE_BEN)
    def test_of_a_login_is_no_other_one_in_other_letters(
        self, root: Api, approved: Stage, login: str
    ) -> None:
        with nothing_written(approved.folder):
            refusal(
                root.send("POST", "/users", {"username": login, "name": "B"}), 422, field="username"
            )

    def test_is_no_other_one_on_the_command_line(self, approved: Stage) -> None:
        for login, name in (("b\u0435n", "Ben"), ("eve", "Be\u200bn")):
            with pytest.raises(Invalid):
                create_first_admin(username=login, name=name, password=password_of("eve"))


@pytest.mark.parametrize("kind", ["administrator", "password"])
def test_two_persons_of_one_name_are_told_apart_by_whoever_confirms(
    root: Api, approved: Stage, as_: As, kind: str
) -> None:
    """One administrator enters a second Ben; the other one is asked to agree to Ben."""
    root.send("POST", "/users", {"username": "ben2", "name": user_of("ben").person.name})
    for login in ("ben2", "ben"):
        proposal = propose(
            caller=who("root"),
            kind=kind,
            wish={"username": login},
            reason="He is needed.",
            password=password_of("root"),
        )
        otto = as_("otto")
        for address in ("/proposals", f"/proposals/{proposal.pk}"):
            assert f"Ben ({login})" in otto.get(address).content.decode()


class TestAText:
    @pytest.mark.parametrize("text", UNSEEN, ids=ascii)
    def test_that_nobody_sees_is_no_reason(self, approved: Stage, text: str) -> None:
        with pytest.raises(Invalid, match="Give a reason"):
            promote(caller=who("mira"), version=approved.version, alias="next", reason=text)

    @pytest.mark.parametrize("text", STEERING.values(), ids=STEERING)
    def test_is_read_as_it_is_signed(self, approved: Stage, text: str) -> None:
        api = Api(token_of(who("mira"))[1])
        ada = Api(token_of(who("ada"))[1])
        model = {"name": "next", "team": "credit", "risk_tier": "low", "origin": "in-house"}
        entry = {"hosting": "served", "life": "in_use", "owner": "ada"}
        wishes = [
            (api, "PUT", "/models/tumours/aliases/next", {"version": 1, "reason": text}),
            (ada, "POST", "/models", {**model, "purpose": text, "licence": "MIT"}),
            (ada, "POST", "/models", {**model, "purpose": "Tell.", "licence": text}),
            (ada, "PATCH", "/models/tumours", {"tags": [text]}),
            (ada, "PUT", "/models/tumours/entry", {**entry, "place": text}),
        ]
        for caller, method, path, wish in wishes:
            with nothing_written(approved.folder):
                refusal(caller.send(method, path, wish), 422)
        with pytest.raises(Invalid, match="otherwise"):
            edit_card(
                caller=who("ada"),
                version=approved.version,
                content={**tiny.CARD, "limitations": text},
            )

    def test_may_have_lines_and_be_written_from_right_to_left(self, approved: Stage) -> None:
        text = "One.\r\n\tTwo: \u2067\u0645\u0631\u062d\u0628\u0627\u2069 \u2764\ufe0f"
        move = promote(caller=who("mira"), version=approved.version, alias="next", reason=text)
        assert move.reason == text


def test_logins_of_before_still_open(approved: Stage) -> None:
    User.objects.filter(username="ben").update(username="b\u0435n")
    given = {"login": "b\u0435n", "password": password_of("ben")}
    assert Client().post("/accounts/login/", given).headers["Location"] == "/"
