"""What stood behind an alias at a moment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from accounts.callers import Caller
from audit import selectors as log
from audit.actions import Action
from audit.models import AuditEvent
from common.errors import Invalid
from compliance.past.approvals import (
    Behind,
    approval_then,
    behind,
    in_force_around,
    judged,
    policy_of,
    revoked_by,
)
from compliance.past.reach import model_in_reach
from compliance.past.shares import ChallengerThen, challenger_then
from compliance.selectors import with_names
from governance.aliases import RESERVED_ALIASES
from governance.approvals.answering import Answering
from governance.models import Approval
from inference.models import Prediction
from registry.models import AliasMove, ModelVersion, RegisteredModel
from trust.scope import WHOLE

LONGEST_ALIAS = 64
UNSET = "unset"
"""The state where no alias of this name existed at that time."""


@dataclass(frozen=True)
class AliasThen:
    """The answer; what was not is None, and `reason` says so unless the version was live.

    `since` and `until` bound the time for which the alias pointed there; `served_since` and
    `served_until` that in which the approval held besides. None as an end: it lasts.
    """

    model: RegisteredModel
    alias: str
    moment: datetime
    state: str
    reason: str
    move: AliasMove | None = None
    approval: Approval | None = None
    policy: dict[str, Any] | None = None
    behind: Behind | None = None
    since: datetime | None = None
    until: datetime | None = None
    served_since: datetime | None = None
    served_until: datetime | None = None
    last_answer: datetime | None = None
    events: tuple[AuditEvent, ...] = ()
    contradictions: tuple[str, ...] = ()
    challenger: ChallengerThen | None = None

    @property
    def version(self) -> ModelVersion | None:
        """The version that the alias pointed at."""
        return self.move.to_version if self.move else None

    @property
    def share(self) -> int:
        """Percent of the calls that the version was to answer."""
        return self.challenger.rest if self.challenger else WHOLE

    @property
    def revoked(self) -> bool:
        """Whether the approval had been revoked by then."""
        return self.approval is not None and revoked_by(self.approval, self.moment)


def alias_then(caller: Caller, name: str, alias: str, moment: datetime) -> AliasThen:
    """What was live under an alias at a moment, by whom and what approved, until when.

    Thirteen queries at most. Raises NotFound, NotAllowed, Invalid for a moment that is not past
    and for `latest`, which is computed.
    """
    model = model_in_reach(caller, name)
    if alias in RESERVED_ALIASES:
        raise Invalid("This alias is computed: no version is served under it.", field="alias")
    if len(alias) > LONGEST_ALIAS:
        raise Invalid(f"An alias has at most {LONGEST_ALIAS} characters.", field="alias")
    if moment > timezone.now():
        raise Invalid("This moment has not come yet.", field="at")
    moves = (
        AliasMove.objects.filter(model=model, alias=alias)
        .select_related("from_version", "to_version__model", "by__person")
        .order_by("at", "pk")
    )
    move = moves.filter(at__lte=moment).last()
    following = moves.filter(at__gt=moment).first()
    if move is None or move.to_version is None:
        return AliasThen(model, alias, moment, UNSET, _why_unset(model, moment, following))
    return pointed(model, move, following, moment)


def _minute(at: datetime) -> str:
    """A moment as people read it, in UTC."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _why_unset(model: RegisteredModel, moment: datetime, first: AliasMove | None) -> str:
    if moment < model.created_at:
        return f"This model was not registered at that time; it was on {_minute(model.created_at)}."
    if first is None:
        return "No alias of this name existed at that time, and none has been set since."
    return f"No alias of this name existed at that time; it was first set {_minute(first.at)}."


def pointed(
    model: RegisteredModel, move: AliasMove, following: AliasMove | None, moment: datetime
) -> AliasThen:
    """What stood behind a move that pointed at a version, at a moment before the following one."""
    version = move.to_version
    assert version is not None
    approval = approval_then(version, moment)
    challenger = challenger_then(model, move.alias, moment)
    share = challenger.rest if challenger else WHOLE
    state, reason = judged(version, approval, moment, move.alias, share)
    told = _told_of(move, version, approval, moment)
    if state == Answering.LIVE:
        state, reason = _by_the_gate(told, approval)
    until = following.at if following else None
    served = _served(version, move, until, moment) if state == Answering.LIVE else (None, None)
    return AliasThen(
        model=model,
        alias=move.alias,
        moment=moment,
        state=state,
        reason=reason,
        move=move,
        approval=approval,
        policy=policy_of(approval) if approval else None,
        behind=behind(approval) if approval else None,
        since=move.at,
        until=until,
        served_since=served[0],
        served_until=served[1],
        last_answer=_last_answer(approval, moment),
        events=told,
        contradictions=_contradictions(move, version, told),
        challenger=challenger,
    )


def _served(
    version: ModelVersion, move: AliasMove, until: datetime | None, moment: datetime
) -> tuple[datetime, datetime | None]:
    """Since when and until when it was live without a gap; no end while it lasts."""
    begin, end = in_force_around(version, moment)
    ends = [at for at in (until, end, _damaged_after(version, moment)) if at]
    over = min(ends)
    return max(move.at, begin), over if over <= timezone.now() else None


def _last_answer(approval: Approval | None, moment: datetime) -> datetime | None:
    """When the last request was answered under the approval by then."""
    if approval is None:
        return None
    rows = Prediction.objects.filter(approval_id=approval.pk, at__lte=moment)
    return rows.order_by("-at").values_list("at", flat=True).first()


def _told_of(
    move: AliasMove, version: ModelVersion, approval: Approval | None, moment: datetime
) -> tuple[AuditEvent, ...]:
    """What the log says by then: the move, the approval, its end, loads, a quarantine.

    The newest of each kind; moves of a model wait for each other, so the first event of this alias
    from the move on is its own.
    """
    events = with_names(log.events().defer("leaf"))
    of_move = events.filter(
        action=Action.ALIAS_MOVED.value,
        subject_type="model",
        subject_id=str(move.model_id),
        payload__alias=move.alias,
        occurred_at__gte=move.at,
    )
    found = list(of_move.order_by("id")[:1])
    wanted = Q(action=Action.VERSION_QUARANTINED.value)
    if approval:
        acts = (
            Action.VERSION_APPROVED,
            Action.APPROVAL_REVOKED,
            Action.APPROVAL_EXPIRED,
            Action.APPROVAL_STALE,
            Action.MODEL_LOADED,
            Action.LOAD_REFUSED,
        )
        wanted |= Q(action__in=[act.value for act in acts], payload__approval=str(approval.pk))
    of_version = (
        events.filter(wanted, **_about(version), occurred_at__lte=moment)
        .order_by("action", "-id")
        .distinct("action")
    )
    return (*found, *sorted(of_version, key=lambda event: event.pk))


def _about(version: ModelVersion) -> dict[str, str]:
    return {"subject_type": "version", "subject_id": str(version.pk)}


def _damaged_after(version: ModelVersion, moment: datetime) -> datetime | None:
    """When its bytes were first found damaged after the moment."""
    found = log.events().filter(
        action=Action.VERSION_QUARANTINED.value, **_about(version), occurred_at__gt=moment
    )
    return found.order_by("id").values_list("occurred_at", flat=True).first()


def _by_the_gate(told: tuple[AuditEvent, ...], approval: Approval | None) -> tuple[str, str]:
    """Approved: but were the bytes damaged, or did the gate refuse to load them?"""
    last = {event.action: event for event in told}
    if damaged := last.get(Action.VERSION_QUARANTINED.value):
        return Answering.QUARANTINED, f"It was quarantined {_minute(damaged.occurred_at)}."
    refused, loaded = (
        last.get(action.value) for action in (Action.LOAD_REFUSED, Action.MODEL_LOADED)
    )
    if refused and (loaded is None or loaded.pk < refused.pk):
        return Answering.REFUSED, str(refused.payload["reason"])
    return Answering.LIVE, ""


def _contradictions(
    move: AliasMove, version: ModelVersion, told: tuple[AuditEvent, ...]
) -> tuple[str, ...]:
    """Where records and log say different things; `fsck` tells more."""
    (event,) = told[:1] or (None,)
    if event is None or event.action != Action.ALIAS_MOVED.value:
        return ("The log has no event of this move.",)
    found = []
    if event.payload.get("to") != f"sha256:{version.digest}":
        found.append("The log names another version for this move.")
    if event.payload.get("approval") != str(move.approval_id):
        found.append("The log names another approval for this move.")
    return tuple(found)
