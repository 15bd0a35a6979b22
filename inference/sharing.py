"""Which of two versions answers a call of a shared alias. Touches no database.

The share is the database's word, and is looked at beside the challenger's signed approval with
every call: what the approval is not for, the holder answers.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.conf import settings

from common.errors import Invalid
from inference.table import Asked, Candidate, Loaded, Table
from trust.approval import why_not_at, why_stale_at
from trust.scope import WHOLE

STICKY_HEADER = "X-Assay-Sticky"
_STICKY = re.compile(r"[\x21-\x7e]{1,128}", re.ASCII)


@dataclass(frozen=True)
class Challenger:
    """A challenger that may answer callers like this one, and its share of them."""

    loaded: Loaded
    consumer: str
    percent: int


def read_sticky(text: str | None) -> str:
    """What a caller wants the choice to stick to; empty where he says nothing. Raises Invalid."""
    if text is None:
        return ""
    if not _STICKY.fullmatch(text):
        raise Invalid(
            "The key has 1 to 128 visible ASCII characters without blanks.", field=STICKY_HEADER
        )
    return text


def draw(asked: Asked, model_id: object) -> int:
    """From 0 to 99, the same for the same key, model and alias; all are equally likely.

    Shares that grow keep those calls that they had.
    """
    key = f"{model_id}:{asked.alias}:{asked.sticky or asked.request_id}"
    return int.from_bytes(sha256(key.encode()).digest()[:8]) % WHOLE


def challenger_for(
    table: Table, asked: Asked, now: datetime, *, silence_s: float
) -> Challenger | None:
    """The challenger of the alias that is asked, if it may answer the caller now."""
    team = table.teams.get(asked.name)
    share = table.shares.get((asked.name, asked.alias)) if asked.number is None else None
    if share is None or team is None or team not in asked.user.teams:
        return None
    loaded = table.loaded.get(share.candidate.approval)
    if loaded is None or why_over_approval(loaded, asked.alias, share.percent):
        return None
    if why_not_valid(table, loaded, now) or silence_s > grace_s(loaded):
        return None
    consumer = loaded.approval.limits.admitting(asked.consumers())
    return None if consumer is None else Challenger(loaded, consumer, share.percent)


def why_over_approval(loaded: Loaded, alias: str, percent: int) -> str:
    """A sentence if the approval is not for this share of the alias's calls."""
    limits = loaded.approval.limits
    return limits.why_not_under(alias) or limits.why_not_for_share(percent)


def why_not_valid(table: Table, loaded: Loaded, moment: datetime) -> str:
    """A sentence if the approval is over or stale for too long."""
    approval = loaded.approval
    return why_not_at(approval, moment) or why_stale_at(
        approval, moment, table.stale.get(approval.id)
    )


def grace_s(loaded: Loaded) -> float:
    """How long the database may be silent before a revocation could be missed."""
    grace: float = loaded.approval.outage_grace.total_seconds()
    return grace + settings.SERVING_CONTACT_SECONDS


def excesses(table: Table) -> Iterator[tuple[Candidate, str, str]]:
    """Challengers whose share their approval is not for, each with the alias and a sentence."""
    for (_name, alias), share in table.shares.items():
        loaded = table.loaded.get(share.candidate.approval)
        reason = why_over_approval(loaded, alias, share.percent) if loaded else ""
        if reason:
            yield share.candidate, alias, reason
