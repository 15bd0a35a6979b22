"""Aliases point only at versions whose approval holds now; a revocation ends it for good."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.roles import Scope
from audit.actions import Action
from audit.models import AuditEvent
from common.errors import Conflict, DomainError, Invalid, NotAllowed
from governance.approvals.releases import promote, retire, revoke
from governance.models import Revocation
from governance.services import submit
from registry.models import Alias, AliasMove, ModelVersion, Status
from registry.selectors import alias_history
from registry.services import show_status
from tests.cast import password_of, who
from tests.factories import tiny, verbs
from tests.factories.damage import by_force, reissue, replace_envelope
from tests.stage import MODEL, Stage, version_of
from trust.key_files import generate_key
from trust.times import format_moment

EVERYBODY = ("ada", "ben", "cleo", "mira", "cora", "carl", "dan", "root")
REASON = "Because the tests want it."
OTHER_CLASSES = tiny.SIGNATURE | {"classes": ["benign", "malignant"]}


def move(version: ModelVersion, name: str = "mira", **wishes: Any) -> AliasMove:
    given: dict[str, Any] = {
        "caller": who(name),
        "version": version,
        "alias": "champion",
        "reason": REASON,
    }
    return promote(**(given | wishes))


def stop(version: ModelVersion, name: str = "cora", **wishes: Any) -> Revocation:
    given: dict[str, Any] = {"caller": who(name), "version": version, "reason": REASON}
    return revoke(**(given | {"password": password_of(name)} | wishes))


def sibling(stage: Stage, **wishes: Any) -> ModelVersion:
    """A second approved version of the model."""
    version = verbs.another(who("ada"), stage.version.model, strength=2.0, **wishes)
    verbs.make_ready(who("ada"), version, strength=2.0)
    verbs.signed(version)
    assert stage.notary_round() == 1
    return version_of(MODEL, version.number)


class TestPromote:
    @pytest.mark.parametrize("name", EVERYBODY)
    def test_is_the_managers_verb(self, approved: Stage, name: str) -> None:
        if name == "mira":
            move(approved.version, name, alias="challenger")
            return
        with pytest.raises(NotAllowed, match="Only managers of the owner team"):
            move(approved.version, name, alias="challenger")

    @pytest.mark.parametrize("scope", [s for s in Scope if s != Scope.SIGN])
    def test_needs_the_scope_of_a_token(self, approved: Stage, scope: Scope) -> None:
        caller = verbs.with_scopes(who("mira"), scope.value)

        with pytest.raises(NotAllowed, match="This token may not move aliases"):
            move(approved.version, alias="challenger", caller=caller)

    @pytest.mark.parametrize("status", list(Status))
    def test_believes_no_status(self, ready: Stage, status: Status) -> None:
        version = ready.version
        show_status(version, status)

        with pytest.raises(Conflict, match="has no approval"):
            move(version)
        assert not Alias.objects.exists()

    def test_refuses_a_revoked_version(self, approved: Stage) -> None:
        stop(approved.version)
        show_status(approved.version, Status.APPROVED)

        with pytest.raises(Conflict, match="The approval was revoked"):
            move(approved.version, alias="challenger")

    def test_refuses_an_expired_approval(self, approved_copy: Stage) -> None:
        past = timezone.now() - timedelta(days=2)

        def expire(statement: dict[str, Any]) -> None:
            statement["predicate"]["issued_at"] = format_moment(past)
            statement["predicate"]["not_after"] = format_moment(past + timedelta(days=1))

        reissue(approved_copy, approved_copy.approval_key, expire)

        with pytest.raises(Conflict, match="The approval has expired"):
            move(approved_copy.version, alias="challenger")

    @pytest.mark.parametrize("envelope", [b"", b"{}", b"no JSON", b'{"payload":""}'])
    def test_refuses_an_envelope_that_is_none(self, approved_copy: Stage, envelope: bytes) -> None:
        replace_envelope(approved_copy, envelope)

        with pytest.raises(Conflict, match="cannot be trusted"):
            move(approved_copy.version, alias="challenger")

    def test_refuses_the_signature_of_another_key(self, approved_copy: Stage) -> None:
        stranger = generate_key(approved_copy.approval_key.name)
        reissue(approved_copy, stranger, lambda statement: None)

        with pytest.raises(Conflict, match="cannot be trusted"):
            move(approved_copy.version, alias="challenger")

    @pytest.mark.parametrize("manifest", [b"", b"{", b"[]", b"{}", b'{"artifacts":[7]}'])
    def test_refuses_a_manifest_that_was_changed(
        self, approved_copy: Stage, manifest: bytes
    ) -> None:
        by_force(
            approved_copy.database,
            "registry_modelversion",
            "UPDATE registry_modelversion SET manifest = %s",
            manifest,
        )

        with pytest.raises(Conflict, match="not the one of its digest"):
            move(approved_copy.version, alias="challenger")

    def test_refuses_without_trusted_keys(self, approved_copy: Stage) -> None:
        (approved_copy.folder / "trusted-keys.txt").unlink()

        with pytest.raises(Conflict, match="public keys cannot be read"):
            move(approved_copy.version, alias="challenger")

    @pytest.mark.parametrize(
        ("wishes", "field"),
        [
            ({"reason": " "}, "reason"),
            ({"reason": "x" * 2001}, "reason"),
            ({"alias": "latest"}, "alias"),
            ({"alias": "two words"}, "alias"),
            ({"alias": ""}, "alias"),
            ({"alias": "x" * 65}, "alias"),
            ({"alias": "nul\x00"}, "alias"),
        ],
    )
    def test_names_the_field(self, approved: Stage, wishes: dict[str, str], field: str) -> None:
        with pytest.raises(Invalid) as refusal:
            move(approved.version, **wishes)

        assert refusal.value.field == field

    def test_refuses_to_move_to_where_it_is(self, approved: Stage) -> None:
        with pytest.raises(Conflict, match="already"):
            move(approved.version)

    def test_says_what_would_break_the_callers(self, approved_copy: Stage) -> None:
        other = sibling(approved_copy, signature=OTHER_CLASSES)

        with pytest.raises(Conflict, match="Callers of champion would break: The classes are"):
            move(other)
        moved = move(other, accept_schema_change=True)

        assert moved.to_version_id == other.pk
        event = AuditEvent.objects.filter(action=Action.ALIAS_MOVED.value).latest("id")
        assert event.payload["schema_differences"] > 0

    def test_keeps_the_history_and_goes_back(self, approved_copy: Stage) -> None:
        first, second = approved_copy.version, sibling(approved_copy)

        move(second)
        move(first, reason="It was better.")

        moves = [
            (m.from_version.number if m.from_version else None, m.to_version.number)
            for m in alias_history(first.model)
            if m.to_version
        ]
        assert moves == [(2, 1), (1, 2), (None, 1)]
        assert Alias.objects.get(name="champion").version == first
        assert Alias.objects.count() == 1

    def test_the_database_keeps_one_holder_and_the_history(self, approved: Stage) -> None:
        holder = Alias.objects.get()

        for statement in (
            "INSERT INTO registry_alias (model_id, name, version_id, moved_at)"
            " SELECT model_id, name, version_id, now() FROM registry_alias",
            "UPDATE registry_aliasmove SET reason = ''",
            "DELETE FROM registry_aliasmove",
            "UPDATE registry_alias SET name = 'latest'",
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                connection.cursor().execute(statement)
        assert Alias.objects.get() == holder


class TestRevoke:
    @pytest.mark.parametrize("name", EVERYBODY)
    def test_is_the_verb_of_managers_and_compliance(self, approved: Stage, name: str) -> None:
        if name in ("mira", "cora"):
            stop(approved.version, name)
            assert approved.version.status == Status.REVOKED
            return
        with pytest.raises(NotAllowed, match="Only managers and compliance"):
            stop(approved.version, name)

    def test_needs_the_password(self, approved: Stage) -> None:
        with pytest.raises(NotAllowed, match="password is wrong"):
            stop(approved.version, password="wrong")

        assert not Revocation.objects.exists()

    def test_needs_the_scope_of_a_token(self, approved: Stage) -> None:
        caller = verbs.with_scopes(who("cora"), "read", "write", "admin", "predict")

        with pytest.raises(NotAllowed, match="This token may not revoke"):
            stop(approved.version, caller=caller)

    @pytest.mark.parametrize("reason", ["", "  ", "x" * 2001])
    def test_needs_a_reason(self, approved: Stage, reason: str) -> None:
        with pytest.raises(Invalid) as refusal:
            stop(approved.version, reason=reason)

        assert refusal.value.field == "reason"

    def test_happens_once(self, approved: Stage) -> None:
        stop(approved.version)

        with pytest.raises(Conflict, match="no approval that could be revoked"):
            stop(approved.version)

    def test_needs_an_approval(self, ready: Stage) -> None:
        with pytest.raises(Conflict, match="no approval that could be revoked"):
            stop(ready.version)

    def test_leaves_the_alias_and_lets_the_version_be_reviewed_again(self, approved: Stage) -> None:
        stop(approved.version)

        review = submit(caller=who("ada"), version=approved.version)

        assert Alias.objects.get().version == approved.version
        assert not review.signatures.exists()


class TestRetire:
    @pytest.mark.parametrize("name", [n for n in EVERYBODY if n != "mira"])
    def test_is_the_managers_verb(self, ready: Stage, name: str) -> None:
        with pytest.raises(NotAllowed, match="Only managers of the owner team may retire"):
            retire(caller=who(name), version=ready.version, reason=REASON)

    def test_refuses_while_an_alias_points_at_it(self, approved: Stage) -> None:
        with pytest.raises(Conflict, match="An alias points at this version"):
            retire(caller=who("mira"), version=approved.version, reason=REASON)

    def test_refuses_while_a_review_is_open(self, ready: Stage) -> None:
        submit(caller=who("ada"), version=ready.version)

        with pytest.raises(Conflict, match="A review of this version is open"):
            retire(caller=who("mira"), version=ready.version, reason=REASON)

    def test_ends_the_approval_for_good(self, approved: Stage) -> None:
        Alias.objects.all().delete()

        version = retire(caller=who("mira"), version=approved.version, reason=REASON)

        assert Revocation.objects.get().approval == approved.approval
        assert approved.version.status == Status.RETIRED
        for act in (
            lambda: move(version),
            lambda: submit(caller=who("ada"), version=version),
            lambda: retire(caller=who("mira"), version=version, reason=REASON),
        ):
            with pytest.raises(DomainError):
                act()
