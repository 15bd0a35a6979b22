"""A log of its own for each test, and whoever signs it."""

from pathlib import Path

import pytest
from django.db import transaction

from audit.actions import Action
from audit.actors import SYSTEM
from audit.models import AuditEvent
from audit.services import record
from tests.audit.notary import Notary
from tests.servers import Database


@pytest.fixture
def notary(fresh_database: Database, tmp_path: Path) -> Notary:
    """The notary of an empty log."""
    return Notary(fresh_database, tmp_path)


def happen(times: int = 1, *, subject: str = "1", **payload: object) -> list[AuditEvent]:
    """Write so many events, each in a transaction of its own."""
    return [_happen(subject, {"number": number, **payload}) for number in range(times)]


@transaction.atomic
def _happen(subject: str, payload: dict[str, object]) -> AuditEvent:
    return record(
        actor=SYSTEM, action=Action.MODEL_CHANGED, subject=("model", subject), payload=payload
    )
