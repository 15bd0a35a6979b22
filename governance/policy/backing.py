"""Whether a policy in force was published by two persons, derived from the log.

The exceptions are those of before two persons were needed, and the first policy of a tier for every
team, which the instance itself brings.
"""

from typing import Any

from accounts.proposals.two_persons import confirmed_documents, last_event_before
from audit.actions import Action
from audit.models import AuditEvent
from governance.models import PolicyVersion
from trust.bundle_seal import parse_event


def published_by_two(policy: PolicyVersion) -> bool:
    """Whether it was, or needed not to be. Raises TrustError, ValueError for records unreadable."""
    proposal = policy.proposal
    if proposal is not None:
        document = confirmed_documents([proposal]).get(f"sha256:{proposal.digest}")
        return document is not None and _says(document, policy)
    events = AuditEvent.objects.filter(
        action=Action.POLICY_PUBLISHED.value, subject_type="policy", subject_id=str(policy.pk)
    ).order_by("pk")
    event = events.first()
    if event is None:
        return False
    if event.pk <= last_event_before():
        return True
    return parse_event(bytes(event.leaf)).person is None and _is_first(policy)


def _says(document: dict[str, Any], policy: PolicyVersion) -> bool:
    wanted = f"sha256:{policy.digest}"
    return bool(document["kind"] == "policy" and document["details"]["digest"] == wanted)


def _is_first(policy: PolicyVersion) -> bool:
    """Whether nothing was published for every team of this tier before."""
    if policy.team_id is not None or policy.published_by_id is not None:
        return False
    others = PolicyVersion.objects.filter(tier=policy.tier, team=None).exclude(pk=policy.pk)
    return not others.filter(published_at__lte=policy.published_at).exists()
