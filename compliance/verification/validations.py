"""Approvals on a validation report: it is by a person without a hand in the version, in the log."""

from collections.abc import Iterator

from audit.actions import Action
from audit.findings import Finding
from audit.models import AuditEvent
from governance.models import Review
from registry.models import Evidence
from trust.errors import TrustError
from trust.fields import JsonObject, as_object, read_objects
from trust.strict_json import parse_strict
from trust.validations import VALIDATION, wrong_with_validation

_CHUNK = 100
_LOOKED_AT = ("type", "version", "person")


def validations() -> Iterator[Finding]:
    """Every approval whose statement names a report."""
    reports = _reports()
    if not reports:
        return
    told = AuditEvent.objects.filter(action=Action.VALIDATION_FINISHED.value)
    finished = {
        str(digest): str(person)
        for digest, person in told.values_list("payload__validation", "person_id")
    }
    reviews = Review.objects.filter(approval__isnull=False).order_by("pk")
    rows = reviews.values_list("pk", "statement").iterator(chunk_size=_CHUNK)
    for review, body in rows:
        try:
            for why in _wrong(bytes(body), reports, finished):
                yield Finding("review", str(review), f"of its validation report: {why}.")
        except (TrustError, LookupError):
            # What cannot be read is the finding of another check.
            continue


def _reports() -> dict[str, JsonObject]:
    """What is looked at of each, by digest: all of it would fill the memory."""
    rows = Evidence.objects.filter(kind=VALIDATION).values_list("digest", "body")
    found = {}
    for digest, body in rows.iterator(chunk_size=_CHUNK):
        try:
            said = as_object(parse_strict(bytes(body)), "the report")
        except TrustError:
            continue
        found[f"sha256:{digest}"] = {name: said.get(name) for name in _LOOKED_AT}
    return found


def _wrong(body: bytes, reports: dict[str, JsonObject], finished: dict[str, str]) -> Iterator[str]:
    statement = as_object(parse_strict(body), "the statement")
    for entry in read_objects(statement, "evidence"):
        digest = str(entry["digest"])
        if entry["kind"] == VALIDATION and digest in reports:
            yield from wrong_with_validation(reports[digest], digest, statement, finished)
