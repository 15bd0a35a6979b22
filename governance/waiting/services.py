"""The verbs of mail: choose it, and note what was told."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts import policies
from accounts.callers import Caller
from accounts.models import Person
from audit.actions import Action
from audit.actors import SYSTEM
from audit.services import record
from common.errors import Invalid
from governance.waiting.lines import Line
from governance.waiting.models import Mailing


def mailing_of(person: Person) -> Mailing:
    """What the person chose; the default where he did not."""
    return Mailing.objects.filter(person=person).first() or Mailing(person=person)


@transaction.atomic
def choose_mailing(*, caller: Caller, wanted: bool, language: str) -> Mailing:
    """Say whether one wants a mail on days on which something new waits, and in which language.

    Raises NotAllowed, Invalid.
    """
    policies.may_change_profile(caller).enforce()
    if language not in dict(settings.LANGUAGES):
        known = ", ".join(code for code, _name in settings.LANGUAGES)
        raise Invalid(f"This is one of {known}.", field="language")
    row, _made = Mailing.objects.update_or_create(
        person=caller.user.person, defaults={"wanted": wanted, "language": language}
    )
    record(
        actor=caller.actor,
        action=Action.MAILING_CHOSEN,
        subject=("person", caller.person_id),
        payload={"wanted": wanted, "language": language},
    )
    return row


def note_told(mailing: Mailing, lines: Sequence[Line], now: datetime) -> None:
    """Keep what the mail that was just handed over told, in the caller's transaction.

    The log says how many of each kind; it proves that the person could know.
    """
    mailing.told = sorted(line.key for line in lines)
    mailing.told_at = now
    mailing.save()
    counts: dict[str, int] = {}
    for line in lines:
        counts[line.kind] = counts.get(line.kind, 0) + 1
    record(
        actor=SYSTEM,
        action=Action.PERSON_MAILED,
        subject=("person", mailing.person_id),
        payload={"waiting": counts, "late": sum(line.late for line in lines)},
    )
