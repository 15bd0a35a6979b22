"""What a consumer, a slow model or a broken web process would do to predictions and records."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client

from accounts.services import MOST_TOKENS, revoke_token
from common.errors import Conflict, TooLarge, Unavailable
from governance.approvals.releases import revoke
from inference import predicting, segments
from inference.follower import Follower
from inference.predicting import NotApproved
from inference.segments import READY, SegmentWriter
from tests.api.house import token_of
from tests.attacks.answering import PREDICT, answering, records
from tests.cast import password_of, user_of, who
from tests.factories import serving, tiny
from tests.stage import Stage
from trust.strict_json import parse_strict

NUMBERS = (
    "9007199254740991",
    "9007199254740992",
    "9007199254740993",
    "-9223372036854775808",
    "18446744073709551615",
    "1234567890123456789012",
    "1000000000000000000000",
    "1e22",
    "1E+18",
    "0.12345678901234567890",
    "-0",
    "-0.0",
    "5e-324",
)


@pytest.mark.parametrize("space", ["", " ", "\n"])
def test_no_number_makes_a_record_that_the_verifier_takes_for_tampered(
    space: str, approved: Stage, tmp_path: Path
) -> None:
    """One such record, sealed in the log, would accuse every later bundle for ever."""
    _, token = token_of(who("carl"), "predict")
    said = []
    with answering(tmp_path / "segments"):
        for number in NUMBERS:
            reply = Client().post(
                PREDICT,
                f'{{"rows": [[1,2,3,{space}{number}{space}], [{space}{number},1,2,3]]}}',
                content_type="application/json",
                headers={"Authorization": f"Bearer {token}"},
            )
            assert reply.status_code in (200, 422), reply.content
            said.append(reply.status_code)

    lines = records(tmp_path / "segments")
    assert len(lines) == said.count(200) >= 5
    for line in lines:
        parse_strict(line)


def test_no_answer_outgrows_what_a_record_may_hold(
    approved: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predicting, "MAX_LINE_BYTES", 2000)
    with serving.follower() as made:
        serving.answer(made, "carl", tmp_path, payload=tiny.request(2))
        with pytest.raises(TooLarge):
            serving.answer(made, "carl", tmp_path, payload=tiny.request(40))

    assert len(records(tmp_path)) == 1


def test_large_records_are_handed_over_before_they_are_too_many_to_ship(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "SEAL_AFTER_BYTES", 10_000)
    writer = SegmentWriter(tmp_path, sync_ms=1000, seal_s=3600)
    for _ in range(10):
        writer.append(b"x" * 4000)

    sizes = [path.stat().st_size for path in tmp_path.glob(f"*{READY}")]
    assert sizes == [4 * 4001] * 2


def _interrupted(made: Follower, folder: Path, meanwhile: Callable[[], object]) -> None:
    """Asks, and lets something happen while the model runs."""
    (loaded,) = made.table.loaded.values()
    session: Any = loaded.model._session

    class Interrupted:
        def run(self, *arguments: Any) -> Any:
            found = session.run(*arguments)
            meanwhile()
            return found

    # The model itself runs; only the moment of its end is chosen.
    loaded.model._session = Interrupted()
    serving.answer(made, "carl", folder)


def test_a_version_revoked_while_it_runs_does_not_answer(approved: Stage, tmp_path: Path) -> None:
    with serving.follower() as made:

        def stop() -> None:
            mira, password = who("mira"), password_of("mira")
            revoke(caller=mira, version=approved.version, reason="Stop it.", password=password)
            made.look()

        with pytest.raises(Unavailable, match="closed while it answered"):
            _interrupted(made, tmp_path, stop)

    assert records(tmp_path) == []


def test_an_approval_that_expires_during_the_run_gives_no_answer(
    approved: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = approved.approval.not_after + timedelta(microseconds=1)

    class Clock:
        @staticmethod
        def now(zone: object) -> Any:
            return end

    with serving.follower() as made, pytest.raises(NotApproved, match="expired"):
        _interrupted(made, tmp_path, lambda: monkeypatch.setattr(predicting, "datetime", Clock))

    assert records(tmp_path) == []


def test_a_row_that_cannot_be_read_does_not_make_serving_deaf_unnoticed(approved: Stage) -> None:
    """The app's database role writes a moment that the program cannot read, and revocations are no
    longer followed: that has to count as silence, which the grace of the approvals ends."""
    with serving.follower() as made:
        heard = made.contact
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO accounts_apitoken (id, user_id, name, sha256, prefix, last_four,"
                " scopes, created_at, expires_at) VALUES (gen_random_uuid(), %s, 'x',"
                " repeat('a', 64), 'x', 'x', '{predict}', now(), 'infinity')",
                [user_of("carl").pk],
            )
        with pytest.raises(DatabaseError):
            made.look()

        assert made.contact == heard


def test_no_flood_of_tokens_makes_serving_slow_to_hear_of_a_revocation(approved: Stage) -> None:
    """With 300,000 tokens of one consumer a revocation took ten seconds."""
    carl = who("carl")
    made = [token_of(carl, "predict")[0] for _ in range(MOST_TOKENS)]
    with pytest.raises(Conflict, match="revoke one first"):
        token_of(carl, "predict")

    revoke_token(caller=carl, token_id=made[0])
    assert token_of(carl, "predict")
