"""The version that a pack is about, with the records that its sources read, each read once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import QuerySet

from compliance.packs.covered import Covered
from compliance.past.approvals import Behind, Spoken, approval_then, behind, judged
from evaluation.models import EvaluationRun
from evaluation.selectors import run_of
from governance.models import Approval, Review
from governance.selectors import statement_of
from registry.models import (
    CardRevision,
    DatasetSnapshot,
    Evidence,
    ModelVersion,
    RegisteredModel,
)
from registry.selectors import latest_card, latest_evidence


@dataclass(frozen=True)
class Report:
    """A report with its digest, `sha256:<hex>`."""

    digest: str
    body: Mapping[str, Any]
    made_at: datetime


class Subject(Covered):
    """A version at the moment `now`."""

    def __init__(self, version: ModelVersion, now: datetime) -> None:
        super().__init__(now)
        self.version = version
        self.model = version.model
        self._reports: dict[str, Report | None] = {}

    @property
    def versions(self) -> QuerySet[ModelVersion]:
        """The one version."""
        return ModelVersion.objects.filter(pk=self.version.pk)

    @property
    def only_version(self) -> ModelVersion:
        """The version."""
        return self.version

    @property
    def only_model(self) -> RegisteredModel:
        """Its model."""
        return self.model

    @property
    def models(self) -> QuerySet[RegisteredModel]:
        """Its model."""
        return RegisteredModel.objects.filter(pk=self.model.pk)

    @property
    def things(self) -> list[tuple[str, object]]:
        """The version."""
        return [("version", self.version.pk)]

    @property
    def team(self) -> str:
        """The owner team's name."""
        return self.model.team.name

    @property
    def title(self) -> str:
        """Name and number."""
        return f"{self.model.name} v{self.version.number}"

    def as_dict(self) -> dict[str, Any]:
        """Model, number, digest, team."""
        return {
            "kind": "version",
            "title": self.title,
            "model": self.model.name,
            "number": self.version.number,
            "version_digest": self.digest,
            "team": self.team,
        }

    def spoken(self) -> list[tuple[str, Spoken]]:
        """Those under the approval that the gate goes by."""
        said = self.behind.signatures if self.behind else []
        return [(self.title, one) for one in said]

    @property
    def witness(self) -> tuple[str, ...]:
        """The log's signed head, else what the version is."""
        return super().witness or (self.digest,)

    def report(self, kind: str) -> Report | None:
        """The newest evidence of a kind, parsed."""
        if kind not in self._reports:
            row = latest_evidence(self.version, kind)
            self._reports[kind] = _parsed(row) if row else None
        return self._reports[kind]

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The manifest, parsed; its digest is the version's."""
        parsed: dict[str, Any] = json.loads(bytes(self.version.manifest))
        return parsed

    @property
    def digest(self) -> str:
        """The version digest."""
        return f"sha256:{self.version.digest}"

    @cached_property
    def card(self) -> CardRevision | None:
        """The newest card, with its author."""
        return latest_card(self.version)

    @cached_property
    def approval(self) -> Approval | None:
        """The approval that the gate goes by."""
        return approval_then(self.version, self.now)

    @cached_property
    def standing(self) -> tuple[str, str]:
        """Whether it holds, and why not."""
        return judged(self.version, self.approval, self.now)

    @cached_property
    def behind(self) -> Behind | None:
        """Who and what stands behind the approval."""
        return behind(self.approval) if self.approval else None

    @cached_property
    def review(self) -> Review | None:
        """The review of the approval, else the last one."""
        if self.approval:
            return self.approval.review
        rows = Review.objects.filter(version=self.version).select_related("policy")
        return rows.order_by("-opened_at").first()

    @cached_property
    def statement(self) -> dict[str, Any] | None:
        """What was or is to be signed."""
        return statement_of(self.review) if self.review else None

    @cached_property
    def plan(self) -> Report | None:
        """The plan under which the newest evaluation ran: one sealed since set no limit to it."""
        run = self.evaluation_run
        return _parsed(run.plan.document) if run and run.plan else None

    @cached_property
    def evaluation_run(self) -> EvaluationRun | None:
        """The run that gave the newest evaluation report."""
        report = self.report("evaluation")
        return run_of(self.version, report.digest.removeprefix("sha256:")) if report else None

    @cached_property
    def trained(self) -> ModelVersion:
        """The version that was trained: this one, or the one that it was compressed from."""
        return self.ancestry[-1]

    @cached_property
    def ancestry(self) -> list[ModelVersion]:
        """The version, the one that it was compressed from, and so on."""
        found = [self.version]
        while found[-1].parent is not None:
            found.append(found[-1].parent)
        return found

    @cached_property
    def training_rows(self) -> list[DatasetSnapshot]:
        """Snapshots that the trained version learned from and was stopped by."""
        return self._snapshots(self.trained, ("dataset", "validation"))

    @cached_property
    def compression_rows(self) -> list[DatasetSnapshot]:
        """Snapshots by which it was compressed; of a version that was not, none."""
        return self._snapshots(self.version, ("dataset",)) if self.version.parent else []

    def _snapshots(self, version: ModelVersion, names: Sequence[str]) -> list[DatasetSnapshot]:
        """Those that a lineage names, of the owner team, the oldest of each digest."""
        lineage = json.loads(bytes(version.manifest))["lineage"]
        named = [lineage.get(name) for name in names]
        digests = [str(digest).removeprefix("sha256:") for digest in named if digest]
        rows = (
            DatasetSnapshot.objects.filter(blob__in=digests, team=self.model.team_id)
            .select_related("created_by__person")
            .order_by("blob", "created_at")
            .distinct("blob")
        )
        found = {row.blob_id: row for row in rows}
        return [found[digest] for digest in dict.fromkeys(digests) if digest in found]


def _parsed(row: Evidence) -> Report:
    return Report(f"sha256:{row.digest}", json.loads(bytes(row.body)), row.created_at)
