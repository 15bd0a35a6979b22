"""The rows of a dataset snapshot, verified, with the target in the order of a model's classes."""

from collections.abc import Sequence

from django.conf import settings

from common.errors import Invalid
from registry.blobs import read_verified
from registry.models import DatasetSnapshot
from registry.tables import reading
from registry.tables.schema import REGRESSION, Table


def read_rows(dataset: DatasetSnapshot) -> Table:
    """All rows as they were registered. Raises Corrupt, Missing, Deleted, Invalid."""
    return _load(dataset)


def rows_for(dataset: DatasetSnapshot, classes: Sequence[str] | None) -> Table:
    """All rows, with the target as indexes into a model's `classes`, or as numbers without.

    Raises Invalid for a class that the model does not know; Corrupt, Missing.
    """
    if classes is None:
        return _load(dataset, task=REGRESSION)
    if dataset.schema["classes"] is None:
        raise Invalid("The snapshot has numbers where the model has classes.", field="dataset")
    return _load(dataset, classes=classes)


def _load(
    dataset: DatasetSnapshot, *, classes: Sequence[str] | None = None, task: str | None = None
) -> Table:
    return reading.load(
        read_verified(dataset.blob_id, dataset.blob.size),
        format=dataset.format,
        schema=dataset.schema,
        max_rows=settings.MAX_DATASET_ROWS,
        classes=classes,
        task=task,
    )
