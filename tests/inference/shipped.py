"""Records on their way: what was acknowledged, and what has arrived."""

import orjson

from inference.models import Prediction
from inference.segments import SegmentWriter
from tests.inference.records import entry


def written(writer: SegmentWriter, count: int) -> list[str]:
    """Ids of acknowledged records."""
    records = [entry() for _ in range(count)]
    for record in records:
        writer.append(orjson.dumps(record))
    return [str(record["id"]) for record in records]


def in_database() -> list[str]:
    """Ids of shipped records, sorted."""
    return sorted(str(key) for key in Prediction.objects.values_list("pk", flat=True))
