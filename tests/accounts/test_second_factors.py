"""An authenticator app: set up, asked for, its codes taken once, removed, reset by another."""

import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.test import Client, override_settings

from accounts.factors import totp
from accounts.factors.codes import has_factor
from accounts.factors.services import (
    OFFER_SECONDS,
    enrol_factor,
    offer_factor,
    remove_factor,
    renew_recovery_codes,
)
from accounts.models import Person, RecoveryCode, SecondFactor
from accounts.reauthentication import TooManyTries, confirm_sign_in, reauthenticate
from accounts.sealing import Unreadable, seal, unseal
from audit.models import AuditEvent
from common.errors import Conflict, DomainError, Invalid, NotAllowed
from tests.cast import by_root_and_otto, password_of, user_of, who
from tests.factories.factors import code_of, enrol, proof_of, secret_of, used_code_of
from tests.factories.verbs import with_scopes
from tests.stage import Stage

LOGIN, CODE = "/accounts/login/", "/accounts/2fa/authenticate/"


def events(name: str) -> list[str]:
    """What the log tells of a person's factors, oldest first."""
    rows = AuditEvent.objects.filter(user_id=user_of(name).pk).order_by("pk")
    told = rows.filter(action__regex=r"^(factor|recovery|code|password)")
    return list(told.values_list("action", flat=True))


def asked(name: str, **proof: str) -> str:
    """The method after asking again, or the field that was refused."""
    given: dict[str, Any] = {"password": password_of(name)} | proof
    try:
        return reauthenticate(caller=who(name), **given)
    except DomainError as error:
        return f"refused: {error.field}"


@pytest.mark.usefixtures("ready")
class TestSettingUp:
    def test_keeps_a_sealed_secret_and_tells_the_log(self) -> None:
        codes = enrol("ben")

        factor = SecondFactor.objects.get()
        assert factor.pk == user_of("ben").person_id
        assert len(set(codes)) == 10
        assert events("ben") == ["factor.enrolled", "recovery_codes.made"]
        told = b"".join(bytes(row.leaf) for row in AuditEvent.objects.all()).decode()
        for secret in (secret_of("ben"), *codes):
            assert secret not in told
            assert _rows_with(secret) == 0

    def test_shows_an_address_that_apps_read(self) -> None:
        offer = offer_factor(caller=who("ben"))
        wanted = rf"otpauth://totp/Assay%20{settings.ORIGIN}:ben\?.*secret={offer.secret}"
        assert re.match(wanted, offer.address)

    @pytest.mark.parametrize(
        ("field", "wishes"),
        [
            ("code", {"code": "000000"}),
            ("code", {"code": "12345"}),
            ("code", {"code": "٣٣٣٣٣٣"}),
            ("offer", {"offer": "made up"}),
            ("offer", {"offer": ""}),
            ("password", {"password": "wrong"}),
        ],
    )
    def test_names_the_field_and_keeps_nothing(self, field: str, wishes: dict[str, str]) -> None:
        offer = offer_factor(caller=who("ben"))
        given = {
            "offer": offer.sealed,
            "code": totp.code_at(offer.secret, totp.step_now()),
            "password": password_of("ben"),
        }

        with pytest.raises((Invalid, NotAllowed)) as refusal:
            enrol_factor(caller=who("ben"), **(given | wishes))

        assert refusal.value.field == field
        assert not SecondFactor.objects.exists()

    def test_takes_no_offer_of_another_person_and_no_old_one(self) -> None:
        words = {"offered to": str(user_of("ada").person_id), "secret": totp.new_secret()}
        with pytest.raises(Invalid, match="offer is not valid"):
            enrol_factor(
                caller=who("ben"), offer=seal(words), code="1", password=password_of("ben")
            )
        with pytest.raises(Unreadable):
            unseal(seal({}), longest_s=-1)
        assert OFFER_SECONDS == 900

    def test_is_done_once_for_the_person_whatever_the_login(self) -> None:
        enrol("ben")
        with pytest.raises(Conflict):
            offer_factor(caller=who("ben"))
        ada = user_of("ada")
        ada.person = user_of("ben").person
        ada.save()
        with pytest.raises(Conflict):
            offer_factor(caller=who("ada"))
        assert asked("ada") == "refused: code"

    def test_is_not_for_a_token_that_may_not_manage_tokens(self) -> None:
        with pytest.raises(NotAllowed, match="token"):
            offer_factor(caller=with_scopes(who("ben"), "read", "sign"))


def _rows_with(text: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM accounts_secondfactor s WHERE s::text LIKE %s", [f"%{text}%"]
        )
        found = int(cursor.fetchone()[0])
        cursor.execute(
            "SELECT count(*) FROM accounts_recoverycode s WHERE s::text LIKE %s", [f"%{text}%"]
        )
        return found + int(cursor.fetchone()[0])


@pytest.mark.usefixtures("ready")
class TestAskingAgain:
    def test_says_by_which_method(self) -> None:
        assert asked("ben") == "password"
        enrol("ben")
        assert asked("ben", code=code_of("ben")) == "password+totp"

    def test_wants_both_from_whoever_has_an_app(self) -> None:
        codes = enrol("ben")
        assert asked("ben") == "refused: code"
        assert asked("ben", code=" ") == "refused: code"
        assert asked("ben", code="000000") == "refused: code"
        assert asked("ben", code=codes[0]) == "refused: code"
        assert asked("ben", code=code_of("ben"), password="wrong") == "refused: password"
        assert events("ben")[2:] == ["code.refused", "code.refused", "password.refused"]

    def test_wants_no_code_from_whoever_has_none(self) -> None:
        assert asked("ben", code="123456") == "refused: code"
        assert events("ben") == []

    def test_takes_each_code_once_and_none_from_before_it(self) -> None:
        enrol("ben")
        secret, now = secret_of("ben"), totp.step_now()
        assert asked("ben", code=used_code_of("ben")) == "refused: code"
        assert asked("ben", code=totp.code_at(secret, now + 1)) == "password+totp"
        for step in (now - 1, now, now + 1):
            assert asked("ben", code=totp.code_at(secret, step)) == "refused: code"

    @pytest.mark.parametrize("far", [-2, 2, 3, 20])
    def test_takes_no_code_of_another_time(self, far: int) -> None:
        enrol("ben")
        code = totp.code_at(secret_of("ben"), totp.step_now() + far)
        assert asked("ben", code=code) == "refused: code"

    def test_a_code_is_spent_only_with_the_right_password(self) -> None:
        enrol("ben")
        code = code_of("ben")
        asked("ben", code=code, password="wrong")
        assert asked("ben", code=code) == "password+totp"

    def test_guessing_codes_is_stopped_even_for_the_right_one(self) -> None:
        enrol("ben")
        for guess in range(settings.PASSWORD_TRIES):
            assert asked("ben", code=f"00000{guess}") == "refused: code"
        with pytest.raises(TooManyTries):
            reauthenticate(caller=who("ben"), **proof_of("ben"))
        with pytest.raises(TooManyTries):
            confirm_sign_in(user_of("ben"), code_of("ben"))

    def test_says_so_when_the_secret_cannot_be_read(self) -> None:
        enrol("ben")
        code = code_of("ben")
        with (
            override_settings(SECRET_KEY="another key of the instance"),
            pytest.raises(Conflict, match="administrator can reset"),
        ):
            reauthenticate(caller=who("ben"), password=password_of("ben"), code=code)
        with override_settings(
            SECRET_KEY="another key of the instance", SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]
        ):
            assert asked("ben", code=code) == "password+totp"

    def test_takes_no_secret_that_was_moved_to_another_person(self) -> None:
        enrol("ben")
        enrol("ada")
        theirs = SecondFactor.objects.get(pk=user_of("ada").person_id).sealed
        code = code_of("ada")
        SecondFactor.objects.get(pk=user_of("ben").person_id).delete()
        person = Person.objects.get(pk=user_of("ben").person_id)
        SecondFactor.objects.create(person=person, sealed=theirs, last_step=0)
        with pytest.raises(Conflict):
            reauthenticate(caller=who("ben"), password=password_of("ben"), code=code)


@pytest.mark.usefixtures("ready")
class TestRecoveryCodes:
    def test_work_once_each_at_sign_in_and_never_for_a_signature(self) -> None:
        first, second, *_rest = enrol("ben")
        confirm_sign_in(user_of("ben"), first.upper().replace("-", " "))
        with pytest.raises(NotAllowed):
            confirm_sign_in(user_of("ben"), first)
        assert asked("ben", code=second) == "refused: code"
        assert events("ben")[2:] == ["recovery_code.used", "code.refused", "code.refused"]

    def test_new_ones_end_the_former_ones(self) -> None:
        former = enrol("ben")
        new = renew_recovery_codes(caller=who("ben"), **proof_of("ben"))
        assert not set(new) & set(former)
        with pytest.raises(NotAllowed):
            confirm_sign_in(user_of("ben"), former[0])
        confirm_sign_in(user_of("ben"), new[0])
        assert RecoveryCode.objects.filter(used_at=None).count() == 9

    def test_of_another_person_are_none(self) -> None:
        enrol("ben")
        codes = enrol("ada")
        with pytest.raises(NotAllowed):
            confirm_sign_in(user_of("ben"), codes[0])


@pytest.mark.usefixtures("ready")
class TestTheEnd:
    def test_by_the_person_wants_password_and_code(self) -> None:
        codes = enrol("ben")
        for proof in ({"code": ""}, {"code": "000000"}, {"password": "wrong"}):
            with pytest.raises((NotAllowed, Invalid)):
                remove_factor(caller=who("ben"), **(proof_of("ben") | proof))
        assert has_factor(user_of("ben").person_id)
        remove_factor(caller=who("ben"), password=password_of("ben"), code=codes[0])
        assert asked("ben") == "password"
        assert not RecoveryCode.objects.exists()
        assert events("ben")[-1] == "factor.removed"

    def test_by_two_administrators_is_an_event_of_the_second(self) -> None:
        enrol("ben")
        by_root_and_otto("second_factor_reset", "ben")
        assert asked("ben") == "password"
        assert AuditEvent.objects.get(action="factor.reset").user_id == user_of("otto").pk

    def test_by_an_administrator_is_never_that_of_his_own(self) -> None:
        enrol("root")
        with pytest.raises(Conflict, match="your own"):
            by_root_and_otto("second_factor_reset", "root")
        assert has_factor(user_of("root").person_id)

    @pytest.mark.parametrize(
        "act",
        [
            lambda: by_root_and_otto("second_factor_reset", "ben"),
            lambda: remove_factor(caller=who("ben"), password="", code=""),
            lambda: renew_recovery_codes(caller=who("ben"), password="", code=""),
        ],
    )
    def test_is_a_conflict_where_there_is_none(self, act: Callable[[], object]) -> None:
        with pytest.raises(Conflict):
            act()


@pytest.mark.usefixtures("ready")
class TestPastTheProgram:
    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE accounts_secondfactor SET last_step = last_step - 1",
            "UPDATE accounts_secondfactor SET last_step = last_step",
            "UPDATE accounts_secondfactor SET sealed = 'mine', last_step = last_step + 1",
            "UPDATE accounts_recoverycode SET used_at = NULL",
            "UPDATE accounts_recoverycode SET digest = 'mine'",
        ],
    )
    def test_the_trigger_refuses(self, change: str) -> None:
        codes = enrol("ben")
        confirm_sign_in(user_of("ben"), codes[0])
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)


@pytest.mark.usefixtures("ready")
class TestSignIn:
    def opened(self, code: str | None = None) -> tuple[Client, Any]:
        client = Client()
        form = {"login": "ben", "password": password_of("ben")}
        reply = client.post(LOGIN, form)
        if code is not None:
            assert reply["Location"] == CODE
            reply = client.post(CODE, {"code": code})
        return client, reply

    def test_asks_for_a_code_of_whoever_has_an_app(self) -> None:
        _client, reply = self.opened()
        assert reply["Location"] == "/"
        enrol("ben")
        client, reply = self.opened()
        assert reply["Location"] == CODE
        assert "authenticator app" in client.get(CODE).content.decode()
        assert client.get("/api/v1/me").status_code == 401

    def test_opens_with_a_code_of_now(self) -> None:
        enrol("ben")
        client, reply = self.opened(code_of("ben"))
        assert reply["Location"] == "/"
        assert client.get("/api/v1/me").status_code == 200

    def test_does_not_open_with_a_wrong_or_used_one(self) -> None:
        enrol("ben")
        for code in ("000000", used_code_of("ben"), ""):
            client, reply = self.opened(code)
            assert reply.status_code == 200
            assert client.get("/api/v1/me").status_code == 401
        assert events("ben")[2:] == ["code.refused", "code.refused"]

    def test_does_not_open_twice_with_the_code_of_a_signature(self) -> None:
        enrol("ben")
        code = code_of("ben")
        assert asked("ben", code=code) == "password+totp"
        _client, reply = self.opened(code)
        assert "used before" in reply.content.decode()

    def test_a_code_alone_opens_nothing(self) -> None:
        enrol("ben")
        client = Client()
        assert client.post(CODE, {"code": code_of("ben")})["Location"].startswith(LOGIN)
        assert client.get("/api/v1/me").status_code == 401


def test_of_many_requests_with_one_code_a_single_one_is_taken(ready_copy: Stage) -> None:
    enrol("ben")
    code, said = code_of("ben"), []
    start = threading.Barrier(4)

    def use() -> None:
        start.wait()
        said.append(asked("ben", code=code))
        connection.close()

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["password+totp", *["refused: code"] * 3]
