"""The job that writes to everybody for whom something new waits."""

from datetime import datetime
from smtplib import (
    SMTPDataError,
    SMTPException,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
)
from uuid import UUID

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.callers import caller_for
from accounts.models import Person, User
from common.errors import Unavailable
from governance.waiting.lines import Line, lines_for
from governance.waiting.models import Mailing
from governance.waiting.services import note_told
from web.mailing.composing import letter
from worker.jobs import JobContext, finish

VIA = "mail"
# Trouble with one letter, whatever the others are: an address or a text that the server does not
# take, or (ValueError) that cannot be written in a letter's head.
_OF_ONE = (SMTPRecipientsRefused, SMTPDataError, SMTPNotSupportedError, ValueError)


def run_mailing(context: JobContext) -> None:
    """Write to each person once, however often the job is tried. Raises Unavailable."""
    people = list(_addressed().values_list("pk", flat=True))
    connection = get_connection()
    try:
        connection.open()
        for done, person_id in enumerate(people):
            context.progress(stage="writing", done=done, total=len(people))
            try:
                tell(person_id, connection, timezone.now())
            except _OF_ONE as error:
                context.log(f"Nothing was sent to {person_id}: {error}", "warning")
        connection.close()
    except (SMTPException, OSError) as error:
        raise Unavailable(f"The mail server took no mail: {error}") from error
    with transaction.atomic():
        finish(job_id=context.job_id, token=context.token)


def _addressed() -> "QuerySet[Person, Person]":
    """Active persons with an address and a way in."""
    rows = Person.objects.filter(is_active=True, logins__is_active=True).exclude(email="")
    return rows.distinct().order_by("pk")


@transaction.atomic
def tell(person_id: UUID, connection: BaseEmailBackend, now: datetime) -> bool:
    """Send what waits for a person if some of it is new; whether a mail went out.

    The note that it did is kept with it, so only a crash between both can repeat a mail.
    Raises SMTPException, OSError.
    """
    person = Person.objects.get(pk=person_id)
    mailing, _made = Mailing.objects.select_for_update().get_or_create(person=person)
    lines = _lines(person, now)
    if not mailing.wanted or not {line.key for line in lines} - set(mailing.told):
        return False
    connection.send_messages([letter(mailing, lines, connection)])
    note_told(mailing, lines, now)
    return True


def _lines(person: Person, now: datetime) -> list[Line]:
    """As the person would see them at whichever of his logins sees most."""
    login = User.objects.filter(person=person, is_active=True).order_by("-is_admin", "pk").first()
    return lines_for(caller_for(login, via=VIA), now) if login else []
