"""The notary's look at an emergency that two persons confirmed, and its signature.

It trusts no row: the persons come from the log's own bytes and the document whose digest these
name; policy, contributors, roles and the stored bytes are looked at again.
"""

import json
import logging
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from accounts.models import Person
from accounts.proposals.two_persons import standing_roles
from accounts.roles import Role
from audit.actions import Action
from audit.actors import SYSTEM
from audit.models import AuditEvent
from audit.services import record
from common.errors import DomainError
from governance.emergencies.selectors import grants, in_force
from governance.models import EmergencyAttestation, EmergencyCause, EmergencyEnd, EmergencyGrant
from governance.notary_checks import Refused, check_manifest, check_policy
from governance.selectors import policy_in_force
from registry.models import ModelVersion, Status
from registry.selectors import contributor_ids, latest_evidence
from trust.bundle_seal import LogEvent, parse_event
from trust.emergency import Emergency
from trust.emergency_issuing import sign_emergency
from trust.emergency_records import two_who_agreed, wrong_with_emergency
from trust.errors import TrustError
from trust.fields import as_object, read_count, read_object, read_text
from trust.keys import SigningKey
from trust.strict_json import parse_strict

log = logging.getLogger("assay.notary")


def sign_waiting_emergencies(key: SigningKey) -> int:
    """One round over the grants without an attestation; returns those signed."""
    waiting = EmergencyGrant.objects.filter(attestation=None, end=None)
    made = 0
    for grant_id in list(waiting.order_by("at", "pk").values_list("pk", flat=True)):
        try:
            made += _decide(grant_id, key)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            # Rows that no program can read must stop neither the other grants nor the log.
            log.exception("Emergency grant %s cannot be decided upon; tried again.", grant_id)
    return made


@transaction.atomic
def _decide(grant_id: UUID, key: SigningKey) -> int:
    version_id = EmergencyGrant.objects.values_list("version_id", flat=True).get(pk=grant_id)
    ModelVersion.objects.select_for_update(no_key=True).get(pk=version_id)
    grant = grants().get(pk=grant_id)
    if hasattr(grant, "end") or hasattr(grant, "attestation"):
        return 0
    try:
        said = _re_derive(grant)
    except (Refused, DomainError) as refusal:
        _refuse(grant, str(refusal))
        return 0
    except OSError:
        log.exception("The files of emergency grant %s cannot be read; tried again.", grant_id)
        return 0
    except (TrustError, ValueError, TypeError, LookupError, AttributeError):
        log.exception("The records of emergency grant %s are malformed.", grant_id)
        _refuse(grant, "The records of this grant cannot be read.")
        return 0
    _attest(grant, said, key)
    return 1


def _re_derive(grant: EmergencyGrant) -> Emergency:
    body = bytes(grant.proposal.document)
    digest, now = f"sha256:{sha256(body).hexdigest()}", timezone.now()
    proposal = as_object(parse_strict(body), "the proposal")
    steps = steps_of(grant, digest)
    agreed = two_who_agreed(steps)
    if agreed is None:
        raise Refused("The log tells of no two persons who agreed to it with a second factor.")
    check_policy(grant.policy)
    check_manifest(grant.version)
    details, version = read_object(proposal, "details"), grant.version
    until = min(agreed.at, now) + timedelta(hours=read_count(details, "hours"))
    manifest = json.loads(bytes(version.manifest))
    golden = latest_evidence(version, "golden")
    said = Emergency(
        id=str(grant.pk),
        subject_name=f"{version.model.name}/{version.number}",
        version_digest=f"sha256:{version.digest}",
        proposal_digest=digest,
        policy_digest=f"sha256:{grant.policy.digest}",
        persons=(agreed.proposer, agreed.confirmer),
        contributors=tuple(sorted(str(person) for person in contributor_ids(version))),
        artifacts=tuple(manifest["artifacts"]),
        golden_digest=f"sha256:{golden.digest}" if golden else None,
        alias=grant.alias,
        environment=settings.ENVIRONMENT,
        reason=read_text(proposal, "reason"),
        issued_at=now,
        not_after=until,
    )
    policy = as_object(parse_strict(bytes(grant.policy.body)), "the policy")
    for problem in wrong_with_emergency(said, proposal, policy, steps):
        raise Refused(f"Not granted: {problem}.")
    _check_now(grant, said, now)
    return said


def steps_of(grant: EmergencyGrant, digest: str) -> list[LogEvent]:
    """What the log's own bytes tell of the proposal's document with this digest."""
    told = AuditEvent.objects.filter(
        action__in=(Action.PROPOSAL_OPENED.value, Action.PROPOSAL_CONFIRMED.value),
        subject_type="proposal",
        subject_id=str(grant.proposal_id),
    ).order_by("pk")
    events = [parse_event(bytes(leaf)) for leaf in told.values_list("leaf", flat=True)]
    return [event for event in events if event.payload.get("digest") == digest]


def _check_now(grant: EmergencyGrant, said: Emergency, now: datetime) -> None:
    version, team = grant.version, grant.version.model.team_id
    if said.not_after <= now:
        raise Refused("Its time is over.")
    if version.status in (Status.QUARANTINED, Status.RETIRED, Status.REJECTED):
        raise Refused(f"The version is {version.get_status_display()}.")
    others = in_force(now).filter(version__model=version.model_id, alias=grant.alias)
    if others.exists():
        raise Refused("Another grant for this alias is in force already.")
    newest = policy_in_force(version.model.risk_tier, team)
    if newest is None or newest.pk != grant.policy_id:
        raise Refused("Another policy is in force.")
    persons = [UUID(person) for person in said.persons]
    roles = standing_roles(team, persons)
    if Person.objects.filter(pk__in=persons, is_active=True).count() != 2 or any(
        Role.MANAGER.value not in roles.get(person, set()) for person in persons
    ):
        raise Refused("One of its persons is no manager of the owner team now.")


def _refuse(grant: EmergencyGrant, reason: str) -> None:
    log.warning("Emergency grant %s refused: %s", grant.pk, reason)
    EmergencyEnd.objects.create(
        grant=grant, cause=EmergencyCause.REFUSED, reason=reason, at=timezone.now()
    )
    _tell(grant, Action.EMERGENCY_REFUSED, reason=reason[:500])


def _attest(grant: EmergencyGrant, said: Emergency, key: SigningKey) -> None:
    envelope = sign_emergency(said, key)
    attestation = EmergencyAttestation.objects.create(
        grant=grant,
        envelope=envelope,
        envelope_digest=sha256(envelope).hexdigest(),
        issued_at=said.issued_at,
        not_after=said.not_after,
    )
    _tell(
        grant,
        Action.EMERGENCY_GRANTED,
        envelope_digest=f"sha256:{attestation.envelope_digest}",
        version_digest=said.version_digest,
        proposal_digest=said.proposal_digest,
    )


def _tell(grant: EmergencyGrant, action: Action, **more: str) -> None:
    record(
        actor=SYSTEM,
        action=action,
        subject=("version", grant.version_id),
        payload={"emergency": str(grant.pk), "alias": grant.alias, **more},
        related=[("model", grant.version.model_id), ("proposal", grant.proposal_id)],
    )
