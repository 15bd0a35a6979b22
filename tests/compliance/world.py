"""A small instance made by the real services: people, two models, approvals, predictions."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
from django.conf import settings

from accounts.callers import Caller, caller_for
from accounts.models import Proposal, Team, User
from accounts.roles import GIVEN_BY_TWO
from accounts.services import create_first_admin, create_team, grant_role
from compliance.models import Export
from compliance.services import request_export
from governance.findings.records import annex_of
from governance.findings.services import raise_finding
from governance.models import EmergencyGrant, Finding, PolicyVersion, Review, Waiver
from governance.services import dry_run, sign, submit
from governance.waivers.services import waive
from inference.segments import SegmentWriter
from inference.services import ship_predictions
from registry.blobs import ensure_row, put_bytes
from registry.manifests import File
from registry.models import DatasetSnapshot, ModelVersion, RegisteredModel
from registry.services import NewVersion, add_evidence, add_version, edit_card, register_model
from tests.audit.notary import Notary
from tests.factories.agreeing import agree, give_roles, published
from tests.factories.people import create_user
from tests.factories.verbs import send
from trust.times import format_moment
from worker.child import execute
from worker.leases import claim, end
from worker.limits import Limits
from worker.models import Job, Status

PASSWORD = "a password of the tests"
SIGNATURE = {
    "task": "binary",
    "classes": ["no", "yes"],
    "inputs": [{"name": "x", "dtype": "float32", "shape": ["batch", 2], "features": None}],
    "outputs": [{"name": "p", "dtype": "float32", "shape": ["batch", 2], "kind": "probabilities"}],
}
LENIENT = {
    "metrics": [],
    "evidence": [],
    "signers": {"count": 2, "roles": ["reviewer", "manager"]},
    "validity_days": 30,
    "outage_grace_s": 60,
}
PEOPLE = {
    "ada": ("Ada Berg", ["contributor"]),
    "ben": ("Ben Okafor", ["reviewer"]),
    "cleo": ("Cleo Silva", ["manager"]),
    "dora": ("Dora Wei", ["compliance"]),
    "emil": ("Emil Roth", ["consumer"]),
}


def password_of(username: str) -> str:
    """Everybody's is the same here."""
    return PASSWORD


class World:
    """Ada contributes, Ben reviews, Cleo manages, Dora looks after compliance, Emil consumes."""

    def __init__(self, notary: Notary) -> None:
        self.notary = notary
        settings.TRUSTED_KEYS.parent.mkdir(parents=True, exist_ok=True)
        settings.TRUSTED_KEYS.write_text(notary.keys.text(), encoding="utf-8")
        root = create_first_admin(username="root", name="Rita Root", password=PASSWORD)
        self.root = caller_for(root, via="command")
        other = create_first_admin(username="otto", name="Otto Root", password=PASSWORD)
        self.otto = caller_for(other, via="session")
        self.team: Team = create_team(caller=self.root, slug="credit", name="Credit")
        self.users: dict[str, User] = {}
        for username, (name, roles) in PEOPLE.items():
            self.join(username, name, self.team, *roles)
        self.publish(by="cleo", name="lenient", document=LENIENT)

    def join(self, username: str, name: str, team: Team, *roles: str) -> User:
        """Enter a person with roles in a team."""
        user = create_user(
            caller=self.root, username=username, name=name, email="", password=PASSWORD
        )
        by_two = [(username, role) for role in roles if role in GIVEN_BY_TWO]
        for role in roles:
            if role not in GIVEN_BY_TWO:
                grant_role(caller=self.root, team=team, user=user, role=role)
        if by_two:
            give_roles(team, by_two, proposer=self.root, confirmer=self.otto, password=password_of)
        self.users[username] = user
        return user

    def publish(
        self, *, by: str, name: str, document: dict[str, Any], team: Team | None = None
    ) -> PolicyVersion:
        """A policy of a team for the low tier, proposed by a manager and confirmed by another."""
        return published(
            caller=self.caller(by),
            name=name,
            tier="low",
            team=team or self.team,
            document=document,
            password=password_of,
        )

    def keep_for(self, kind: str, days: int | None) -> None:
        """A rule of retention for the low tier, by both administrators."""
        wish = {"tier": "low", "kind": kind, "days": days}
        agree("retention", wish, proposer=self.root, confirmer=self.otto, password=password_of)

    def empty(self) -> Proposal:
        """Inputs and outputs of all records so far go: Cleo proposes it, Dora confirms."""
        wish = {"team": self.team.slug, "before": format_moment(datetime.now(UTC))}
        cleo, dora = self.caller("cleo"), self.caller("dora")
        return agree("emptying", wish, proposer=cleo, confirmer=dora, password=password_of)

    def delete(self, version: ModelVersion, *, attachments: bool = False) -> None:
        """The files of a retired version go: Cleo proposes it, Dora confirms."""
        wish = {
            "model": version.model.name,
            "version": version.number,
            "attachments": attachments,
        }
        cleo, dora = self.caller("cleo"), self.caller("dora")
        agree("deletion", wish, proposer=cleo, confirmer=dora, password=password_of)

    def delete_rows(self, dataset: DatasetSnapshot) -> None:
        """The rows of a snapshot go: Cleo proposes it, Dora confirms."""
        wish = {"dataset": str(dataset.pk)}
        cleo, dora = self.caller("cleo"), self.caller("dora")
        agree("dataset_deletion", wish, proposer=cleo, confirmer=dora, password=password_of)

    def caller(self, username: str) -> Caller:
        """Who asks, with the roles of this moment."""
        return caller_for(User.objects.get(username=username), via="session")

    def model(self, name: str, *, by: str = "ada", team: Team | None = None) -> RegisteredModel:
        """A registered model, of the first team unless said."""
        return register_model(
            caller=self.caller(by),
            team=team or self.team,
            name=name,
            purpose="Says whether a loan will be paid back.",
            risk_tier="low",
            licence="MIT",
            origin="in-house",
        )

    def version(self, model: RegisteredModel, content: bytes, *, by: str = "ada") -> ModelVersion:
        """A version with an admission report and a card."""
        sha256, size = put_bytes(content)
        ensure_row(sha256, size)
        maker = self.caller(by)
        version = add_version(
            model=model,
            made_by=maker.user,
            actor=maker.actor,
            new=NewVersion(
                kind="uploaded",
                files=[File("model", "model.onnx", sha256, size)],
                signature=SIGNATURE,
                lineage={"source": "upload"},
                servable=True,
            ),
        )
        report = {"type": "assay/sandbox/1", "ok": True, "level": "full", "of": str(version.pk)}
        add_evidence(version=version, kind="sandbox", document=report)
        edit_card(caller=maker, version=version, content={"contact": f"Credit, v{version.number}"})
        return version

    def sign(self, review: Review, *names: str) -> None:
        """Have persons approve what they were shown."""
        for name in names:
            sign(
                caller=self.caller(name),
                review=Review.objects.get(pk=review.pk),
                statement_digest=f"sha256:{review.statement_digest}",
                annex_digest=annex_of(review.version_id).digest,
                decision="approve",
                reason="The evidence holds.",
                password=PASSWORD,
            )

    def waive(self, version: ModelVersion, *, by: str = "cleo") -> Waiver:
        """A policy that wants a whole card, and somebody who answers for the one there is."""
        wish = LENIENT | {"evidence": ["card"], "waivable": ["card"]}
        if not PolicyVersion.objects.filter(name="whole").exists():
            self.publish(by="cleo", name="whole", document=wish)
        (gate,) = (gate for gate in dry_run(version) if gate.gate == "card")
        return waive(
            caller=self.caller(by),
            version=version,
            gate="card",
            gate_digest=gate.digest,
            reason="The model is asked about one branch.",
            expires_on=(datetime.now(UTC) + timedelta(days=10)).date(),
            password=PASSWORD,
        )

    def found(self, version: ModelVersion, effect: str, *, owner: str = "ada") -> Finding:
        """What Ben found in a version, with a file that shows it."""
        ben = self.caller("ben")
        return raise_finding(
            caller=ben,
            attachments=[send(ben, "winter.csv", f"{version.pk},{effect}\n".encode())],
            version=version,
            severity="medium",
            effect=effect,
            text=f"Winter is not in the rows ({effect}).",
            owner=self.users[owner].person_id,
            due_on=(datetime.now(UTC) + timedelta(days=20)).date(),
        )

    def approve(
        self, version: ModelVersion, *, by: str = "ada", signers: Sequence[str] = ("ben", "cleo")
    ) -> Review:
        """Submit, sign by two, and let the notary approve."""
        review = submit(caller=self.caller(by), version=version)
        self.sign(review, *signers)
        self.notary.work()
        review.refresh_from_db()
        return review

    def predict(self, *versions: ModelVersion, at: datetime | None = None) -> None:
        """Records of one batch, one for each version, shipped as the clock ships them."""
        writer = SegmentWriter(settings.SEGMENT_DIR, sync_ms=0)
        for number, version in enumerate(versions):
            writer.append(self.record(version, number, at))
        writer.close()
        assert ship_predictions() == len(versions)

    def predict_under(self, grant: EmergencyGrant) -> None:
        """A record of an answer without an approval."""
        writer = SegmentWriter(settings.SEGMENT_DIR, sync_ms=0)
        writer.append(self.record(grant.version, under={"emergency": str(grant.pk)}))
        writer.close()
        assert ship_predictions() == 1

    def record(
        self,
        version: ModelVersion,
        number: int = 0,
        at: datetime | None = None,
        under: Mapping[str, str] | None = None,
    ) -> bytes:
        """A record of an answer that Emil got, as the serving process writes it."""
        emil, at = self.users["emil"], at or datetime.now(UTC)
        record = {
            **(under or {"approval": str(version.approvals.get().pk)}),
            "id": str(uuid4()),
            "at": format_moment(at + timedelta(microseconds=number)),
            "model": str(version.model_id),
            "number": version.number,
            "version_digest": f"sha256:{version.digest}",
            "alias": None,
            "user": str(emil.pk),
            "person": str(emil.person_id),
            "request": "r-1",
            "rows": 1,
            "run_us": 20,
            "input": {"inputs": {"x": [[0.25, number]]}},
            "input_digest": f"sha256:{'1' * 64}",
            "output": [[0.75, 0.25]],
            "output_digest": f"sha256:{'2' * 64}",
        }
        return orjson.dumps(record, option=orjson.OPT_SORT_KEYS)

    def export(self, scope: Mapping[str, Any], *, by: str = "dora") -> Export:
        """Ask for a bundle and do the job's work beside the notary's."""
        export = request_export(caller=self.caller(by), scope=scope)
        with self.notary.at_work():
            run_next_job()
        export.refresh_from_db()
        return export


def run_next_job() -> Job:
    """Claim the next light job and do it as a slot does, but in this process."""
    job = claim("light", "test")
    assert job is not None
    with tempfile.TemporaryFile() as channel:
        limits = Limits(memory=0, cpu=0, parent=os.getpid(), channel=channel.fileno())
        status = execute(job.pk, job.token, limits)
        channel.seek(0)
        said = [orjson.loads(line) for line in channel.read().splitlines()]
    if status != 0:
        reason = next(line["failed"]["reason"] for line in said if "failed" in line)
        end(job.pk, job.token, Status.FAILED, reason)
    job.refresh_from_db()
    return job


def bundle_of(export: Export, folder: Path) -> Path:
    """The archive, as somebody who downloaded it has it."""
    assert export.blob is not None
    stored = export.blob.sha256
    path = folder / "bundle.zip"
    source = Path(settings.BLOB_DIR) / stored[:2] / stored[2:4] / stored
    path.write_bytes(source.read_bytes())
    return path
