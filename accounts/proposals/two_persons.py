"""What was really done by two persons, derived from the log and the documents it names.

No column is believed: the log's own bytes must tell that one person opened the proposal with the
document's digest and that another one confirmed it, and the document must say what was done. What
the log told of before two persons were needed stands (`TwoPersonsSince`).
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from hashlib import sha256
from typing import Any
from uuid import UUID

from accounts.models import Membership, Proposal, TwoPersonsSince
from accounts.roles import GIVEN_BY_TWO
from audit.actions import Action
from audit.models import AuditEvent
from trust.bundle_seal import LogEvent, parse_event
from trust.errors import TrustError

Documents = dict[str, dict[str, Any]]


def last_event_before() -> int:
    """The last event of the log before two persons were needed; 0 if there was none."""
    since = TwoPersonsSince.objects.first()
    return since.last_event if since else 0


def confirmed_documents(proposals: Iterable[Proposal]) -> Documents:
    """Of these, by `sha256:<hex>`, the documents that one person opened and another confirmed."""
    rows = {str(proposal.pk): proposal for proposal in proposals}
    if not rows:
        return {}
    told = AuditEvent.objects.filter(
        action__in=(Action.PROPOSAL_OPENED.value, Action.PROPOSAL_CONFIRMED.value),
        subject_type="proposal",
        subject_id__in=rows,
    ).order_by("pk")
    events: dict[str, list[LogEvent]] = defaultdict(list)
    for subject, leaf in told.values_list("subject_id", "leaf"):
        events[subject].append(parse_event(bytes(leaf)))
    found = {}
    for key, proposal in rows.items():
        body = bytes(proposal.document)
        digest = f"sha256:{sha256(body).hexdigest()}"
        if _by_two(events[key], digest):
            found[digest] = json.loads(body)
    return found


def _by_two(events: Iterable[LogEvent], digest: str) -> bool:
    opened: set[object] = set()
    for event in events:
        if event.person is None or event.payload.get("digest") != digest:
            continue
        if event.action == Action.PROPOSAL_OPENED:
            opened.add(event.person)
        elif event.action == Action.PROPOSAL_CONFIRMED and opened - {event.person}:
            return True
    return False


def gives_role(document: dict[str, Any] | None, *, person: str, team: str, role: str) -> bool:
    """Whether the document of a proposal says to give this role to this person."""
    if document is None or document.get("kind") != "roles":
        return False
    details = document["details"]
    return details["team"] == team and {"person": person, "role": role} in details["grants"]


def granted_alone(events: Iterable[AuditEvent]) -> set[int]:
    """Of events that gave roles, the keys of those that gave without two persons who had to be."""
    before = last_event_before()
    late = [
        event
        for event in events
        if event.action == Action.ROLE_GRANTED
        and event.pk > before
        and _by_two_now(str(event.payload.get("role")))
    ]
    digests = {str(event.payload.get("proposal")).removeprefix("sha256:") for event in late}
    documents = _readable(Proposal.objects.filter(digest__in=digests)) if digests else {}
    return {event.pk for event in late if not _gave(event, documents)}


def _gave(event: AuditEvent, documents: Documents) -> bool:
    return gives_role(
        documents.get(str(event.payload.get("proposal"))),
        person=event.subject_id,
        team=str(event.payload.get("team")),
        role=str(event.payload.get("role")),
    )


def standing_roles(team: UUID, persons: Collection[UUID]) -> dict[UUID, set[str]]:
    """The roles of persons in a team that were given as they must be.

    A role that takes two persons counts if two gave it, or if the log told of it before two were
    needed. At most four queries.
    """
    rows = list(Membership.objects.filter(team=team, person__in=persons).select_related("proposal"))
    documents = _readable([row.proposal for row in rows if row.proposal is not None])
    before = _told_before(row for row in rows if row.proposal is None and _by_two_now(row.role))
    found: dict[UUID, set[str]] = defaultdict(set)
    for row in rows:
        key = (str(row.person_id), str(row.team_id), row.role)
        document = documents.get(f"sha256:{row.proposal.digest}") if row.proposal else None
        if (
            not _by_two_now(row.role)
            or key in before
            or gives_role(document, person=key[0], team=key[1], role=row.role)
        ):
            found[row.person_id].add(row.role)
    return found


def _readable(proposals: Iterable[Proposal]) -> Documents:
    try:
        return confirmed_documents(proposals)
    except (TrustError, ValueError, LookupError, TypeError):
        return {}


def _by_two_now(role: str) -> bool:
    return role in {one.value for one in GIVEN_BY_TWO}


def _told_before(rows: Iterable[Membership]) -> set[tuple[str, str, str]]:
    """(person, team, role) that the log gave before two persons were needed."""
    persons = {str(row.person_id) for row in rows}
    if not persons:
        return set()
    leaves = AuditEvent.objects.filter(
        pk__lte=last_event_before(),
        action__in=(Action.ROLE_GRANTED.value, Action.ROLE_REMOVED.value),
        subject_type="person",
        subject_id__in=persons,
    ).order_by("pk")
    held: set[tuple[str, str, str]] = set()
    for person, leaf in leaves.values_list("subject_id", "leaf"):
        event = parse_event(bytes(leaf))
        key = (person, str(event.payload.get("team")), str(event.payload.get("role")))
        held = held | {key} if event.action == Action.ROLE_GRANTED else held - {key}
    return held
