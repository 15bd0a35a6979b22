"""What the notary looks at again before it signs anything: the policy and the stored bytes."""

import json
from hashlib import sha256

from governance.models import PolicyVersion
from governance.policy.backing import published_by_two
from registry.blobs import read_verified
from registry.models import ModelVersion


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
