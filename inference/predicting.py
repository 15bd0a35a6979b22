"""One prediction, from the table in memory to the record on disk. Touches no database."""

import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson
from django.conf import settings

from common.errors import DomainError, NotFound, TooLarge, Unavailable
from inference.segments import SegmentWriter
from inference.sharing import challenger_for, draw, grace_s, why_not_valid
from inference.table import Asked, Candidate, InEmergency, Loaded, Table
from runtimes.payload import parse
from runtimes.reply import reply
from trust.bundle_layout import MAX_LINE_BYTES
from trust.emergency import why_no_emergency_at
from trust.scope import WHOLE
from trust.times import format_moment


class NotApproved(DomainError):
    """No valid approval stands behind what was asked for."""

    slug = "not-approved"
    status = 409
    title = "Not approved for serving"


class OutOfScope(DomainError):
    """The approval behind what was asked for is not for this call."""

    slug = "out-of-scope"
    status = 403
    title = "Outside the scope of the approval"


@dataclass(frozen=True)
class Answer:
    """The reply's body, and what its headers say: `approval` is the id of a grant in emergency."""

    body: dict[str, Any]
    version_digest: str
    approval: str
    in_emergency: bool = False


def find(table: Table, asked: Asked, *, silence_s: float) -> Loaded:
    """The loaded model that may answer now. Raises NotFound, NotApproved, Unavailable.

    `silence_s` is how long the database has not been heard; the approval says how long that may
    be.
    """
    team = table.teams.get(asked.name)
    if team is None or team not in asked.user.teams:
        raise NotFound(f"There is no model named {asked.name!r} that you may call.")
    candidate = _candidate(table, asked)
    loaded = table.loaded.get(candidate.approval)
    if loaded is None:
        reason = table.refused.get(candidate.approval)
        if reason:
            raise NotApproved(f"{asked.name} v{candidate.number} was refused at load: {reason}")
        raise Unavailable(f"{asked.name} v{candidate.number} is being loaded; try again.")
    _require_valid(table, loaded, datetime.now(UTC))
    if silence_s > grace_s(loaded):
        raise Unavailable(
            "The database has not been heard for longer than the approval allows; "
            "a revocation could be missed, so nothing is answered."
        )
    return loaded


def find_in_emergency(
    table: Table, asked: Asked, share: int = WHOLE, *, silence_s: float
) -> InEmergency | None:
    """What answers under an emergency grant for the alias; None where there is no such grant, or
    the approved holder answers this share. Raises NotApproved for a grant that was refused."""
    team, now = table.teams.get(asked.name), datetime.now(UTC)
    if asked.number is not None or team is None or team not in asked.user.teams:
        return None
    granted = table.emergencies.get((asked.name, asked.alias))
    if granted is None or _approved_answers(table, asked, share, now):
        return None
    opened = table.in_emergency.get(granted.emergency)
    if opened is None:
        reason = table.refused.get(granted.emergency)
        if reason:
            raise NotApproved(
                f"{asked.name} v{granted.number} was refused under an emergency grant: {reason}"
            )
        return None
    if why_no_emergency_at(opened.emergency, now):
        return None
    # The grace of an outage is signed into approvals; a grant has none.
    if silence_s > settings.SERVING_CONTACT_SECONDS:
        raise Unavailable(
            "The database has not been heard for a while; the end of the emergency grant could be "
            "missed, so nothing is answered."
        )
    return opened


def _approved_answers(table: Table, asked: Asked, share: int, now: datetime) -> bool:
    candidate = table.by_alias.get((asked.name, asked.alias))
    loaded = table.loaded.get(candidate.approval) if candidate else None
    if loaded is None:
        return False
    limits = loaded.approval.limits
    if limits.why_not_under(asked.alias) or limits.why_not_for_share(share):
        return False
    return not why_not_valid(table, loaded, now)


def _require_valid(table: Table, loaded: Loaded, moment: datetime) -> None:
    reason = why_not_valid(table, loaded, moment)
    if reason:
        raise NotApproved(f"{loaded.name} v{loaded.number} cannot answer. {reason}")


def _require_still(table: Table, opened: Loaded | InEmergency, moment: datetime) -> None:
    if isinstance(opened, Loaded):
        _require_valid(table, opened, moment)
        return
    reason = why_no_emergency_at(opened.emergency, moment)
    if reason:
        raise NotApproved(f"{opened.name} v{opened.number} cannot answer. {reason}")


def _require_scope(loaded: Loaded, asked: Asked, share: int) -> str:
    """The consumer as whom the caller is admitted; empty where everybody is. Raises OutOfScope."""
    limits = loaded.approval.limits
    alias = asked.alias if asked.number is None else None
    reason = limits.why_not_under(alias) or limits.why_not_for_share(share)
    if reason:
        raise OutOfScope(f"{loaded.name} v{loaded.number} does not answer here. {reason}")
    if limits.consumers is None:
        return ""
    consumer = limits.admitting(asked.consumers())
    if consumer is None:
        raise OutOfScope(
            f"{loaded.name} v{loaded.number} is approved for certain consumers, and neither you, "
            "your token nor a team of yours is among them."
        )
    return consumer


@dataclass(frozen=True)
class Routed:
    """What answers a call: as which consumer it is admitted, and the share of the alias's calls
    that the version answers at that moment."""

    opened: Loaded | InEmergency
    consumer: str
    share: int


def route(table: Table, asked: Asked, *, silence_s: float) -> Routed:
    """The version that answers: the challenger of the alias for its share of those calls that it
    may answer, else the holder, or what an emergency grant puts in its place.

    Raises as `find`; OutOfScope. A holder that may not answer leaves no more to the challenger.
    """
    challenger = challenger_for(table, asked, datetime.now(UTC), silence_s=silence_s)
    share = WHOLE
    if challenger:
        if draw(asked, challenger.loaded.model_id) < challenger.percent:
            return Routed(challenger.loaded, challenger.consumer, challenger.percent)
        share = WHOLE - challenger.percent
    granted = find_in_emergency(table, asked, share, silence_s=silence_s)
    if granted:
        return Routed(granted, "", share)
    loaded = find(table, asked, silence_s=silence_s)
    return Routed(loaded, _require_scope(loaded, asked, share), share)


def _candidate(table: Table, asked: Asked) -> Candidate:
    if asked.number is not None:
        found = table.by_number.get((asked.name, asked.number))
        if found is None:
            raise NotApproved(
                f"{asked.name} v{asked.number} has no valid approval, so it is not served."
            )
        return found
    found = table.by_alias.get((asked.name, asked.alias))
    if found is not None:
        return found
    pointed = table.pointing.get((asked.name, asked.alias))
    if pointed is None:
        raise NotApproved(
            f"No version of {asked.name} holds the alias {asked.alias!r}: "
            "a manager must promote an approved version first."
        )
    raise NotApproved(
        f"{asked.alias} points at {asked.name} v{pointed}, which has no valid approval."
    )


def predict(
    table: Table, asked: Asked, payload: object, *, silence_s: float, writer: SegmentWriter
) -> Answer:
    """Answer a request and keep its record; no record, no answer.

    Raises as `find`; OutOfScope; Invalid naming the field for a wrong payload; TooLarge for more
    than a record holds; Unavailable for a model that fails, or was revoked while it ran, or a disk
    that takes no record.
    """
    routed = route(table, asked, silence_s=silence_s)
    loaded = routed.opened
    arrays = parse(payload, loaded.signature, max_rows=settings.MAX_PREDICT_ROWS)
    began = time.perf_counter_ns()
    outputs = loaded.model.run(arrays, deadline_s=settings.PREDICT_SECONDS)
    spent = time.perf_counter_ns() - began
    answered = reply(outputs, loaded.signature)
    # A run may take seconds: what counts is the moment of the answer, which the record names.
    at = datetime.now(UTC)
    _require_still(table, loaded, at)
    identity = str(uuid.uuid4())
    rows = len(next(iter(arrays.values())))
    line = _record(asked, routed, identity, at, payload, answered, rows, spent)
    if len(line) > MAX_LINE_BYTES:
        raise TooLarge("Request and answer are too large for one record: send fewer rows.")
    try:
        writer.append(line)
    except OSError as error:
        raise Unavailable("The prediction could not be recorded, so it is not given.") from error
    facts = {
        "id": identity,
        "model": loaded.name,
        "version": loaded.number,
        "version_digest": loaded.digest,
    }
    if asked.number is None:
        facts["share"] = routed.share
    if isinstance(loaded, InEmergency):
        granted = loaded.emergency
        facts |= {"emergency": granted.id, "emergency_until": format_moment(granted.not_after)}
        return Answer(facts | answered, loaded.digest, granted.id, in_emergency=True)
    facts["approval"] = loaded.approval.id
    return Answer(facts | answered, loaded.digest, loaded.approval.id)


def _digest(value: object) -> str:
    return f"sha256:{sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()}"


def _record(
    asked: Asked,
    routed: Routed,
    identity: str,
    at: datetime,
    payload: object,
    answered: dict[str, Any],
    rows: int,
    spent_ns: int,
) -> bytes:
    loaded = routed.opened
    entry = {
        "id": identity,
        "at": format_moment(at),
        "model": str(loaded.model_id),
        "number": loaded.number,
        "version_digest": loaded.digest,
        "alias": asked.alias if asked.number is None else None,
        "user": str(asked.user.user),
        "person": str(asked.user.person),
        "request": asked.request_id,
        "rows": rows,
        "run_us": spent_ns // 1000,
        "input": payload,
        "input_digest": _digest(payload),
        "output": answered["predictions"],
        "output_digest": _digest(answered["predictions"]),
    }
    if isinstance(loaded, InEmergency):
        entry["emergency"] = loaded.emergency.id
    else:
        entry["approval"] = loaded.approval.id
    if loaded.environment:
        entry["environment"] = loaded.environment
    if routed.consumer:
        entry["consumer"] = routed.consumer
    if asked.number is None:
        entry["share"] = routed.share
    return orjson.dumps(entry, option=orjson.OPT_SORT_KEYS)
