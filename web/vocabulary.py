"""The state of a version as a badge says it, and the words of layers that know no languages."""

from django.utils.translation import gettext, gettext_noop

from registry.models import ModelVersion, Status


def state_of(version: ModelVersion) -> str:
    """The key of the badge: an approved version that an alias points at is live."""
    if version.status == Status.QUORUM:
        return "quorum_reached"
    if version.status == Status.APPROVED and version.aliases.all():
        return "live"
    return str(version.status)


METRICS = (
    gettext_noop("Accuracy"),
    gettext_noop("Precision"),
    gettext_noop("Precision, macro"),
    gettext_noop("Precision, micro"),
    gettext_noop("Precision, weighted"),
    gettext_noop("Recall"),
    gettext_noop("Recall, macro"),
    gettext_noop("Recall, micro"),
    gettext_noop("Recall, weighted"),
    gettext_noop("F1"),
    gettext_noop("F1, macro"),
    gettext_noop("F1, micro"),
    gettext_noop("F1, weighted"),
    gettext_noop("ROC AUC"),
    gettext_noop("Log loss"),
    gettext_noop("Brier score"),
    gettext_noop("Expected calibration error"),
    gettext_noop("Mean squared error"),
    gettext_noop("Mean absolute error"),
    gettext_noop("R²"),
)
HANDS = (
    gettext_noop("uploaded it"),
    gettext_noop("asked for its training"),
    gettext_noop("asked for its compression"),
    gettext_noop("chose its evaluation"),
    gettext_noop("chose its explanation"),
    gettext_noop("edited its card"),
)


def spoken(word: str) -> str:
    """A word of METRICS or HANDS in the reader's language."""
    return gettext(word)
