"""The canonical manifest of a version; its SHA-256 is the version digest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from trust.canonical import canonical

MODEL, SIDECAR, WEIGHTS, TOKENIZER = "model", "sidecar", "weights", "tokenizer"
ROLES = (MODEL, WEIGHTS, TOKENIZER, SIDECAR)


@dataclass(frozen=True)
class File:
    """One artifact: its role, display name, hex SHA-256 and size in bytes."""

    role: str
    name: str
    sha256: str
    size: int

    def as_dict(self) -> dict[str, Any]:
        """The artifact as it stands in a manifest."""
        return {
            "role": self.role,
            "name": self.name,
            "sha256": f"sha256:{self.sha256}",
            "size": self.size,
        }


def build_manifest(
    *,
    model_id: UUID,
    model_name: str,
    number: int,
    files: Sequence[File],
    signature: Mapping[str, Any] | None,
    lineage: Mapping[str, Any],
) -> tuple[bytes, str]:
    """The manifest's canonical bytes and their hex digest."""
    body = canonical(
        {
            "type": "assay/manifest/1",
            "model": {"id": str(model_id), "name": model_name},
            "number": number,
            "artifacts": [f.as_dict() for f in sorted(files, key=lambda f: (f.role, f.name))],
            "signature": dict(signature) if signature else None,
            "lineage": dict(lineage),
            "threshold": None,
        }
    )
    return body, sha256(body).hexdigest()
