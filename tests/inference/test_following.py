"""What changes in the database reaches a serving process within a second, whatever else it does."""

import dataclasses
import threading
import time
from datetime import timedelta
from typing import Any

import numpy as np
import onnx
import pytest
from django.db import connections
from onnx import TensorProto, helper, numpy_helper

from accounts.services import create_token, deactivate_user, remove_role, revoke_token
from accounts.tokens import token_digest
from common.errors import DomainError, NotFound, Unavailable
from governance.approvals.releases import promote, revoke
from inference.follower import Follower
from inference.predicting import find
from inference.table import Table
from registry import blobs
from registry.manifests import MODEL as MODEL_ROLE
from registry.manifests import File
from registry.models import Alias, ModelVersion, Status
from registry.services import NewVersion, add_evidence, add_version, show_status
from runtimes.golden import make
from runtimes.session import open_model
from tests.cast import password_of, the_team, user_of, who
from tests.factories import serving, tiny, verbs
from tests.factories.damage import approved_statement, by_force
from tests.factories.serving import until
from tests.stage import MODEL, Stage, version_of
from trust.issuing import sign_approval
from trust.key_files import generate_key

AT_ONCE_S = 1.0


def stop(version: ModelVersion) -> None:
    revoke(caller=who("cora"), version=version, reason="Wrong.", password=password_of("cora"))


def reason_of(made: Follower, stage: Stage, **wishes: Any) -> str:
    with pytest.raises(DomainError) as refusal:
        serving.answer(made, "carl", stage.folder / "segments", **wishes)
    return refusal.value.reason


class TestWithinASecond:
    def test_a_revocation_stops_the_version(self, approved_copy: Stage) -> None:
        with serving.running_follower() as made:
            (loaded,) = made.table.loaded.values()
            stop(approved_copy.version)

            assert until(lambda: not made.table.loaded) < AT_ONCE_S
            assert until(lambda: not made.table.by_number) < AT_ONCE_S
            with pytest.raises(Unavailable, match="This model is closed"):
                loaded.model.run({})

    def test_a_new_approval_and_an_alias_are_followed(self, approved_copy: Stage) -> None:
        with serving.running_follower() as made:
            other = verbs.another(who("ada"), approved_copy.version.model, strength=2.0)
            verbs.make_ready(who("ada"), other, strength=2.0)
            verbs.signed(other)
            assert approved_copy.notary_round() == 1
            promote(caller=who("mira"), version=version_of(MODEL, 2), alias="champion", reason="!")

            assert until(lambda: len(made.table.loaded) == 2) < 2 * AT_ONCE_S
            assert until(lambda: made.table.by_alias[MODEL, "champion"].number == 2) < AT_ONCE_S

    def test_a_revoked_token_and_a_closed_login_are_strangers(self, approved_copy: Stage) -> None:
        carl = who("carl")
        row, text = create_token(caller=carl, name="t", scopes=["predict"], days=1)
        with serving.running_follower() as made:
            until(lambda: token_digest(text) in made.table.tokens)

            revoke_token(caller=carl, token_id=row.pk)
            assert until(lambda: token_digest(text) not in made.table.tokens) < AT_ONCE_S

            deactivate_user(caller=who("root"), user=user_of("carl"))
            assert until(lambda: carl.user.pk not in made.table.users) < AT_ONCE_S

    def test_who_left_the_team_may_no_longer_ask(self, approved_copy: Stage) -> None:
        with serving.running_follower() as made:
            remove_role(caller=who("root"), team=the_team(), user=user_of("carl"), role="consumer")

            carl = user_of("carl").pk
            assert until(lambda: not made.table.users[carl].teams) < AT_ONCE_S
            assert "no model named" in reason_of(made, approved_copy)

    def test_a_token_without_the_scope_never_gets_into_the_table(self, approved: Stage) -> None:
        _, text = create_token(caller=who("ada"), name="t", scopes=["read", "sign"], days=1)

        with serving.follower() as made:
            assert token_digest(text) not in made.table.tokens

    def test_a_slow_load_delays_no_revocation(self, approved_copy: Stage) -> None:
        """While a large model is being opened, another one is revoked."""
        with serving.running_follower() as made:
            slow = approve_slow_model(approved_copy)
            until(lambda: (slow.model.name, 1) in made.table.by_number)
            first = approved_copy.approval.pk
            stop(approved_copy.version)

            assert until(lambda: first not in made.table.loaded) < AT_ONCE_S
            assert not made.table.loaded, "the large model was open before the revocation"
            until(lambda: made.table.loaded, 60)

    def test_what_is_revoked_while_it_is_opened_never_answers(self, approved_copy: Stage) -> None:
        with serving.running_follower() as made:
            slow = approve_slow_model(approved_copy)
            seen = Watch(made, slow)
            until(lambda: (slow.model.name, 1) in made.table.by_number)
            stop(slow)
            stopped = time.monotonic()
            until(lambda: (slow.model.name, 1) not in made.table.by_number)
            made.stop()
            seen.end()

        # Where it was opened before the revocation, on a busy machine, it was open by right.
        assert seen.first is None or seen.first < stopped


class Watch:
    """Looks all the time whether a version gets into the table."""

    def __init__(self, made: Follower, version: ModelVersion) -> None:
        self.first: float | None = None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, args=(made, version.pk))
        self._thread.start()

    def _look(self, made: Follower, version: object) -> None:
        while not self._end.wait(0.001):
            if any(one.version == version for one in made.table.loaded.values()):
                self.first = self.first or time.monotonic()

    def end(self) -> None:
        self._end.set()
        self._thread.join()


def approve_slow_model(stage: Stage) -> ModelVersion:
    """A model of 16 MiB whose golden rows take seconds to replay; approved by the notary."""
    body = slow_bytes()
    model = verbs.new_model(who("ada"), "slow", tier="low")
    sha256, size = blobs.put_bytes(body)
    blobs.ensure_row(sha256, size)
    version = add_version(
        model=model,
        made_by=who("ada").user,
        actor=who("ada").actor,
        new=NewVersion(
            kind="uploaded",
            files=[File(MODEL_ROLE, "model.onnx", sha256, size)],
            signature=tiny.SIGNATURE,
            lineage={},
            servable=True,
        ),
    )
    verbs.make_ready(who("ada"), version)
    add_evidence(version=version, kind="sandbox", document={"ok": True, "level": "full"})
    rows = np.tile(tiny.rows("test")[0].astype(np.float32), (30, 1))
    opened = open_model(body)
    add_evidence(version=version, kind="golden", document=make({"x": rows}, opened))
    opened.close()
    verbs.signed(version, ["ben"])
    assert stage.notary_round() == 1
    return version


def slow_bytes(width: int = 2048, depth: int = 6) -> bytes:
    """Widen four columns, multiply them by the identity again and again, and answer two."""
    weights = {
        "widen": np.eye(4, width, dtype=np.float32) * 1e-3,
        "same": np.eye(width, dtype=np.float32),
        "narrow": np.eye(width, 2, dtype=np.float32),
    }
    nodes = [helper.make_node("MatMul", ["x", "widen"], ["v0"])]
    nodes += [helper.make_node("MatMul", [f"v{i}", "same"], [f"v{i + 1}"]) for i in range(depth)]
    nodes.append(helper.make_node("MatMul", [f"v{depth}", "narrow"], ["z"]))
    nodes.append(helper.make_node("Softmax", ["z"], ["y"], axis=-1))
    graph = helper.make_graph(
        nodes,
        "slow",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 2])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    made: onnx.ModelProto = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10
    )
    return bytes(made.SerializeToString())


class TestAnOutageOfTheDatabase:
    """The approval says how long a process may answer that cannot hear of a revocation."""

    def graced(self, made: Follower, seconds: int) -> Follower:
        for key, one in made.table.loaded.items():
            approval = dataclasses.replace(one.approval, outage_grace=timedelta(seconds=seconds))
            table = {key: dataclasses.replace(one, approval=approval)}
            made.table = dataclasses.replace(made.table, loaded=table)
        return made

    @pytest.mark.parametrize(
        ("grace_s", "silence_s", "answers"),
        [
            (0, 0.5, True),
            (0, 1.5, False),
            (60, 60.5, True),
            (60, 61.5, False),
        ],
    )
    def test_is_survived_for_the_signed_grace_and_no_longer(
        self, approved: Stage, grace_s: int, silence_s: float, answers: bool
    ) -> None:
        with serving.follower() as made:
            self.graced(made, grace_s)
            folder = approved.folder / "outage"

            if answers:
                serving.answer(made, "carl", folder, silence_s=silence_s)
                return
            assert "could be missed" in reason_of(made, approved, silence_s=silence_s)

    def test_is_noticed_and_ends_without_a_hand(self, approved_copy: Stage) -> None:
        with serving.running_follower() as made:
            until(lambda: made.silence_s < 0.5)
            database = approved_copy.database
            with database.connect("owner") as owner:
                owner.execute(b"REVOKE SELECT ON inference_servingstate FROM assay_app")
                until(lambda: made.silence_s > 0.6, 10)
                assert made.table.loaded
                owner.execute(b"GRANT SELECT ON inference_servingstate TO assay_app")
            until(lambda: made.silence_s < 0.5, 10)


class TestForgeryInTheDatabase:
    """What the app's own role, or even the owner, writes into tables is not believed."""

    def unapproved(self, stage: Stage) -> ModelVersion:
        version = verbs.another(who("ada"), stage.version.model, strength=2.0)
        verbs.make_ready(who("ada"), version, strength=2.0)
        return version

    def test_a_status_set_to_approved_serves_nothing(self, approved: Stage) -> None:
        show_status(self.unapproved(approved), Status.APPROVED)

        with serving.follower() as made:
            assert len(made.table.by_number) == 1
            assert "v2 has no valid approval" in reason_of(made, approved, number=2)

    def test_an_alias_pointed_at_an_unapproved_version_says_so(self, approved: Stage) -> None:
        version = self.unapproved(approved)
        Alias.objects.filter(name="champion").update(version=version)

        with serving.follower() as made:
            reason = reason_of(made, approved)

        assert reason == f"champion points at {MODEL} v2, which has no valid approval."

    def test_the_app_role_cannot_write_an_approval_or_take_a_revocation_back(
        self, approved_copy: Stage
    ) -> None:
        stop(approved_copy.version)
        for statement in (
            "INSERT INTO governance_approval SELECT gen_random_uuid(), envelope, envelope_digest,"
            " issued_at, not_after, review_id, version_id FROM governance_approval",
            "UPDATE governance_approval SET not_after = not_after + interval '1 year'",
            "DELETE FROM governance_revocation",
            "UPDATE inference_servingstate SET generation = 1",
        ):
            with pytest.raises(Exception, match="permission denied"):
                approved_copy.database.rows(statement, role="app")

    @pytest.mark.parametrize("by", ["another key", "a copied envelope"])
    def test_a_row_forged_by_the_owner_is_not_served(self, approved_copy: Stage, by: str) -> None:
        version = self.unapproved(approved_copy)
        review = verbs.signed(version, [])
        real = approved_copy.approval
        envelope = bytes(real.envelope)
        if by == "another key":
            statement = approved_statement(envelope)
            statement["subject"][0]["digest"]["sha256"] = version.digest
            statement["predicate"]["artifacts"] = tiny.parsed(bytes(version.manifest))["artifacts"]
            envelope = sign_approval(statement, generate_key(approved_copy.approval_key.name))
        by_force(
            approved_copy.database,
            "governance_approval",
            "INSERT INTO governance_approval (id, envelope, envelope_digest, issued_at, not_after,"
            " review_id, version_id) VALUES (gen_random_uuid(), %s, '', now(),"
            " now() + interval '1 day', %s, %s)",
            envelope,
            review.pk,
            version.pk,
        )

        with serving.follower() as made:
            (reason,) = made.table.refused.values()
            assert "trusted" in reason or "another version" in reason
            assert "refused at load" in reason_of(made, approved_copy, number=2)
            assert serving.answer(made, "carl", approved_copy.folder / "segments")

    def test_a_deleted_revocation_is_the_owners_and_the_log_still_tells(
        self, approved_copy: Stage
    ) -> None:
        stop(approved_copy.version)
        by_force(
            approved_copy.database, "governance_revocation", "DELETE FROM governance_revocation"
        )

        found = approved_copy.database.rows(
            "SELECT count(*) FROM audit_auditevent WHERE action = 'approval.revoked'"
        )
        assert found == [(1,)]


def test_an_empty_table_answers_nobody(approved: Stage) -> None:
    with pytest.raises(NotFound):
        find(Table(), serving.asked(serving.rights("carl")), silence_s=0.0)
    assert not Follower().ready


def test_threads_of_a_follower_leave_no_connection(approved_copy: Stage) -> None:
    with serving.running_follower():
        pass
    connections.close_all()

    busy = (
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
        " AND usename = 'assay_app'"
    )
    # A connection that was closed leaves the list when its process has ended.
    until(lambda: approved_copy.database.rows(busy) == [])
