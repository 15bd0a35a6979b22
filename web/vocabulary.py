"""The state of a version as a badge says it, and the words of layers that know no languages."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from governance.approvals.answering import Answer, Challenging, answers_of
from registry.models import ModelVersion, RegisteredModel, Status


def answer_state(answer: Answer | Challenging) -> str:
    """The key of an alias's badge: live, stale, or what its version is not served for."""
    if not answer.served:
        return f"not_served_{answer.state}"
    return "stale" if answer.stale_until else "live"


def answers_by_version(model: RegisteredModel) -> dict[UUID, str]:
    """The badge's key of each version that an alias of the model points at."""
    return states_by_version(answers_of([model], now=timezone.now())[model.pk])


def states_by_version(answers: Iterable[Answer]) -> dict[UUID, str]:
    """The same of answers that are known, and of the challengers beside them."""
    answers = list(answers)
    found: dict[UUID, str] = {}
    for answer in answers:
        if answer.challenger:
            found[answer.challenger.version.pk] = answer_state(answer.challenger)
    return found | {answer.alias.version_id: answer_state(answer) for answer in answers}


def state_of(version: ModelVersion, answering: Mapping[UUID, str]) -> str:
    """The key of the badge; what an alias points at is live only if the gate would serve it."""
    if version.status == Status.QUORUM:
        return "quorum_reached"
    if version.status == Status.APPROVED:
        return answering.get(version.pk, Status.APPROVED.value)
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
    gettext_noop("chose its criteria"),
    gettext_noop("chose its evaluation"),
    gettext_noop("chose its explanation"),
    gettext_noop("edited its card"),
)


def spoken(word: str) -> str:
    """A word of METRICS or HANDS in the reader's language."""
    return gettext(word)
