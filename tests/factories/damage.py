"""What somebody with the owner's rights, or a shell on the disk, can do to an instance."""

import base64
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from registry.models import ModelVersion
from tests.servers import Database
from tests.stage import Stage
from trust.issuing import sign_approval
from trust.keys import SigningKey

Edit = Callable[[dict[str, Any]], None]


def by_force(database: Database, table: str, statement: str, *values: object) -> None:
    """Runs a statement as the owner, with the triggers of a table switched off."""
    with database.connect("owner") as connection:
        connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
        connection.execute(statement.encode(), values or None)
        connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER".encode())


def flip_a_byte(stage: Stage, version: ModelVersion) -> Path:
    """Damages the stored model of a version; the file."""
    name = version.artifacts.get(role="model").blob_id
    path = stage.folder / "blobs" / name[:2] / name[2:4] / name
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(bytes(body))
    return path


def approved_statement(envelope: bytes) -> dict[str, Any]:
    """The in-toto statement inside an envelope."""
    payload = base64.b64decode(json.loads(envelope)["payload"])
    found: dict[str, Any] = json.loads(payload)
    return found


def reissue(stage: Stage, key: SigningKey, edit: Edit) -> bytes:
    """Puts an edited approval, signed by `key`, in the place of the real one; its envelope."""
    approval = stage.approval
    statement = approved_statement(bytes(approval.envelope))
    edit(statement)
    envelope = sign_approval(statement, key)
    replace_envelope(stage, envelope)
    return envelope


def replace_envelope(stage: Stage, envelope: bytes) -> None:
    """Puts any bytes in the place of the real envelope."""
    by_force(
        stage.database,
        "governance_approval",
        "UPDATE governance_approval SET envelope = %s, envelope_digest = %s WHERE id = %s",
        envelope,
        sha256(envelope).hexdigest(),
        stage.approval.pk,
    )
