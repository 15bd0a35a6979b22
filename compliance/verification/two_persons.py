"""What takes two persons and was done by fewer, as the log tells it."""

from collections.abc import Iterator
from typing import Any

from accounts.models import Membership, Proposal, Team, TwoPersonsSince
from accounts.oidc.identities import identity_digest
from accounts.proposals.two_persons import confirmed_documents, last_event_before, standing_roles
from accounts.roles import GIVEN_BY_TWO
from audit.actions import Action
from audit.findings import Finding
from audit.models import AuditEvent
from compliance.verification.sql import Claim, facts, told_by
from governance.models import PolicyVersion
from governance.policy.backing import published_by_two
from trust.errors import TrustError

CLAIMS = (
    Claim(
        "proposal",
        facts(
            "id, kind, 'sha256:' || digest, proposer_id, opened_by_id",
            "opened_at",
            "accounts_proposal",
        ),
        told_by(
            "proposal.opened", "subject_id, payload->'kind', payload->'digest', person_id, user_id"
        ),
    ),
    Claim(
        "decision of a proposal",
        facts(
            "id, state, 'sha256:' || digest, decider_id, decided_by_id, decided_method",
            "decided_at",
            "accounts_proposal WHERE state <> 'open' OR decided_method <> '' "
            "OR coalesce(decided_by_id, decider_id) IS NOT NULL",
        ),
        facts(
            "subject_id, substr(action, 10), payload->'digest', person_id, user_id, "
            "coalesce(payload->>'method', '')",
            "occurred_at",
            "audit_auditevent WHERE action IN ('proposal.confirmed', 'proposal.declined', "
            "'proposal.withdrawn', 'proposal.lapsed')",
        ),
    ),
)
_ALONE = "no two persons did this: the log tells of no proposal by one and confirmation by another."


def two_persons() -> Iterator[Finding]:
    """Roles, policies, administrators, accounts, ways in and resets of second factors that lack the
    second person."""
    yield from _beginning()
    yield from _roles()
    yield from _policies()
    yield from _logins()


def _beginning() -> Iterator[Finding]:
    """One row says from where on, and the first proposal came later."""
    rows = list(TwoPersonsSince.objects.order_by("pk").values_list("pk", flat=True))
    if rows != [1]:
        why = f"the rows {rows} say from which event on two persons are needed, and 1 alone must."
        yield Finding("two persons", "since", why)
    first = AuditEvent.objects.filter(action=Action.PROPOSAL_OPENED.value).order_by("pk").first()
    if first is not None and first.pk <= last_event_before():
        why = "it is from before the event up to which one person was enough."
        yield Finding("event", str(first.uuid), why)


def _roles() -> Iterator[Finding]:
    for team in Team.objects.order_by("slug"):
        rows = list(Membership.objects.filter(team=team, role__in=GIVEN_BY_TWO).order_by("pk"))
        standing = standing_roles(team.pk, {row.person_id for row in rows})
        for row in rows:
            if row.role not in standing.get(row.person_id, set()):
                key = f"{row.role} of {row.person_id} in {team.pk}"
                yield Finding("role", key, _ALONE)


def _policies() -> Iterator[Finding]:
    rows = PolicyVersion.objects.select_related("proposal").order_by("published_at", "pk")
    for row in rows.iterator(chunk_size=100):
        try:
            backed = published_by_two(row)
        except (TrustError, ValueError, LookupError, TypeError):
            backed = False
        if not backed:
            yield Finding("policy", str(row.pk), _ALONE)


def _logins() -> Iterator[Finding]:
    """Second factors that were taken, accounts that were bound, ways in, logins that were opened
    again, administrators that were made, bytes that were deleted, rules of retention."""
    told = AuditEvent.objects.filter(
        pk__gt=last_event_before(),
        action__in=(
            Action.FACTOR_RESET.value,
            Action.ADMIN_MADE.value,
            Action.IDENTITY_BOUND.value,
            Action.BYTES_DELETED.value,
            Action.RETENTION_CHANGED.value,
            Action.PREDICTIONS_EMPTIED.value,
            Action.WAY_IN_OPENED.value,
            Action.USER_REOPENED.value,
            Action.USER_CREATED.value,
        ),
    ).order_by("pk")
    for event in told.iterator(chunk_size=1000):
        if event.action == Action.USER_CREATED:
            # The operator of the machine makes the first ones; nobody can do it through the pages.
            alone = bool(event.payload.get("is_admin")) and event.person_id is not None
        else:
            alone = not _by_two(event)
        if alone:
            yield Finding("event", str(event.uuid), _ALONE)


_KINDS = {
    Action.FACTOR_RESET.value: (("second_factor_reset",), "person"),
    Action.ADMIN_MADE.value: (("administrator",), "user"),
    Action.IDENTITY_BOUND.value: (("identity",), "person"),
    Action.WAY_IN_OPENED.value: (("password", "reopening"), "user"),
    Action.USER_REOPENED.value: (("reopening",), "user"),
    Action.BYTES_DELETED.value: (("deletion",), "version"),
    Action.RETENTION_CHANGED.value: (("retention",), "rule"),
}


def _by_two(event: AuditEvent) -> bool:
    digest = str(event.payload.get("proposal"))
    rows = Proposal.objects.filter(digest=digest.removeprefix("sha256:"))
    try:
        document: dict[str, Any] | None = confirmed_documents(rows).get(digest)
    except (TrustError, ValueError, LookupError, TypeError):
        return False
    if event.action == Action.PREDICTIONS_EMPTIED:
        named = {name: event.payload.get(name) for name in ("batch", "digest", "count")}
        agreed = document["details"].get("batches", []) if document else []
        return named in agreed and named["batch"] == event.subject_id
    kinds, part = _KINDS[event.action]
    if (event.action, event.subject_type) == (Action.BYTES_DELETED, "dataset"):
        kinds, part = ("dataset_deletion",), "dataset"
    return (
        document is not None
        and document["kind"] in kinds
        and document["details"][part] == event.subject_id
        and _names_the_account(document["details"], event)
        and event.payload.get("files") == document["details"].get("files")
        and event.payload.get("snapshots") == document["details"].get("snapshots")
        and event.payload.get("days") == document["details"].get("days")
    )


def _names_the_account(details: dict[str, Any], event: AuditEvent) -> bool:
    if event.action != Action.IDENTITY_BOUND:
        return True
    named = identity_digest(details["issuer"], details["subject"])
    return (named, details["user"]) == (event.payload.get("identity"), event.payload.get("user"))
