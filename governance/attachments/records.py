"""How the records of findings and answers and the events of comments name attached files."""

from collections.abc import Iterable
from typing import Any

from governance.attachments.models import Attachment


def named(files: Iterable[Attachment]) -> dict[str, Any]:
    """{"attachments": name, digest and size of each, in order}; empty where there is none."""
    rows = sorted(files, key=lambda row: row.position)
    said = [{"name": row.name, "digest": f"sha256:{row.blob_id}", "size": row.size} for row in rows]
    return {"attachments": said} if said else {}
