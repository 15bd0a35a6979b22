"""Prediction records without a model."""

import uuid
from datetime import UTC, datetime
from typing import Any

from trust.times import format_moment

MODEL_ID = "0b1d6c06-55f4-4c2f-8f57-8a3e6a5c0c11"


def entry() -> dict[str, Any]:
    """A record as the predict path writes it."""
    return {
        "id": str(uuid.uuid4()),
        "at": format_moment(datetime.now(UTC)),
        "model": MODEL_ID,
        "number": 1,
        "version_digest": "sha256:" + "ab" * 32,
        "approval": MODEL_ID,
        "user": MODEL_ID,
        "rows": 1,
    }
