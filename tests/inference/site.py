"""One run's own instance: a database in which commits are real, the app's role, a notary under its
own, the gate behind a follower; and what attackers do to it.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections
from django.utils import timezone

from audit.integrator import Integrator
from audit.models import AuditLeaf, Checkpoint
from common.errors import DomainError
from governance.emergencies.notary import sign_waiting_emergencies
from governance.keys.rotation import MEMORY, end_former_keys, introduce_keys, load_former_keys
from governance.keys.store import FORMER, load_notary_keys
from governance.models import Approval, EmergencyGrant, PolicyVersion
from governance.notary import sign_waiting_approvals
from governance.policy.documents import DEFAULTS
from governance.selectors import standing, trusted_keys
from governance.splits.models import Split
from inference.follower import Follower
from inference.loading import load, load_in_emergency
from inference.predicting import Answer, predict
from inference.segments import SegmentWriter
from inference.table import Candidate, EmergencyCandidate
from registry.models import ModelVersion
from registry.services import edit_card
from tests.cast import give, password_of, user_of, who
from tests.factories import elsewhere as sheets
from tests.factories import serving, tiny, verbs
from tests.factories.damage import by_force
from tests.factories.factors import enrol
from tests.factories.people import create_user
from tests.factories.policies import publish_policy
from tests.inference.judge import key_at, public_half, root_of, tree_of
from tests.servers import Server
from tests.stage import MODEL, Stage, copied, version_of
from trust.key_files import load_trusted_keys

SHEET = sheets.SHEET
# Its policy wants a card, a licence and a declaration; and allows emergencies, as far as it can.
FOR_SHEETS = {
    "evidence": ["card"],
    "metrics": [],
    "licences": ["MIT"],
    "lineage": True,
    "emergency_hours": 48,
}
POINT = (
    "INSERT INTO registry_alias (model_id, name, version_id, moved_at) VALUES (%s, %s, %s, now())"
)
LOOK_AGAIN = "UPDATE inference_servingstate SET generation = generation + 1"
# What the web process's role must be refused, in any state of the instance.
FORBIDDEN = (
    "INSERT INTO governance_approval SELECT * FROM governance_approval",
    "UPDATE governance_approval SET not_after = not_after + interval '9 years'",
    "UPDATE governance_approval SET envelope = ''",
    "DELETE FROM governance_revocation",
    "DELETE FROM governance_staleness",
    "INSERT INTO governance_emergencyattestation SELECT * FROM governance_emergencyattestation",
    "DELETE FROM governance_emergencyend",
    "UPDATE governance_emergencygrant SET alias = 'champion'",
    "UPDATE governance_signature SET decision = 'approve'",
    "UPDATE governance_review SET statement = ''",
    "DELETE FROM registry_versioncontributor",
    "UPDATE registry_modelversion SET digest = repeat('0', 64)",
    "UPDATE registry_artifact SET blob_id = repeat('0', 64)",
    "UPDATE governance_waiver SET not_after = now() + interval '9 years'",
    "DELETE FROM governance_waiverwithdrawal",
    "UPDATE audit_auditevent SET action = 'alias.moved'",
    "DELETE FROM audit_auditleaf",
    "DELETE FROM audit_checkpoint",
    "UPDATE inference_servingstate SET generation = 0",
    "ALTER TABLE governance_signature DISABLE TRIGGER USER",
)


FURNISHED = {1: 1.0, 2: 0.5, -1: 0.0}
"""Versions that there are when a run begins, each with its strength, ready to be submitted. A
number below 0 is of the model that is not served here, of which nothing is run."""


def furnish(stage: Stage) -> None:
    """Two managers more, each with an app, who grant emergencies; a third reviewer; a second
    version, and one that is used elsewhere."""
    for name in ("gus", "nina"):
        create_user(
            caller=who("root"),
            username=name,
            name=name.title(),
            email=f"{name}@example.org",
            password=password_of(name),
        )
    give([("dan", "manager"), ("gus", "manager"), ("nina", "reviewer")])
    for name in ("dan", "gus"):
        enrol(name)
    ada, model = who("ada"), stage.version.model
    verbs.make_ready(ada, verbs.another(ada, model, strength=FURNISHED[2]), strength=FURNISHED[2])
    document = DEFAULTS["low"].as_dict() | FOR_SHEETS
    publish_policy(caller=who("root"), name="sheets", tier="low", team=None, document=document)
    describe_sheet(sheets.declared(sheets.a_sheet()))


def describe_sheet(version: ModelVersion) -> ModelVersion:
    """With a card: that is all that its policy wants."""
    edit_card(caller=who("ada"), version=version, content=tiny.CARD)
    return version


class Site:
    """Made for a run, gone with it. `checkpoints` are what an outsider kept of each round."""

    def __init__(self, server: Server, template: Stage, folder: Path) -> None:
        self._server = server
        self._ways_out = ExitStack()
        self.stage = copied(server, template, folder)
        self._ways_out.callback(shutil.rmtree, folder, ignore_errors=True)
        self._ways_out.enter_context(self.stage.settings())
        self.stage.database.use()
        self._ways_out.callback(self._drop)
        self.writer = SegmentWriter(folder / "segments", sync_ms=20)
        self._ways_out.callback(self.writer.close)
        self.checkpoints: list[bytes] = []
        self.keys = [public_half(self.key_folder / "approvals.pem")]
        self._consumer, self._model = user_of("carl").pk, str(self.version(1).model_id)
        self._keys_at: dict[tuple[str, int], str] = {}
        self.follower = Follower()
        self._ways_out.callback(lambda: self._close(self.follower))
        self._start_notary()

    @property
    def key_folder(self) -> Path:
        """Where the notary's keys lie."""
        return self.stage.folder / "notary"

    def end(self) -> None:
        """Everything is closed and removed."""
        self._ways_out.close()

    def _drop(self) -> None:
        self._notary.close()
        self._server.drop([self.stage.database])

    # --- The notary --------------------------------------------------------------------------

    def _start_notary(self) -> None:
        self.stage.database.use("notary")
        self._notary = connections["default"]
        self.stage.database.use("app")
        self._integrator = self._new_integrator()
        with self.as_notary():
            assert self._integrator.start()

    def _new_integrator(self) -> Integrator:
        log_key, self._approval_key = load_notary_keys(self.key_folder, settings.ORIGIN)
        rotating = (self.key_folder / f"log{FORMER}").exists()
        return Integrator(
            key=log_key,
            memory=self.key_folder / MEMORY,
            trusted=load_trusted_keys(settings.TRUSTED_KEYS).named(settings.ORIGIN),
            former=load_former_keys(self.key_folder, settings.ORIGIN)[0] if rotating else None,
        )

    @contextmanager
    def as_notary(self) -> Iterator[None]:
        """Django works over the notary's own connection, which stays open between rounds."""
        ours = connections["default"]
        connections["default"] = self._notary
        try:
            yield
        finally:
            connections["default"] = ours

    @contextmanager
    def shared_notary(self) -> Iterator[None]:
        """Another thread may work as the notary meanwhile."""
        self._notary.inc_thread_sharing()
        try:
            yield
        finally:
            self._notary.dec_thread_sharing()

    def notary_round(self) -> None:
        """As the process does: grants, approvals, the log."""
        with self.as_notary():
            sign_waiting_emergencies(self._approval_key)
            sign_waiting_approvals(self._approval_key)
            self._integrator.run_once()
        # A rotation has signed what there was; then this round signs nothing.
        newest = Checkpoint.objects.latest("size").note.encode()
        self.checkpoints.append(self._integrator.note or newest)

    def rotate_keys(self) -> bool:
        """The next step of a rotation, while no notary runs; True where it was the last one."""
        last = (self.key_folder / f"log{FORMER}").exists()
        verb = end_former_keys if last else introduce_keys
        with self.as_notary():
            self._integrator.release()
            verb(folder=self.key_folder, origin=settings.ORIGIN, trusted=settings.TRUSTED_KEYS)
            self._integrator = self._new_integrator()
            assert self._integrator.start()
        self.keys.append(public_half(self.key_folder / "approvals.pem"))
        return last

    def other_life(self) -> str:
        """Which kept checkpoint the log contradicts; empty where it begins with each of them."""
        rows = AuditLeaf.objects.order_by("leaf_index").values_list("event__leaf_hash", flat=True)
        leaves = [bytes(leaf) for leaf in rows]
        for note in self.checkpoints:
            size, root = tree_of(note)
            if root_of(leaves[:size]) != root or size > len(leaves):
                return note.decode()
        return ""

    # --- Serving -----------------------------------------------------------------------------

    def restart_serving(self) -> None:
        """Another process of inference begins with nothing."""
        self._close(self.follower)
        self.follower = Follower()

    @staticmethod
    def _close(follower: Follower) -> None:
        for one in (*follower.table.loaded.values(), *follower.table.in_emergency.values()):
            one.model.close()

    def ask(self, alias: str, number: int | None = None, place: int = 0) -> Answer | None:
        """What Carl is answered by alias or number; None for a refusal.

        `place` is that of the call among a hundred; a number below 0 stands as everywhere here.
        """
        name, there = (MODEL, None) if number is None else self.place_of(number)
        return self._answered(name=name, alias=alias, number=there, sticky=self._key(alias, place))

    def ask_for_a_sheet(self, alias: str) -> Answer | None:
        """The same of the model that is not served here, by alias."""
        return self._answered(name=SHEET, alias=alias)

    def _key(self, alias: str, place: int) -> str:
        if (alias, place) not in self._keys_at:
            self._keys_at[alias, place] = key_at(self._model, alias, place)
        return self._keys_at[alias, place]

    def _answered(self, **where: Any) -> Answer | None:
        question = serving.asked(self.follower.table.users[self._consumer], **where)
        try:
            return predict(
                self.follower.table, question, tiny.request(), silence_s=0.0, writer=self.writer
            )
        except DomainError:
            return None

    def passes_gate(self, approval: str) -> bool:
        """Whether the gate itself lets an approval through, whoever names it as a candidate."""
        row = Approval.objects.select_related("version__model").get(pk=approval)
        named = self._named(row.version)
        found = Candidate(
            approval=row.pk, team=row.version.model.team_id, aliases=frozenset(), **named
        )
        return self._opens(lambda: load(found, **self._now(), threads=1))

    def stands(self, approval: str, *, serving: bool) -> bool:
        """What pages and promotions ask: whether it holds, to serve or for use elsewhere too."""
        row = Approval.objects.select_related("version", "revocation", "staleness").get(pk=approval)
        return standing(row.version, row, **self._now(), serving=serving).ok

    def shares(self) -> dict[str, tuple[int, int]]:
        """What serving follows: alias -> the challenger's number and its percentage."""
        rows = Split.objects.values_list("alias__name", "version__number", "percent")
        return {alias: (number, percent) for alias, number, percent in rows}

    def passes_emergency_gate(self, grant: str) -> bool:
        """The same for a grant."""
        row = EmergencyGrant.objects.select_related("version__model").get(pk=grant)
        found = EmergencyCandidate(emergency=row.pk, alias=row.alias, **self._named(row.version))
        return self._opens(lambda: load_in_emergency(found, **self._now(), threads=1))

    @staticmethod
    def _now() -> dict[str, Any]:
        return {"keys": trusted_keys(), "now": timezone.now()}

    @staticmethod
    def _named(version: ModelVersion) -> dict[str, Any]:
        return {
            "version": version.pk,
            "model_id": version.model_id,
            "name": version.model.name,
            "number": version.number,
            "digest": version.digest,
        }

    @staticmethod
    def _opens(attempt: Callable[[], Any]) -> bool:
        try:
            attempt().model.close()
        except DomainError:
            return False
        return True

    # --- Rows, files, policies ---------------------------------------------------------------

    @staticmethod
    def place_of(number: int) -> tuple[str, int]:
        """Model and number there."""
        return (MODEL, number) if number > 0 else (SHEET, -number)

    @staticmethod
    def number_of(version: ModelVersion) -> int:
        """The other way round."""
        return version.number if version.model.name == MODEL else -version.number

    def version(self, number: int) -> ModelVersion:
        """A version, read anew."""
        return version_of(*self.place_of(number))

    def blob_of(self, number: int) -> Path:
        """The file of a version's model."""
        name = self.version(number).artifacts.get(role="model").blob_id
        return self.stage.folder / "blobs" / name[:2] / name[2:4] / name

    def publish(self, name: str, document: dict[str, Any], team: Any) -> PolicyVersion:
        """Mira proposes, Cora confirms."""
        return publish_policy(
            caller=who("mira"),
            confirmer=who("cora"),
            name=name,
            tier="medium",
            team=team,
            document=document,
        )

    def as_app(self, statement: str, *values: object) -> int:
        """SQL over a connection of the web process's role; rows changed, -1 where it is refused."""
        with self.stage.database.connect("app") as link:
            try:
                return link.execute(statement.encode(), values or None).rowcount
            except psycopg.Error:
                return -1

    def by_force(self, table: str, statement: str, *values: object) -> None:
        """The owner, triggers off; what serves looks again."""
        by_force(self.stage.database, table, statement, *values)
        self.stage.database.rows(LOOK_AGAIN)

    @contextmanager
    def called_servable(self, number: int, alias: str) -> Iterator[None]:
        """The owner says of a version that it can be served, and points an alias at it; undone
        afterwards."""
        version = self.version(number)
        says = "UPDATE registry_modelversion SET servable = %s WHERE id = %s"
        self.by_force("registry_modelversion", says, True, version.pk)
        self.by_force("registry_alias", POINT, version.model_id, alias, version.pk)
        try:
            yield
        finally:
            gone = "DELETE FROM registry_alias WHERE version_id = %s"
            self.by_force("registry_alias", gone, version.pk)
            self.by_force("registry_modelversion", says, False, version.pk)

    @contextmanager
    def forged(self, approval: str, envelope: bytes) -> Iterator[None]:
        """The owner, triggers off, puts other bytes in an envelope's place; undone afterwards."""
        kept = bytes(Approval.objects.get(pk=approval).envelope)
        statement = "UPDATE governance_approval SET envelope = %s WHERE id = %s"
        by_force(self.stage.database, "governance_approval", statement, envelope, approval)
        try:
            yield
        finally:
            by_force(self.stage.database, "governance_approval", statement, kept, approval)
