"""Reads of splits."""

from django.db.models import QuerySet

from governance.splits.models import SplitMove
from registry.models import RegisteredModel


def split_history(model: RegisteredModel, alias: str = "") -> QuerySet[SplitMove]:
    """Shares that were given and ended of the model's aliases, or of one, newest first."""
    rows = SplitMove.objects.filter(model=model)
    if alias:
        rows = rows.filter(alias=alias)
    return (
        rows.select_related("holder", "version", "by__person")
        .defer("holder__manifest", "version__manifest")
        .order_by("-at", "-pk")
    )
