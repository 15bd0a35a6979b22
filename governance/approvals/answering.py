"""What would answer under each alias now: the one answer, for pages and API.

It asks what the serving gate asks: the newest approval that is not over, its envelope, and for the
bytes, which the gate alone hashes, what the gate last wrote into the log.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.conf import settings

from audit.actions import Action
from audit.selectors import events
from common.errors import Conflict
from governance.models import Approval
from governance.selectors import standing, trusted_keys
from registry.models import Alias, ModelVersion, RegisteredModel, Status
from trust.approval import why_stale_at
from trust.keys import TrustedKeys
from trust.scope import WHOLE


class Answering(StrEnum):
    """Whether the gate serves a version, or why not."""

    LIVE = "live"
    UNAPPROVED = "unapproved"
    REVOKED = "revoked"
    EXPIRED = "expired"
    UNTRUSTED = "untrusted"
    QUARANTINED = "quarantined"
    REFUSED = "refused"
    OUT_OF_SCOPE = "out_of_scope"
    STALE = "stale"


ANSWERINGS = [(one.value, one.value) for one in Answering]


@dataclass(frozen=True)
class Answer:
    """An alias with the version behind it; `reason` is a sentence unless it is live.

    `stale_until` says how long it is served on where its approval is stale, `share` how many
    percent of the calls it answers: the rest is the challenger's.
    """

    alias: Alias
    state: Answering
    reason: str = ""
    stale_until: datetime | None = None
    share: int = WHOLE
    challenger: "Challenging | None" = None

    @property
    def served(self) -> bool:
        """Whether the serving gate would serve it."""
        return self.state == Answering.LIVE


@dataclass(frozen=True)
class Challenging:
    """The version that is to answer `percent` of an alias's calls beside the holder.

    Where it is not live, the holder answers them.
    """

    version: ModelVersion
    percent: int
    state: Answering
    reason: str = ""
    stale_until: datetime | None = None

    @property
    def served(self) -> bool:
        """Whether the serving gate would serve it."""
        return self.state == Answering.LIVE


def answers_of(models: Iterable[RegisteredModel], *, now: datetime) -> dict[UUID, list[Answer]]:
    """The aliases of each model by name, by three queries however many models there are."""
    aliases = list(
        Alias.objects.filter(model__in=models)
        .select_related("version__model", "split__version__model")
        .order_by("name")
    )
    splits = {alias.pk: alias.split for alias in aliases if hasattr(alias, "split")}
    versions = {alias.version_id for alias in aliases}
    approvals = _approvals(versions | {split.version_id for split in splits.values()}, now)
    refusals = _refusals(approvals)
    try:
        keys: TrustedKeys | Conflict = trusted_keys()
    except Conflict as error:
        keys = error

    def judge(
        version: ModelVersion, alias: str, share: int
    ) -> tuple[Answering, str, datetime | None]:
        approval, refusal = approvals.get(version.pk), refusals.get(version.pk, "")
        state, reason = _judged(version, (alias, share), approval, keys, refusal, now)
        return state, reason, _stale_until(approval) if state == Answering.LIVE else None

    found: dict[UUID, list[Answer]] = defaultdict(list)
    for alias in aliases:
        challenger, share = None, WHOLE
        if alias.pk in splits:
            split = splits[alias.pk]
            judged = judge(split.version, alias.name, split.percent)
            challenger = Challenging(split.version, split.percent, *judged)
            share = WHOLE - split.percent if challenger.served else WHOLE
        judged = judge(alias.version, alias.name, share)
        found[alias.model_id].append(Answer(alias, *judged, share, challenger))
    return found


def _stale_until(approval: Approval | None) -> datetime | None:
    stale = getattr(approval, "staleness", None)
    return stale.until if stale else None


def _approvals(versions: set[UUID], now: datetime) -> dict[UUID, Approval]:
    """The approval that the gate looks at: the newest that is not over, else the newest."""
    rows = list(
        Approval.objects.filter(version__in=versions)
        .select_related("revocation", "staleness")
        .order_by("issued_at")
    )
    rows.sort(key=lambda row: not hasattr(row, "revocation") and row.not_after > now)
    return {row.version_id: row for row in rows}


def _refusals(approvals: dict[UUID, Approval]) -> dict[UUID, str]:
    """Why the gate refused the bytes, where that is the last that it said of the approval."""
    last = (
        events()
        .filter(action__in=(Action.MODEL_LOADED.value, Action.LOAD_REFUSED.value))
        .filter(subject_type="version", subject_id__in=[str(key) for key in approvals])
        .order_by("subject_id", "-id")
        .distinct("subject_id")
        .values_list("subject_id", "payload")
    )
    return {
        UUID(version): payload["reason"]
        for version, payload in last
        if "reason" in payload and payload["approval"] == str(approvals[UUID(version)].pk)
    }


def _judged(
    version: ModelVersion,
    asked: tuple[str, int],
    approval: Approval | None,
    keys: TrustedKeys | Conflict,
    refusal: str,
    now: datetime,
) -> tuple[Answering, str]:
    alias, share = asked
    if approval is None:
        return Answering.UNAPPROVED, "It has no approval."
    if hasattr(approval, "revocation"):
        return Answering.REVOKED, "The approval was revoked."
    if isinstance(keys, Conflict):
        return Answering.UNTRUSTED, keys.reason
    verdict = standing(version, approval, keys=keys, now=now)
    until = verdict.approval.not_after if verdict.approval else approval.not_after
    if min(until, approval.not_after) <= now:
        return Answering.EXPIRED, "The approval has expired."
    stale = getattr(approval, "staleness", None)
    if stale and verdict.approval and why_stale_at(verdict.approval, now, stale.since):
        return Answering.STALE, verdict.reason
    if not verdict.ok or verdict.approval is None:
        return Answering.UNTRUSTED, verdict.reason
    limits = verdict.approval.limits
    outside = (
        limits.why_not_under(alias)
        or limits.why_not_for_share(share)
        or limits.why_not_in(settings.ENVIRONMENT)
    )
    if outside:
        return Answering.OUT_OF_SCOPE, outside
    if version.status == Status.QUARANTINED:
        return Answering.QUARANTINED, version.status_reason
    return (Answering.REFUSED, refusal) if refusal else (Answering.LIVE, "")
