"""Database expressions of the log."""

from typing import Any

from django.db.models import BigIntegerField, Func


class CurrentTransaction(Func):
    """The number of the writing transaction; lets the notary find late commits cheaply."""

    template = "(pg_current_xact_id()::text::bigint)"
    arity = 0
    output_field = BigIntegerField()

    def __init__(self, **extra: Any) -> None:
        super().__init__(**extra)
