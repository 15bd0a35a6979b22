"""Reading a version's bytes, verified; bytes that do not match quarantine the version."""

from django.db import transaction

from audit.actions import Action
from audit.actors import SYSTEM
from audit.services import record
from registry.blobs import Corrupt, Missing, read_verified
from registry.models import Artifact, ModelVersion, Status
from registry.services import model_file, quarantine


def model_bytes(version: ModelVersion) -> bytes:
    """The bytes of the model file, hashed now.

    Raises Corrupt or Missing; then the version is quarantined and the log says so.
    """
    return artifact_bytes(version, model_file(version))


def artifact_bytes(version: ModelVersion, artifact: Artifact) -> bytes:
    """The bytes of one artifact, hashed now. Raises as `model_bytes`."""
    try:
        return read_verified(artifact.blob_id, artifact.size)
    except (Corrupt, Missing) as error:
        note_corruption(version, artifact, error.reason)
        raise


@transaction.atomic
def note_corruption(version: ModelVersion, artifact: Artifact, reason: str) -> None:
    """Quarantine a version whose stored bytes are not those of the digest, and say so once."""
    version.refresh_from_db(fields=["status"])
    if version.status == Status.QUARANTINED:
        return
    record(
        actor=SYSTEM,
        action=Action.ARTIFACT_CORRUPT,
        subject=("version", version.pk),
        payload={"artifact": f"sha256:{artifact.blob_id}", "reason": reason[:500]},
        related=[("model", version.model_id)],
    )
    quarantine(version=version, reason=reason)
