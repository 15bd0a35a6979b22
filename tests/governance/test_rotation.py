"""The notary's keys change: nothing that they signed in time is lost, nothing later counts."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from audit.actions import Action
from audit.integrator import LOCK, Integrator
from audit.models import AuditEvent, Checkpoint
from audit.verification import LogCheck
from common.errors import Conflict
from compliance.verification.reviews import reviews
from governance.approvals.releases import revoke
from governance.keys.rotation import end_former_keys, introduce_keys, replace_keys
from governance.keys.store import load_notary_keys
from governance.selectors import approval_keys, trusted_keys
from inference.loading import LoadRefused
from registry.services import edit_card
from tests.cast import password_of, who
from tests.factories import serving, tiny, verbs
from tests.factories.damage import reissue
from tests.stage import Stage
from trust.key_statements import read_key_statement
from trust.keys import SigningKey, TrustedKeys
from trust.notes import parse_note

ENDED = "the key that signed has ended"


def place(stage: Stage) -> dict[str, Any]:
    return {
        "folder": stage.folder / "notary",
        "origin": settings.ORIGIN,
        "trusted": stage.folder / "trusted-keys.txt",
    }


def rotated(stage: Stage, verb: Any, **more: Any) -> Any:
    with stage.database.as_role("notary"):
        return verb(**place(stage), **more)


def keys_of(stage: Stage) -> tuple[SigningKey, SigningKey]:
    return load_notary_keys(stage.folder / "notary", settings.ORIGIN)


def integrate(stage: Stage) -> bytes:
    """A round of a notary that starts now, under its own role; the newest checkpoint."""
    with stage.database.as_role("notary"):
        made = Integrator(
            key=keys_of(stage)[0],
            memory=stage.folder / "notary" / "last-checkpoint.txt",
            trusted=trusted_keys().named(settings.ORIGIN),
        )
        assert made.start()
        made.run_once()
        made.release()
    return newest()


def newest() -> bytes:
    return Checkpoint.objects.order_by("-size")[0].note.encode()


def findings() -> list[str]:
    """What fsck says of the log, the signatures and the approvals."""
    keys = trusted_keys()
    log = LogCheck(keys.named(settings.ORIGIN)).findings()
    return [str(found) for found in (*log, *reviews(approval_keys(keys)))]


def approve_again(stage: Stage) -> None:
    """The approval is ended; with another card it is given anew."""
    revoke(caller=who("mira"), version=stage.version, reason="New.", password=password_of("mira"))
    edit_card(caller=who("ada"), version=stage.version, content=tiny.CARD | {"caveats": "New."})
    verbs.signed(stage.version)
    assert stage.notary_round() == 1


class TestARotation:
    def test_keeps_what_the_old_keys_signed_and_signs_with_the_new(
        self, approved_copy: Stage
    ) -> None:
        integrate(approved_copy)
        old = keys_of(approved_copy)

        rotated(approved_copy, introduce_keys)
        serving.loaded()
        rotated(approved_copy, end_former_keys)

        serving.loaded()
        assert not {key.verifier for key in old} & set(trusted_keys().open.all)
        approve_again(approved_copy)
        integrate(approved_copy)
        serving.loaded()
        assert findings() == []

    def test_stands_in_the_log_signed_by_the_old_key_and_the_new(
        self, approved_copy: Stage
    ) -> None:
        integrate(approved_copy)
        old = keys_of(approved_copy)[0].verifier

        changed = rotated(approved_copy, introduce_keys)

        event = AuditEvent.objects.get(action=Action.KEYS_INTRODUCED.value)
        envelope = event.payload["statement"].encode()
        for key in (old, keys_of(approved_copy)[0].verifier):
            assert read_key_statement(envelope, TrustedKeys([key])).introduced == changed.introduced

    def test_has_checkpoints_of_both_while_it_lasts(self, approved_copy: Stage) -> None:
        integrate(approved_copy)
        old = keys_of(approved_copy)[0].verifier
        rotated(approved_copy, introduce_keys)
        approve_again(approved_copy)

        changed = rotated(approved_copy, end_former_keys)

        both = Checkpoint.objects.get(size=changed.tree.size).note.encode()
        new = keys_of(approved_copy)[0].verifier
        assert {line.key_id for line in parse_note(both).signatures} == {old.key_id, new.key_id}
        (line,) = parse_note(newest()).signatures
        assert line.key_id == new.key_id

    def test_lets_an_ended_key_sign_nothing_later(self, approved_copy: Stage) -> None:
        integrate(approved_copy)
        old = keys_of(approved_copy)[1]
        rotated(approved_copy, introduce_keys)
        rotated(approved_copy, end_former_keys)

        reissue(approved_copy, old, lambda statement: None)
        serving.loaded()  # the same bytes as were recorded in time
        reissue(approved_copy, old, lambda statement: statement["predicate"].update(signers=[]))

        with pytest.raises(LoadRefused, match=ENDED):
            serving.loaded()
        assert any(ENDED in found for found in findings())

    @pytest.mark.parametrize("verb", [introduce_keys, end_former_keys])
    def test_goes_step_by_step(self, approved_copy: Stage, verb: Any) -> None:
        integrate(approved_copy)
        if verb is introduce_keys:
            rotated(approved_copy, introduce_keys)

        with pytest.raises(Conflict, match="rotation is under way"):
            rotated(approved_copy, verb)

    def test_waits_until_no_notary_runs(self, approved_copy: Stage) -> None:
        integrate(approved_copy)
        with approved_copy.database.connect("notary") as other:
            other.execute(b"SELECT pg_advisory_lock(%s)", [LOCK])

            with pytest.raises(Conflict, match="stop it first"):
                rotated(approved_copy, introduce_keys)


def lose(stage: Stage) -> None:
    for file in (stage.folder / "notary").iterdir():
        file.unlink()


class TestALoss:
    def test_costs_no_approval_and_the_log_goes_on(self, approved_copy: Stage) -> None:
        """The drill of docs/operations.md: the folder is gone, keys and memory."""
        integrate(approved_copy)
        lose(approved_copy)

        rotated(approved_copy, replace_keys, why="loss", checkpoint=None)

        serving.loaded()
        assert findings() == []
        approve_again(approved_copy)
        integrate(approved_copy)
        serving.loaded()
        assert findings() == []
        event = AuditEvent.objects.get(action=Action.KEYS_REPLACED.value)
        assert (event.payload["why"], len(event.payload["ended"])) == ("loss", 2)

    def test_by_command(self, approved_copy: Stage, capsys: pytest.CaptureFixture[str]) -> None:
        integrate(approved_copy)
        lose(approved_copy)

        with approved_copy.database.as_role("notary"):
            call_command("rotate_keys", "lost")

        said = capsys.readouterr().out
        assert (said.count("new:"), said.count("ended:")) == (2, 2)


class TestATheft:
    def test_leaves_what_a_remembered_checkpoint_covers(
        self, approved_copy: Stage, tmp_path: Path
    ) -> None:
        """The drill: a checkpoint was kept, then the thief approves with the stolen key."""
        kept = integrate(approved_copy)
        with serving.follower() as made:
            assert made.table.loaded
            rotated(approved_copy, replace_keys, why="compromise", checkpoint=kept)
            made.look()
            made.load_missing()
            assert serving.answer(made, "carl", tmp_path / "segments")
        serving.loaded()
        assert findings() == []

    def test_ends_what_the_thief_signed_since_also_where_it_is_loaded(
        self, approved_copy: Stage, tmp_path: Path
    ) -> None:
        kept = integrate(approved_copy)
        approve_again(approved_copy)
        integrate(approved_copy)
        with serving.follower() as made:
            serving.answer(made, "carl", tmp_path / "segments")

            rotated(approved_copy, replace_keys, why="compromise", checkpoint=kept)
            made.look()
            made.load_missing()

            (reason,) = made.table.refused.values()
            assert ENDED in reason
        assert any(ENDED in found for found in findings())

    def test_wants_a_checkpoint_of_this_log(self, approved_copy: Stage) -> None:
        kept = integrate(approved_copy)
        with pytest.raises(CommandError, match="Give --checkpoint"):
            call_command("rotate_keys", "stolen")
        with approved_copy.database.connect("owner") as link:
            link.execute(b"ALTER TABLE audit_auditevent DISABLE TRIGGER USER")
            link.execute(b"UPDATE audit_auditevent SET leaf_hash = sha256('x') WHERE id = 1")
        (approved_copy.folder / "notary" / "last-checkpoint.txt").unlink()

        with pytest.raises(Conflict, match="not the one that was signed"):
            rotated(approved_copy, replace_keys, why="compromise", checkpoint=kept)


def test_the_key_file_says_how_far_an_ended_key_counts(approved_copy: Stage) -> None:
    integrate(approved_copy)
    rotated(approved_copy, introduce_keys)
    rotated(approved_copy, end_former_keys)

    text = (approved_copy.folder / "trusted-keys.txt").read_text()

    assert TrustedKeys.parse(text).text() == text
    assert text.count(" until ") == 2
