"""Sources: what the newest finished validation report of the version says."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from accounts.models import Person
from compliance.packs.found import Found, Value, declared
from compliance.packs.subject import Report, Subject
from governance.validating.template import template
from trust.validations import VALIDATION


def _said(subject: Subject, read: Callable[[Mapping[str, Any]], Value]) -> Found | None:
    """A person's word, however independent: declared, with the digest of the whole report."""
    report: Report | None = subject.report(VALIDATION)
    if report is None:
        return None
    person = Person.objects.filter(pk=report.body["person"]).first()
    by = person.name if person else str(report.body["person"])
    return declared(read(report.body), by=by, at=report.made_at, evidence=report.digest)


def _text(body: Mapping[str, Any], *, name: str) -> str:
    return next((str(part["text"]) for part in body["sections"] if part["name"] == name), "")


def section(subject: Subject, *, name: str) -> Found | None:
    """The text of a section."""
    found = _said(subject, partial(_text, name=name))
    return found if found and found.value else None


def rating(subject: Subject) -> Found | None:
    """The overall rating."""
    return _said(subject, lambda body: str(body["rating"]["title"]))


SOURCES: Mapping[str, Callable[[Subject], Found | None]] = {
    "validation.rating": rating,
    **{f"validation.{part.name}": partial(section, name=part.name) for part in template().sections},
}
