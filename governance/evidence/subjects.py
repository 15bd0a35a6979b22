"""What gates look at: the newest reports and card of versions, read from their bytes."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.utils import timezone

from common.errors import Conflict
from evaluation.metrics.catalogue import for_task
from evaluation.planned import Planned, planned_all
from governance.policy.documents import Policy
from registry.models import Alias, CardRevision, Evidence, ModelVersion
from trust.elsewhere import is_run_elsewhere
from trust.gate_answers import Shown


@dataclass(frozen=True)
class Report:
    """A piece of evidence with its parsed body."""

    row: Evidence
    body: dict[str, Any]

    @property
    def digest(self) -> str:
        """`sha256:<hex>` of the report's bytes."""
        return f"sha256:{self.row.digest}"


@dataclass(frozen=True)
class Subject:
    """Everything that gates look at, read once. `champion` is not the version itself, and `policy`
    what is asked of versions of its kind: the one that its manifest tells."""

    version: ModelVersion
    policy: Policy
    reports: dict[str, Report]
    card: CardRevision | None
    plan: Planned | None = None
    champion: ModelVersion | None = None
    now: datetime = field(default_factory=lambda: timezone.now())

    @cached_property
    def shown(self) -> Shown:
        """The same for the gates that outsiders ask too."""
        task = (self.version.signature or {}).get("task")
        return Shown(
            manifest=json.loads(bytes(self.version.manifest)),
            reports={kind: report.body for kind, report in self.reports.items()},
            since={
                kind: report.row.created_at
                for kind, report in self.reports.items()
                if report.row.created_at
            },
            now=self.now,
            licence=self.version.model.licence,
            champion=f"sha256:{self.champion.digest}" if self.champion else None,
            applies={metric.name for metric in for_task(task)} if task else (),
        )


def look_at(version: ModelVersion, policy: Policy) -> Subject:
    """The newest report of each kind and the newest card of a version, read from their bytes.

    Of plans, that of the newest evaluation's run. Raises Conflict if the bytes are not those of
    the digest.
    """
    return look_at_all([version], policy)[0]


def look_at_all(versions: Sequence[ModelVersion], policy: Policy) -> list[Subject]:
    """The same of many versions, in their order, by as many queries as for one."""
    reports = _reports(versions)
    cards = _cards(versions)
    plans = _plans(versions, reports)
    champions = _champions(versions)
    found = []
    for version in versions:
        own, plan = reports.get(version.pk, {}), plans.get(version.pk)
        if plan is not None:
            document = plan.plan.document
            own["plan"] = Report(document, _body_of(document, "plan"))
        champion = champions.get(version.model_id)
        found.append(
            Subject(
                version,
                policy.asked_of(elsewhere=is_run_elsewhere(json.loads(bytes(version.manifest)))),
                own,
                cards.get(version.pk),
                plan,
                champion if champion and champion.pk != version.pk else None,
            )
        )
    return found


def _reports(versions: Iterable[ModelVersion]) -> dict[UUID, dict[str, Report]]:
    rows = (
        Evidence.objects.filter(version__in=versions)
        .exclude(kind="plan")
        .order_by("version_id", "kind", "-created_at", "-pk")
        .distinct("version_id", "kind")
    )
    found: dict[UUID, dict[str, Report]] = {}
    for row in rows:
        report = Report(row, _body_of(row, row.kind))
        found.setdefault(row.version_id, {})[row.kind] = report
    return found


def _cards(versions: Iterable[ModelVersion]) -> dict[UUID, CardRevision]:
    rows = (
        CardRevision.objects.filter(version__in=versions)
        .order_by("version_id", "-revision")
        .distinct("version_id")
    )
    found = {}
    for card in rows:
        said = _body_of(card, "card")
        if any(said.get(name) != text for name, text in card.content.items()):
            raise Conflict("The card's fields are not those of its digest.")
        found[card.version_id] = card
    return found


def _plans(
    versions: Sequence[ModelVersion], reports: Mapping[UUID, Mapping[str, Report]]
) -> dict[UUID, Planned]:
    evaluations = {
        version.pk: reports[version.pk]["evaluation"]
        for version in versions
        if "plan" in getattr(reports.get(version.pk, {}).get("evaluation"), "body", {})
    }
    if not evaluations:
        return {}
    return planned_all({pk: (row.row.digest, row.body) for pk, row in evaluations.items()})


def _champions(versions: Iterable[ModelVersion]) -> dict[UUID, ModelVersion]:
    models = {version.model_id for version in versions}
    rows = Alias.objects.filter(model__in=models, name="champion").select_related("version")
    return {row.model_id: row.version for row in rows.defer("version__manifest")}


def _body_of(row: Evidence | CardRevision, kind: str) -> dict[str, Any]:
    body = bytes(row.body)
    if sha256(body).hexdigest() != row.digest:
        raise Conflict(f"The bytes of the {kind} are not those of its digest.")
    parsed: dict[str, Any] = json.loads(body)
    return parsed
