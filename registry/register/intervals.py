"""How long a validation lasts, by the tier of the model."""

from calendar import monthrange
from datetime import date

from django.conf import settings


def months_of(risk_tier: str) -> int:
    """Months from one validation of such a model to the next."""
    months: int = settings.REVALIDATION_MONTHS[risk_tier]
    return months


def next_day(risk_tier: str, validated_on: date) -> date:
    """The day on which the interval ends; the last of its month where that month is shorter."""
    year, month = divmod(validated_on.year * 12 + validated_on.month - 1 + months_of(risk_tier), 12)
    return date(year, month + 1, min(validated_on.day, monthrange(year, month + 1)[1]))
