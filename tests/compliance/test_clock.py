"""What the clock does by itself: records reach the database, old things go."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.models import IdempotencyKey
from audit.models import AuditEvent
from inference.models import Prediction, PredictionBatch
from inference.segments import SegmentWriter
from tests.compliance.world import World
from worker.kinds import periodic, resolve
from worker.rounds import Clock


@pytest.mark.parametrize("call", periodic(), ids=lambda call: call.name)
def test_each_periodic_call_exists_and_needs_nothing(call: object, world: World) -> None:
    resolve(getattr(call, "call", ""))()


def test_a_round_of_the_clock_brings_sealed_records_into_the_database_and_the_log(
    world: World,
) -> None:
    version = world.version(world.model("loans"), b"loans")
    world.approve(version)
    writer = SegmentWriter(settings.SEGMENT_DIR, sync_ms=0)
    writer.append(world.record(version))
    writer.close()
    assert Clock().round()
    connection.close()
    assert Prediction.objects.count() == 1
    sealed = AuditEvent.objects.get(action="predictions.sealed")
    assert sealed.payload["digest"] == f"sha256:{PredictionBatch.objects.get().digest}"
    assert list(settings.SEGMENT_DIR.iterdir()) == []


def test_replies_kept_for_repeated_requests_go_after_a_week(world: World) -> None:
    for key, days in (("old-request", 8), ("young-request", 6)):
        row = IdempotencyKey.objects.create(
            user=world.users["ada"], key=key, request_digest="", status=201
        )
        made = timezone.now() - timedelta(days=days)
        IdempotencyKey.objects.filter(pk=row.pk).update(created_at=made)
    resolve("accounts.upkeep:forget_old_replies")()
    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["young-request"]
