"""The tab of compressions: this version against its parent, its own children, and a new one."""

import json
from typing import Any
from uuid import UUID

from django import forms

from registry.models import Evidence, ModelVersion
from registry.selectors import latest_evidence
from training.compression.params import COMPRESSIONS
from training.models import CompressionMethod, CompressionRun
from training.policies import may_train
from training.selectors import has_layout
from training.services import request_compression
from web.forms.params import CompressionForm
from web.reports.parity import parity_view
from web.versions.runs import StartTab, runs_of
from web.vocabulary import answers_by_version, state_of

WITHOUT_ROWS = "int8-dynamic"
PRUNE = "prune"


class Compression(StartTab):
    """The tab; `method` chooses what the form asks for."""

    tab = "compression"
    template = "versions/compression.html"

    @property
    def method(self) -> str:
        """The chosen method, the first one without a choice."""
        wanted = self.request.GET.get("method", "")
        return wanted if wanted in COMPRESSIONS else next(iter(COMPRESSIONS))

    def form(self, data: Any = None) -> forms.Form:
        """Made from the method's parameters."""
        return CompressionForm(
            data,
            params=COMPRESSIONS[self.method],
            held_out=self.held_out(),
            training=self.snapshots().exclude(split="test"),
            needs_rows=self.method != WITHOUT_ROWS,
        )

    def start(self, form: Any) -> UUID | None:
        """Asks for the child."""
        run = request_compression(
            caller=self.caller,
            parent=self.version,
            method=self.method,
            params=form.settings(),
            holdout=form.cleaned_data["holdout"],
            calibration=form.cleaned_data.get("calibration"),
        )
        return run.job_id

    def context(self) -> dict[str, Any]:
        """Parity with the parent where there is one, and the children with their verdicts."""
        parent = self.version.parent
        report = latest_evidence(self.version, "parity") if parent else None
        return {
            "pa": parity_view(json.loads(bytes(report.body))) if report else None,
            "parent": parent,
            "new": f"v{self.version.number}",
            "old": f"v{parent.number}" if parent else "",
            "children": children_of(self.version),
            "runs": runs_of(
                CompressionRun.objects.filter(parent=self.version), "holdout", "version"
            ),
            "method": self.method,
            "methods": CompressionMethod.choices,
            "may_start": may_train(self.caller, self.version.model.team_id),
            "has_rows": self.held_out().exists(),
            "can_prune": has_layout(self.version),
            "wants_pruning": self.method == PRUNE,
        }


def children_of(version: ModelVersion) -> list[dict[str, Any]]:
    """Derived versions with their own parity reports, by as many queries however many there are."""
    rows = list(
        version.children.prefetch_related("aliases", "artifacts")
        .defer("manifest")
        .order_by("number")
    )
    newest: dict[Any, Any] = {}
    reports = Evidence.objects.filter(version__in=rows, kind="parity").order_by("created_at")
    for report in reports:
        newest[report.version_id] = json.loads(bytes(report.body))
    answering = answers_by_version(version.model)
    return [
        {
            "version": row,
            "state": state_of(row, answering),
            "method": row.lineage.get("method", row.kind),
            "parity": newest.get(row.pk),
            "size": sum(artifact.size for artifact in row.artifacts.all()),
        }
        for row in rows
    ]
