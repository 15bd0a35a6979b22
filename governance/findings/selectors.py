"""Reads of findings: of a version, of the caller's teams, of an approval."""

import json
from base64 import b64decode
from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db.models import F, Prefetch, Q, QuerySet
from django.utils import timezone

from accounts.callers import Caller
from accounts.models import Person
from common.errors import Invalid, NotFound
from governance.findings.models import FindingAmendment
from governance.findings.policies import OWNERS, REVIEWERS
from governance.findings.records import STATES, not_closed, today, with_states
from governance.models import Approval, Finding, FindingEffect, FindingMove, Move
from governance.policy.validity import in_force
from registry import policies as registry_policies
from registry.models import ModelVersion
from trust.errors import Malformed
from trust.fields import as_object, read_object
from trust.findings import read_annex
from trust.strict_json import parse_strict


def _whole(rows: QuerySet[Finding]) -> QuerySet[Finding]:
    moves = FindingMove.objects.select_related("person").order_by("position")
    amendments = FindingAmendment.objects.select_related("person", "owner", "was_owner")
    return (
        with_states(rows)
        .select_related("version__model", "owner", "person")
        .defer("version__manifest")
        .prefetch_related(
            Prefetch("moves", moves.prefetch_related("attachments")),
            Prefetch("amendments", amendments.order_by("position")),
            "attachments",
        )
    )


def findings_of(version: ModelVersion) -> QuerySet[Finding]:
    """Every finding about a version, newest first, with its moves."""
    return _whole(Finding.objects.filter(version=version)).order_by("-at", "pk")


def findings_seen_by(caller: Caller) -> QuerySet[Finding]:
    """Findings about versions whose evidence the caller reads, newest first, with their moves."""
    teams = caller.teams_with(*registry_policies.READERS)
    return _whole(Finding.objects.filter(version__model__team_id__in=teams)).order_by("-at", "pk")


def finding_by_id(caller: Caller, finding_id: UUID) -> Finding:
    """A finding that the caller may see. Raises NotFound."""
    finding = findings_seen_by(caller).filter(pk=finding_id).first()
    if finding is None:
        raise NotFound("There is no such finding that you may see.")
    return finding


def in_state(rows: QuerySet[Finding], state: str) -> QuerySet[Finding]:
    """Those in a state, or `overdue`. Raises Invalid."""
    if state == "overdue":
        return not_closed(rows).filter(Q(due__lt=today()))
    if state not in STATES:
        raise Invalid("The state is open, answered, closed or overdue.", field="state")
    if state == STATES[0]:
        return rows.filter(Q(last=None) | Q(last=Move.REOPENED))
    return rows.filter(Q(last=state))


def waiting_for(caller: Caller) -> QuerySet[Finding]:
    """What the person is to answer, and the answers that he is to judge; what is due first."""
    own = Q(answers=caller.person_id) & (Q(last=None) | Q(last=Move.REOPENED))
    judged = caller.teams_with(*REVIEWERS)
    to_judge = Q(person=caller.person_id) & Q(last=Move.ANSWERED)
    to_judge &= Q(version__model__team_id__in=judged)
    return findings_seen_by(caller).filter(own | to_judge).order_by(F("due"), "pk")


def overdue_seen_by(caller: Caller) -> QuerySet[Finding]:
    """What is not closed though its day has passed, the longest first."""
    return in_state(findings_seen_by(caller), "overdue").order_by(F("due"), "pk")


def possible_owners(team: UUID) -> QuerySet[Person]:
    """Active persons of the team who read its evidence, by name."""
    rows = Person.objects.filter(memberships__team=team, memberships__role__in=OWNERS)
    return rows.filter(is_active=True).distinct().order_by("name")


def owner_named(team: UUID, username: str) -> UUID:
    """The person behind a login who may own findings of the team. Raises Invalid."""
    rows = possible_owners(team).filter(logins__username__iexact=username)
    found = rows.values_list("pk", flat=True).first()
    if found is None:
        raise Invalid(
            "No person of the owner team who reads its evidence has this login.", field="owner"
        )
    return found


def conditions_named(approval: Approval) -> list[dict[str, str]]:
    """{"digest", "due_on"} and, of one that was amended before, "amendment": the conditions that
    an approval's envelope names."""
    try:
        envelope = json.loads(bytes(approval.envelope))
        payload = as_object(parse_strict(b64decode(envelope["payload"])), "the statement")
        annex = read_annex(read_object(payload, "predicate"))
    except (ValueError, LookupError, TypeError, Malformed):
        # Whoever verifies the envelope says what is wrong with it.
        return []
    return [
        {"digest": named.digest, "due_on": named.due_on}
        | ({"amendment": named.amendment} if named.amendment else {})
        for named in annex.conditions
    ]


def day_signed(finding: Finding) -> date | None:
    """The earliest day of the condition that an approval in force was signed with, if one was."""
    if finding.effect != FindingEffect.CONDITION:
        return None
    approvals = in_force(timezone.now()).filter(version=finding.version_id)
    named = [entry for approval in approvals for entry in conditions_named(approval)]
    own = f"sha256:{finding.digest}"
    days = (date.fromisoformat(entry["due_on"]) for entry in named if entry["digest"] == own)
    return min(days, default=None)


def conditions_of(approval: Approval) -> list[Finding]:
    """The findings behind the conditions of an approval, as they stand now."""
    digests = [named["digest"].removeprefix("sha256:") for named in conditions_named(approval)]
    if not digests:
        return []
    return list(_whole(Finding.objects.filter(digest__in=digests)).order_by(F("due"), "number"))


def of_versions(versions: Iterable[UUID]) -> QuerySet[Finding]:
    """What is not closed of these versions, with its moves, what is due first."""
    rows = not_closed(with_states(Finding.objects.filter(version__in=versions)))
    return _whole(rows).order_by(F("due"), "number")
