"""What the notary looks at again before it signs anything: the policy and the stored bytes."""

import json
from hashlib import sha256

from audit.actions import Action
from audit.models import AuditEvent
from governance.models import PolicyVersion, Review
from governance.policy.backing import published_by_two
from registry.blobs import read_verified
from registry.models import Evidence, ModelVersion
from registry.selectors import contributor_ids
from trust.bundle_seal import parse_event
from trust.fields import JsonObject, as_object, read_objects
from trust.strict_json import parse_strict
from trust.validations import VALIDATION, wrong_with_validation


class Refused(Exception):
    """Why the notary does not sign."""


def check_policy(policy: PolicyVersion) -> None:
    """Bytes, document and the two persons who published it. Raises Refused."""
    body = bytes(policy.body)
    if sha256(body).hexdigest() != policy.digest:
        raise Refused("The policy's bytes are not those of its digest.")
    said = json.loads(body)
    if {key: said.get(key) for key in policy.document} != policy.document:
        raise Refused("The policy's document is not that of its digest.")
    if not published_by_two(policy):
        raise Refused("The log does not tell of two persons who published the policy.")


def check_manifest(version: ModelVersion) -> None:
    """Manifest and stored bytes against their digests. Raises Refused, DomainError, OSError."""
    body = bytes(version.manifest)
    if sha256(body).hexdigest() != version.digest:
        raise Refused("The manifest's bytes are not those of the version digest.")
    for artifact in json.loads(body)["artifacts"]:
        read_verified(artifact["sha256"].removeprefix("sha256:"), artifact["size"])


def check_validation(review: Review, statement: JsonObject) -> None:
    """The report that the statement names is by somebody without a hand in the version, and in the
    log. Raises Refused, Malformed."""
    named = [e["digest"] for e in read_objects(statement, "evidence") if e["kind"] == VALIDATION]
    if not named:
        return
    digest = str(named[0])
    told = AuditEvent.objects.filter(
        action=Action.VALIDATION_FINISHED.value,
        subject_type="review",
        subject_id__in=[str(pk) for pk in review.version.reviews.values_list("pk", flat=True)],
    )
    events = [parse_event(bytes(leaf)) for leaf in told.values_list("leaf", flat=True)]
    finished = {str(event.payload.get("validation")): event.person for event in events}
    row = Evidence.objects.get(version=review.version_id, digest=digest.removeprefix("sha256:"))
    report = as_object(parse_strict(bytes(row.body)), "the validation report")
    now = [str(person) for person in contributor_ids(review.version)]
    for why in wrong_with_validation(report, digest, {**statement, "contributors": now}, finished):
        raise Refused(f"Of the validation report: {why}.")
