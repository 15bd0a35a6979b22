"""Deleting what was asked and answered in old prediction records, whole batches at a time.

What proves stays: which version answered whom, when, under which approval, and the digests of
input and output. The log's event names the batch as it was sealed and as it is now.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.callers import Caller
from accounts.models import Proposal, Team
from accounts.proposals.kinds import Details, Draft, Thing
from accounts.proposals.wishes import only, text
from accounts.selectors import team_named
from audit.actions import Action
from audit.services import record
from common.decisions import Decision
from common.errors import Conflict
from compliance.retention.models import EmptiedBatch, Held, Kept
from compliance.retention.policies import may_confirm_deletion, may_propose_deletion
from compliance.retention.rules import days_of
from compliance.retention.selectors import holds, in_force
from compliance.scopes import read_moment
from inference.models import Prediction, PredictionBatch
from registry.models import RegisteredModel
from trust.bundle_retention import EMPTIED_FIELDS
from trust.canonical import canonical
from trust.times import format_moment

MOST_BATCHES = 500


class Emptying:
    """`{"team", "before"}`: inputs and outputs of the team's records go, of batches that end before
    that moment, at most 500 at a time, the oldest first."""

    def may_propose(self, caller: Caller, team: UUID | None) -> Decision:
        """Managers of the team."""
        return may_propose_deletion(caller, team)

    def may_confirm(self, caller: Caller, team: UUID | None) -> Decision:
        """Compliance of the team."""
        return may_confirm_deletion(caller, team)

    def draft(self, caller: Caller, wish: Mapping[str, Any]) -> Draft:
        """Raises NotAllowed, NotFound, Invalid, Conflict where everything is kept."""
        only(wish, "team", "before")
        team = team_named(caller, text(wish, "team"))
        may_propose_deletion(caller, team.pk).enforce()
        before = read_moment(text(wish, "before"), "before")
        free = [batch for batch in _old(team, before) if not why_batch_kept(batch, timezone.now())]
        if not free:
            raise Conflict(
                "No batch of the team's records from before that moment may be emptied: they are "
                "held, kept by a rule, or there is none."
            )
        said = [_named(batch) for batch in free]
        return Draft({"team": str(team.pk), "before": format_moment(before), "batches": said}, team)

    def before(self, details: Details) -> Details:
        """How many of the batches are whole."""
        batches = [batch["batch"] for batch in details["batches"]]
        whole = PredictionBatch.objects.filter(pk__in=batches, emptied=None)
        return {"whole": whole.count()}

    def related(self, details: Details) -> list[Thing]:
        """The batches tell their own histories."""
        return []

    def execute(self, proposal: Proposal, details: Details, caller: Caller) -> None:
        """Empty each batch and tell the log. Raises Conflict while anything keeps one."""
        Team.objects.select_for_update(no_key=True).get(pk=details["team"])
        for said in details["batches"]:
            batch = PredictionBatch.objects.get(pk=said["batch"])
            why = why_batch_kept(batch, timezone.now())
            if why:
                raise Conflict(f"The batch {batch.pk} cannot be emptied. {why}")
            _empty(batch, proposal, caller)


def _old(team: Team, before: datetime) -> QuerySet[PredictionBatch]:
    """Batches of this team's models alone; earlier ones may hold records of several teams."""
    models = RegisteredModel.objects.filter(team=team).values("pk")
    foreign: Any = RegisteredModel.objects.exclude(team=team).values("pk")
    rows = PredictionBatch.objects.filter(last_at__lt=before, emptied=None)
    rows = rows.filter(pk__in=Prediction.objects.filter(model_id__in=models).values("batch"))
    rows = rows.exclude(pk__in=Prediction.objects.filter(model_id__in=foreign).values("batch"))
    return rows.order_by("last_at", "pk")[:MOST_BATCHES]


def why_batch_kept(batch: PredictionBatch, now: datetime) -> str:
    """Why a batch stays whole; empty if it may be emptied now."""
    parts = set(batch.records.values_list("model_id", "number").distinct())
    models = RegisteredModel.objects.filter(pk__in={model for model, _number in parts})
    for model in models:
        days = days_of(model.risk_tier, Kept.PREDICTIONS.value)
        if days is None:
            return "By the rules of retention it is kept for ever."
        if now < batch.last_at + timedelta(days=days):
            return "By the rules of retention it is kept longer."
    numbers = [Q(model=model, version__number=number) for model, number in parts]
    on_it = Q(kind=Held.MODEL) | Q(kind=Held.PREDICTIONS, since__lte=batch.last_at) & (
        Q(until=None) | Q(until__gt=batch.first_at)
    )
    rows = in_force(holds()).filter(model__in=models)
    held = rows.filter(on_it).first() or next(
        (found for number in numbers if (found := rows.filter(number).first())), None
    )
    return f"A legal hold is on it: {held.reference}." if held else ""


def _named(batch: PredictionBatch) -> dict[str, object]:
    return {"batch": str(batch.pk), "digest": f"sha256:{batch.digest}", "count": batch.count}


def without_content(line: bytes) -> bytes:
    """The record without what was asked and answered."""
    said = orjson.loads(line)
    return canonical({name: said[name] for name in said if name not in EMPTIED_FIELDS})


def _empty(batch: PredictionBatch, proposal: Proposal, caller: Caller) -> None:
    rows = list(batch.records.order_by("position").only("pk", "model_id", "record"))
    for row in rows:
        row.record = without_content(bytes(row.record))
    kept = sha256(b"".join(bytes(row.record) + b"\n" for row in rows)).hexdigest()
    EmptiedBatch.objects.create(batch=batch, digest=kept, proposal=proposal, at=datetime.now(UTC))
    for row in rows:
        Prediction.objects.filter(pk=row.pk).update(record=row.record)
    record(
        actor=caller.actor,
        action=Action.PREDICTIONS_EMPTIED,
        subject=("predictions", batch.pk),
        payload={
            **_named(batch),
            "kept": f"sha256:{kept}",
            "proposal": f"sha256:{proposal.digest}",
            "proposer": str(proposal.proposer_id),
        },
        related=[
            *(("model", model) for model in sorted({row.model_id for row in rows})),
            ("proposal", proposal.pk),
        ],
    )


EMPTYING = Emptying()
