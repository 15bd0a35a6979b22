"""Passkeys of persons: registered from what a device gives, named, removed; never changed."""

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import override_settings
from django.utils import timezone
from fido2 import cbor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from accounts.models import Passkey, PasskeyChallenge
from accounts.passkeys import host as passkey_host
from accounts.passkeys.challenges import (
    MOST_OPEN,
    TooManyChallenges,
    forget_old_challenges,
    open_challenge,
    use_challenge,
)
from accounts.passkeys.records import logged_proofs, said_by
from accounts.passkeys.services import (
    MOST_PASSKEYS,
    offer_passkey,
    register_passkey,
    remove_passkey,
    rename_passkey,
)
from audit.models import AuditEvent
from common.errors import Conflict, Invalid, NotAllowed
from tests.cast import password_of, user_of, who
from tests.factories import passkeys
from tests.factories.factors import code_of, enrol
from tests.factories.passkeys import PRESENT, Device, b64
from tests.factories.verbs import with_scopes
from tests.stage import Stage
from trust.passkeys import LoggedPasskey


def register(login: str, device: Device, **wishes: Any) -> Passkey:
    """What the page sends."""
    offer = offer_passkey(caller=who(login))
    fields: dict[str, Any] = {
        "caller": who(login),
        "name": "Key ring",
        "challenge": offer.challenge,
        "credential": device.made(offer.public_key),
        "password": password_of(login),
    }
    return register_passkey(**(fields | wishes))


def told() -> list[str]:
    rows = AuditEvent.objects.filter(action__startswith="passkey").order_by("pk")
    return list(rows.values_list("action", flat=True))


@pytest.mark.usefixtures("ready")
class TestRegistering:
    @pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
    def test_keeps_the_public_key_and_tells_the_log(self, algorithm: str) -> None:
        device = Device(algorithm, count=3)
        passkey = register("ben", device)

        said = said_by(passkey)
        assert said["public_key"] == b64(device.public_key)
        assert (said["algorithm"], said["attestation"]) == (algorithm, "none")
        assert (said["aaguid"], said["transports"]) == (
            "00010203-0405-0607-0809-0a0b0c0d0e0f",
            ["usb"],
        )
        assert passkey.sign_count == said["sign_count"] == 3
        logged = logged_proofs([user_of("ben").person_id])[device.digest]
        assert isinstance(logged, LoggedPasskey)
        assert logged.public_key == device.public_key
        assert logged.person == str(user_of("ben").person_id)
        assert logged.record == f"sha256:{passkey.digest}"

    def test_keeps_no_name_in_the_log(self) -> None:
        register("ben", Device(), name="My secret telephone")
        leaves = b"".join(bytes(row.leaf) for row in AuditEvent.objects.all())
        assert b"secret telephone" not in leaves

    def test_asks_for_the_code_of_whoever_has_an_app(self) -> None:
        enrol("ben")
        with pytest.raises(Invalid) as refusal:
            register("ben", Device())
        assert refusal.value.field == "code"
        register("ben", Device(), code=code_of("ben"))

    @pytest.mark.parametrize(
        ("wishes", "field"),
        [
            ({"password": "wrong"}, "password"),
            ({"code": "123456"}, "code"),
            ({"name": "  "}, "name"),
            ({"name": "x" * 101}, "name"),
            ({"name": "a\0b"}, "name"),
        ],
    )
    def test_names_the_field_and_keeps_nothing(self, wishes: dict[str, Any], field: str) -> None:
        with pytest.raises((Invalid, NotAllowed)) as refusal:
            register("ben", Device(), **wishes)
        assert refusal.value.field == field
        assert not Passkey.objects.exists()

    @pytest.mark.parametrize(
        ("device", "client"),
        [
            (Device("EdDSA", flags=PRESENT), {}),
            (Device("EdDSA", flags=0x04), {}),
            (Device("EdDSA", rp_id="example.org"), {}),
            (Device("EdDSA", origin="https://example.org"), {}),
            (Device("EdDSA", origin="http://127.0.0.1:8300"), {}),
            (Device("EdDSA"), {"type": "webauthn.get"}),
            (Device("EdDSA"), {"crossOrigin": True}),
        ],
    )
    def test_takes_no_device_that_says(self, device: Device, client: dict[str, Any]) -> None:
        offer = offer_passkey(caller=who("ben"))
        with pytest.raises(Invalid) as refusal:
            register(
                "ben",
                device,
                challenge=offer.challenge,
                credential=device.made(offer.public_key, **client),
            )
        assert refusal.value.field == "credential"

    def test_takes_no_key_that_nobody_can_check_offline(self) -> None:
        device = Device("EdDSA")
        device.cose = {1: 2, 3: -35, -1: 2, -2: b"0" * 48, -3: b"0" * 48}
        with pytest.raises(Invalid, match="signs with"):
            register("ben", device)

    def test_takes_each_answer_once_and_none_of_another_person(self) -> None:
        offer, device = offer_passkey(caller=who("ben")), Device("EdDSA")
        answer = {"challenge": offer.challenge, "credential": device.made(offer.public_key)}
        with pytest.raises(Invalid, match="not valid"):
            register("cleo", device, **answer)
        register("ben", device, **answer)
        with pytest.raises(Invalid, match="not valid"):
            register("ben", device, **answer)

    def test_takes_a_credential_once_whoever_comes(self) -> None:
        device = Device("EdDSA")
        register("ben", device)
        with pytest.raises(Conflict, match="registered already"):
            register("cleo", device)

    def test_is_not_for_a_token_that_may_not_manage_tokens(self) -> None:
        with pytest.raises(NotAllowed, match="token"):
            offer_passkey(caller=with_scopes(who("ben"), "read", "sign"))

    def test_has_an_end(self) -> None:
        for _number in range(MOST_PASSKEYS):
            passkeys.register("ben", device=Device("EdDSA"))
        with pytest.raises(Conflict, match="at most"):
            offer_passkey(caller=who("ben"))

    @settings(max_examples=30, suppress_health_check=list(HealthCheck), deadline=None)
    @given(some.data())
    def test_refuses_any_spoilt_answer_by_a_sentence(self, draw: Any) -> None:
        device = Device("EdDSA")
        offer = offer_passkey(caller=who("ben"))
        PasskeyChallenge.objects.exclude(pk=offer.challenge).delete()
        answer = device.made(offer.public_key)
        part = draw.draw(some.sampled_from(["clientDataJSON", "attestationObject"]))
        answer["response"][part] = b64(
            draw.draw(
                some.one_of(
                    some.binary(max_size=200),
                    some.recursive(
                        some.one_of(some.integers(-9, 9), some.text(max_size=5), some.binary()),
                        lambda inner: some.dictionaries(
                            some.sampled_from(["fmt", "attStmt", 1]), inner
                        ),
                        max_leaves=4,
                    ).map(cbor.encode),
                )
            )
        )
        with pytest.raises(Invalid):
            register("ben", device, challenge=offer.challenge, credential=answer)


@pytest.mark.usefixtures("ready")
class TestOnesOwn:
    def test_is_renamed(self) -> None:
        passkey = register("ben", Device("EdDSA"))
        assert rename_passkey(caller=who("ben"), passkey=passkey, name=" Safe ").name == "Safe"
        rename_passkey(caller=who("ben"), passkey=passkey, name="Safe")
        assert told() == ["passkey.registered", "passkey.renamed"]

    def test_is_removed_with_the_password_and_stays_in_the_table(self) -> None:
        passkey = register("ben", Device("EdDSA"))
        with pytest.raises(NotAllowed):
            remove_passkey(caller=who("ben"), passkey=passkey, password="wrong")
        remove_passkey(caller=who("ben"), passkey=passkey, password=password_of("ben"))
        assert told() == ["passkey.registered", "passkey.removed"]
        assert Passkey.objects.get().removed_at is not None
        with pytest.raises(Conflict, match="removed already"):
            rename_passkey(caller=who("ben"), passkey=passkey, name="Other")
        with pytest.raises(Conflict, match="removed already"):
            remove_passkey(caller=who("ben"), passkey=passkey, password=password_of("ben"))

    def test_is_nobody_elses(self) -> None:
        passkey = register("ben", Device("EdDSA"))
        for name in ("cleo", "root"):
            with pytest.raises(NotAllowed, match="another person"):
                rename_passkey(caller=who(name), passkey=passkey, name="Mine")
            with pytest.raises(NotAllowed, match="another person"):
                remove_passkey(caller=who(name), passkey=passkey, password=password_of(name))


@pytest.mark.usefixtures("ready")
class TestAChallenge:
    def test_is_bound_to_login_session_act_and_words(self) -> None:
        words = {"reason": "r"}
        for caller, act, said, why in (
            (who("cleo"), "sign", words, "challenge"),
            (who("ben"), "waive", words, "intent"),
            (who("ben"), "sign", {"reason": "s"}, "intent"),
        ):
            opened = open_challenge(who("ben"), "sign", words)
            assert use_challenge(caller, opened.id, act, said) == (None, why)
        opened = open_challenge(who("ben"), "sign", words)
        assert use_challenge(who("ben"), opened.id, "sign", words) == (opened, "")
        assert use_challenge(who("ben"), opened.id, "sign", words) == (None, "used")

    def test_ends_and_is_forgotten(self) -> None:
        with override_settings(PASSKEY_SECONDS=-1):
            opened = open_challenge(who("ben"), "sign", {})
        assert use_challenge(who("ben"), opened.id, "sign", {}) == (None, "expired")
        forget_old_challenges()
        assert PasskeyChallenge.objects.count() == 1
        with override_settings(PASSKEY_SECONDS=-25 * 3600):
            open_challenge(who("ben"), "sign", {})
        forget_old_challenges()
        assert PasskeyChallenge.objects.count() == 1

    def test_is_one_of_a_few(self) -> None:
        for _number in range(MOST_OPEN):
            open_challenge(who("ben"), "sign", {})
        with pytest.raises(TooManyChallenges):
            open_challenge(who("ben"), "sign", {})
        open_challenge(who("cleo"), "sign", {})


@pytest.mark.usefixtures("ready")
class TestPastTheProgram:
    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE accounts_passkey SET record = 'x'",
            "UPDATE accounts_passkey SET person_id = (SELECT id FROM accounts_person LIMIT 1)",
            "UPDATE accounts_passkey SET credential = repeat('0', 64)",
            "UPDATE accounts_passkey SET sign_count = sign_count - 1",
            "DELETE FROM accounts_passkey",
            "TRUNCATE accounts_passkey CASCADE",
            "UPDATE accounts_passkeychallenge SET used_at = NULL",
            "UPDATE accounts_passkeychallenge SET act = 'sign'",
        ],
    )
    def test_the_database_refuses(self, change: str) -> None:
        register("ben", Device("EdDSA", count=5))
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)

    def test_a_removed_passkey_stays_removed(self) -> None:
        passkey = register("ben", Device("EdDSA"))
        Passkey.objects.update(removed_at=timezone.now())
        with pytest.raises(DatabaseError, match="was removed"), transaction.atomic():
            Passkey.objects.filter(pk=passkey.pk).update(removed_at=None)


def test_of_answers_at_once_one_is_taken(ready_copy: Stage) -> None:
    opened = open_challenge(who("ben"), "sign", {})
    taken: list[str] = []

    def use() -> None:
        try:
            taken.append(use_challenge(who("ben"), opened.id, "sign", {})[1])
        finally:
            connection.close()

    threads = [threading.Thread(target=use) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == ["", *["used"] * 5]


@pytest.mark.parametrize(
    ("url", "host", "works"),
    [
        ("http://localhost:8300", "localhost", True),
        ("https://models.example.org", "models.example.org", True),
        ("http://models.example.org", "models.example.org", False),
        ("http://127.0.0.1:8300", "127.0.0.1", False),
        ("https://[::1]", "::1", False),
    ],
)
def test_an_address_allows_passkeys_or_not(url: str, host: str, works: bool) -> None:
    with override_settings(PUBLIC_URL=url):
        assert (passkey_host.host(), passkey_host.is_set_up()) == (host, works)


def test_an_address_that_allows_none_says_so(ready: Stage) -> None:
    with (
        override_settings(PUBLIC_URL="http://10.0.0.7"),
        pytest.raises(Conflict, match="ASSAY_URL"),
    ):
        offer_passkey(caller=who("ben"))


def test_an_offer_wants_the_user_verified_and_names_what_is_known(ready: Stage) -> None:
    device = passkeys.register("ben")
    wanted = offer_passkey(caller=who("ben")).public_key
    json.dumps(wanted)
    assert wanted["authenticatorSelection"]["userVerification"] == "required"
    assert [known["id"] for known in wanted["excludeCredentials"]] == [b64(device.credential_id)]
    assert {one["alg"] for one in wanted["pubKeyCredParams"]} == {-7, -8, -257}
    assert timedelta(milliseconds=wanted["timeout"]) == timedelta(minutes=5)
