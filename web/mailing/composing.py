"""The text of a mail: names of models, days and links; nobody's words, no figures."""

from collections.abc import Sequence
from itertools import groupby
from urllib.parse import urlencode

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, ngettext

from governance.waiting.lines import Line
from governance.waiting.models import Mailing

HEADINGS: dict[str, Promise] = {
    "review": gettext_lazy("Reviews for you to sign"),
    "proposal": gettext_lazy("Proposals for you to decide"),
    "emergency": gettext_lazy("Emergency grants to review"),
    "finding": gettext_lazy("Findings for you"),
    "revalidation": gettext_lazy("Models of yours to be validated again"),
    "ending": gettext_lazy("Approvals that end soon"),
    "change": gettext_lazy("Inputs or outputs that changed"),
    "deletion": gettext_lazy("Due for deletion"),
}


def letter(mailing: Mailing, lines: Sequence[Line], connection: BaseEmailBackend) -> EmailMessage:
    """The mail about these lines, in the person's language."""
    with translation.override(mailing.language):
        subject = ngettext(
            "Assay: %(n)s thing waits for you", "Assay: %(n)s things wait for you", len(lines)
        ) % {"n": len(lines)}
        context = {
            "name": mailing.person.name,
            "groups": [
                (HEADINGS[kind], [(line, _address(line)) for line in rows])
                for kind, rows in groupby(lines, key=lambda line: line.kind)
            ],
            "home": _url("web:home"),
            "settings": _url("web:access"),
        }
        text = render_to_string("mail/waiting.txt", context)
    return EmailMessage(
        subject,
        text,
        to=[mailing.person.email],
        headers={"Auto-Submitted": "auto-generated"},
        connection=connection,
    )


def _address(line: Line) -> str:
    if line.kind in ("review", "proposal", "finding"):
        return _url(f"web:{line.kind}", line.id)
    if line.kind == "emergency":
        return _url("web:proposal", line.id)
    if line.kind == "revalidation":
        return _url("web:model", line.id)
    if line.kind == "deletion":
        return f"{_url('web:retention-due')}?{urlencode({'team': line.id})}"
    return _url("web:home")


def _url(name: str, *args: object) -> str:
    return settings.PUBLIC_URL.rstrip("/") + reverse(name, args=args)
