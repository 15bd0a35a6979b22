"""Everything on a model's page: what is live, versions, aliases, lineage, datasets, metric."""

import json
from collections.abc import Iterable, Mapping
from itertools import zip_longest
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.callers import Caller
from audit.actions import Action
from audit.selectors import EventFilter, matching
from common.errors import Invalid
from compliance.selectors import history_of
from evaluation.metrics.catalogue import BY_NAME, for_task
from evaluation.metrics.contract import Metric
from governance.approvals.answering import Answer, answers_of
from governance.emergencies import selectors as emergencies
from governance.splits.selectors import split_history
from registry import policies
from registry.models import AliasMove, DatasetSnapshot, Evidence, ModelVersion, RegisteredModel
from registry.register.entries import is_inventory_only
from registry.selectors import alias_history, versions_of
from training.models import TrainingRun
from web.jobs.about import entries_of
from web.register.lineage import tree_of
from web.retention.presenting import held_model
from web.vocabulary import answer_state, state_of, states_by_version
from worker.models import OPEN, Job

PAGE_SIZE = 30
MOST_POINTS = 20
MOST_MOVES = 20
MOST_LINEAGE = 200
SIGNATURE_EXAMPLE = json.dumps(
    {
        "task": "binary",
        "classes": ["benign", "malignant"],
        "inputs": [{"name": "input", "dtype": "float32", "shape": ["batch", 30], "features": None}],
        "outputs": [
            {
                "name": "probabilities",
                "dtype": "float32",
                "shape": ["batch", 2],
                "kind": "probabilities",
            }
        ],
    },
    indent=2,
)


def model_page(caller: Caller, model: RegisteredModel, query: Mapping[str, str]) -> dict[str, Any]:
    """The context of the page. Raises Invalid for a page of versions that cannot be."""
    reads_evidence = policies.may_read_evidence(caller, model.team_id)
    now = timezone.now()
    answers = answers_of([model], now=now)[model.pk]
    answering = states_by_version(answers)
    context: dict[str, Any] = {
        "model": model,
        "is_elsewhere": is_inventory_only(model),
        "may_contribute": policies.may_contribute(caller, model.team_id),
        "reads_evidence": reads_evidence,
        "live": live_of(answers),
        "granted": emergencies.answering({model.pk: answers}, [model], now)[model.pk],
        "moves": _moves(caller, model),
        "shares": list(split_history(model)[:MOST_MOVES]),
        **_versions(model, query.get("after", ""), answering),
    }
    if reads_evidence:
        context |= {
            "tree": tree_of(_all_versions(model), answering),
            "datasets": _datasets(model),
            "under_way": entries_of(_jobs_under_way(model)),
            **_metric(model, query.get("metric", "")),
            **held_model(caller, model),
        }
    return context


def _moves(caller: Caller, model: RegisteredModel) -> list[tuple[AliasMove, Any]]:
    """The newest moves of aliases, each with its event where the caller may open it.

    Moves of a model wait for each other, so the log has them in the same order.
    """
    moves = list(alias_history(model)[:MOST_MOVES])
    if not policies.may_read_evidence(caller, model.team_id):
        return [(move, None) for move in moves]
    moved = EventFilter(action=Action.ALIAS_MOVED.value, subject=("model", str(model.pk)))
    events = matching(history_of(caller, model), moved)
    return list(zip_longest(moves, events[: len(moves)]))


def live_of(answers: Iterable[Answer]) -> list[dict[str, Any]]:
    """Each alias with its badge, for the tables of what is live."""
    return [
        {
            "answer": answer,
            "state": answer_state(answer),
            "challenger": answer_state(answer.challenger) if answer.challenger else "",
        }
        for answer in answers
    ]


def _versions(model: RegisteredModel, after: str, answering: Mapping[UUID, str]) -> dict[str, Any]:
    rows = versions_of(model)
    if after:
        if not (after.isdecimal() and len(after) < 9):
            raise Invalid("This page does not exist; begin at the first one.", field="after")
        rows = rows.filter(number__lt=int(after))
    found = list(rows[: PAGE_SIZE + 1])
    return {
        "versions": [(row, state_of(row, answering)) for row in found[:PAGE_SIZE]],
        "next": str(found[PAGE_SIZE - 1].number) if len(found) > PAGE_SIZE else "",
    }


def _all_versions(model: RegisteredModel) -> list[ModelVersion]:
    rows = versions_of(model).only(
        "number", "kind", "status", "parent_id", "lineage", "model", "created_at"
    )
    return list(rows.select_related(None)[:MOST_LINEAGE])


def _datasets(model: RegisteredModel) -> list[DatasetSnapshot]:
    """Snapshots on which versions were trained or measured."""
    trained = TrainingRun.objects.filter(model=model).values("dataset_id")
    measured = model.versions.filter(evaluations__isnull=False).values("evaluations__dataset_id")
    found = DatasetSnapshot.objects.filter(pk__in=trained) | DatasetSnapshot.objects.filter(
        pk__in=measured
    )
    return list(found.order_by("name", "split", "-created_at").distinct()[:MOST_POINTS])


def _jobs_under_way(model: RegisteredModel) -> list[Job]:
    rows = Job.objects.filter(subject_type="model", subject_id=model.pk, status__in=OPEN)
    return list(rows.order_by("-created_at")[:5])


def _metric(model: RegisteredModel, wanted: str) -> dict[str, Any]:
    """The newest measurement of each of the last versions, of the wanted or the first metric."""
    rows = (
        Evidence.objects.filter(version__model=model, kind="evaluation")
        .order_by("-version__number", "-created_at")
        .distinct("version__number")
        .values_list("version__number", "body")[:MOST_POINTS]
    )
    reports = [(number, json.loads(bytes(body))) for number, body in rows]
    if not reports:
        return {"points": []}
    choices: list[Metric] = list(for_task(reports[0][1]["task"]))
    chosen = BY_NAME.get(wanted, choices[0])
    points = []
    for number, report in reversed(reports):
        entry = report["metrics"].get(chosen.name)
        if entry and entry["state"] == "measured":
            points.append(
                {
                    "number": number,
                    "value": entry["value"],
                    "low": entry["low"],
                    "high": entry["high"],
                    "rows": report["dataset"]["digest"],
                }
            )
    return {
        "points": points,
        "metric": chosen,
        "metrics": choices,
        "same_rows": len({point["rows"] for point in points}) < 2,
    }
