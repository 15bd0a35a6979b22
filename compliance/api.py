"""REST edges of the log: events, histories, proofs, checkpoints, keys."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.edges import CallerView
from audit import selectors as log
from audit.models import AuditEvent
from audit.proofs import prove_event, prove_growth
from common.errors import Invalid, NotFound
from common.openapi import reads
from common.paging import KeysetPagination, page_of, page_schema
from common.renderers import PlainText
from compliance import policies, selectors
from compliance.scopes import read_moment
from compliance.serializers import (
    SENTENCES,
    CheckpointOut,
    ConsistencyOut,
    EventDetailOut,
    EventOut,
)
from governance.selectors import trusted_keys
from registry.selectors import model_named, version_numbered
from trust.proofs import format_proof

_SINCE = OpenApiParameter("from", OpenApiTypes.STR, description="Since this moment (ISO 8601).")
_UNTIL = OpenApiParameter("to", OpenApiTypes.STR, description="Before this moment (ISO 8601).")
PERIOD = [_SINCE, _UNTIL]
_PERSON = OpenApiParameter("person", OpenApiTypes.UUID)
_ACTION = OpenApiParameter("action", OpenApiTypes.STR, description="For example review.signed.")
_SUBJECT = OpenApiParameter("subject", OpenApiTypes.STR, description="type:id")
_RELATED = OpenApiParameter("related", OpenApiTypes.STR, description="type:id of any thing.")
_TEXT = OpenApiParameter("q", OpenApiTypes.STR, description="Part of the payload or subject.")
_FILTERS = [_ACTION, _PERSON, _SUBJECT, _RELATED, *PERIOD, _TEXT]
FILTER_NAMES = tuple(parameter.name for parameter in _FILTERS)


class ByWriting(KeysetPagination):
    """Newest events first."""

    ordering = ("-id",)


class BySize(KeysetPagination):
    """Largest trees first."""

    ordering = ("-size",)


def period_of(request: Request) -> dict[str, Any]:
    """`since` and `until` of the address; None where not given. Raises Invalid."""
    asked = request.query_params
    names = {"since": "from", "until": "to"}
    return {
        name: read_moment(asked[field], field) if field in asked else None
        for name, field in names.items()
    }


def _filter_of(request: Request) -> log.EventFilter:
    asked = request.query_params
    action = asked.get("action") or None
    if action is not None and action not in SENTENCES:
        raise Invalid("There is no such action.", field="action")
    return log.EventFilter(
        action=action,
        person=_person(asked.get("person")),
        subject=_pair(asked.get("subject"), "subject"),
        related=":".join(_pair(asked.get("related"), "related") or ()) or None,
        text=asked.get("q") or None,
        **period_of(request),
    )


def _person(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Invalid("A person is named by a UUID.", field="person") from None


def _pair(text: str | None, field: str) -> tuple[str, str] | None:
    if not text:
        return None
    kind, colon, key = text.partition(":")
    if not (kind and colon and key):
        raise Invalid("Write it as type:id.", field=field)
    return kind, key


def _page(rows: QuerySet[AuditEvent], request: Request, view: CallerView) -> Response:
    rows = log.matching(rows.defer("leaf"), _filter_of(request))
    return page_of(rows, request, view, EventOut, ByWriting)


class TextView(CallerView):
    """A view that answers with text."""

    renderer_classes = [JSONRenderer, PlainText]


def _text(body: str | bytes) -> HttpResponse:
    return HttpResponse(body, content_type="text/plain; charset=utf-8")


def _reads_text(*also: int) -> dict[Any, Any]:
    answers: dict[Any, Any] = reads(OpenApiTypes.STR, *also)
    return {(200, "text/plain"): answers.pop(200)} | answers


class Events(CallerView):
    """The log."""

    filters = FILTER_NAMES

    @extend_schema(
        operation_id="audit_events", parameters=_FILTERS, responses=reads(page_schema(EventOut))
    )
    def get(self, request: Request) -> Response:
        """Events that the caller reads, newest first: all, or those of his teams."""
        return _page(selectors.events_seen_by(self.caller), request, self)


class Event(CallerView):
    """One event."""

    @extend_schema(operation_id="audit_event", responses=reads(EventDetailOut))
    def get(self, request: Request, event_id: UUID) -> Response:
        """An event with its canonical text and leaf hash."""
        return Response(EventDetailOut(selectors.event_seen_by(self.caller, event_id)).data)


class Proof(TextView):
    """The place of an event."""

    @extend_schema(operation_id="audit_event_proof", responses=_reads_text(409))
    def get(self, request: Request, event_id: UUID) -> HttpResponse:
        """That the event stands in the newest signed, or cosigned, tree (c2sp.org/tlog-proof)."""
        event = selectors.event_seen_by(self.caller, event_id)
        return _text(format_proof(prove_event(event)))


class NewestCheckpoint(TextView):
    """The head of the log."""

    @extend_schema(operation_id="audit_checkpoint", responses=_reads_text())
    def get(self, request: Request) -> HttpResponse:
        """The newest signed checkpoint with the lines of its witnesses; keep it."""
        policies.may_read_tree(self.caller).enforce()
        newest = log.newest_checkpoint()
        if newest is None:
            raise NotFound("The notary has not signed a checkpoint yet.")
        return _text(log.cosigned(newest))


class Checkpoints(CallerView):
    """Former heads."""

    @extend_schema(operation_id="audit_checkpoints", responses=reads(page_schema(CheckpointOut)))
    def get(self, request: Request) -> Response:
        """All signed checkpoints, newest first."""
        policies.may_read_tree(self.caller).enforce()
        return page_of(
            log.checkpoints().prefetch_related("cosignatures"), request, self, CheckpointOut, BySize
        )


class Consistency(CallerView):
    """Growth."""

    filters = ("from", "to")

    @extend_schema(
        operation_id="audit_consistency",
        parameters=[
            OpenApiParameter("from", OpenApiTypes.INT, required=True, description="Old size."),
            OpenApiParameter("to", OpenApiTypes.INT, description="New size; else the newest."),
        ],
        responses=reads(ConsistencyOut, 409),
    )
    def get(self, request: Request) -> Response:
        """That the log of the new size begins with the log of the old size."""
        policies.may_read_tree(self.caller).enforce()
        old, new = _size(request, "from"), _size(request, "to")
        if old is None:
            raise Invalid("Give the size of the older tree.", field="from")
        return Response(ConsistencyOut(prove_growth(old, new)).data)


def _size(request: Request, field: str) -> int | None:
    text = request.query_params.get(field)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Invalid("A size is a number of events.", field=field)
    return int(text)


class Keys(TextView):
    """Public keys."""

    @extend_schema(operation_id="audit_keys", responses=_reads_text(409))
    def get(self, request: Request) -> HttpResponse:
        """The notary's verifier keys, one a line; compare them with what you were given."""
        policies.may_read_tree(self.caller).enforce()
        return _text(trusted_keys().text())


class ModelHistory(CallerView):
    """What happened to a model."""

    filters = FILTER_NAMES

    @extend_schema(
        operation_id="models_history",
        parameters=_FILTERS,
        responses=reads(page_schema(EventOut)),
    )
    def get(self, request: Request, name: str) -> Response:
        """Events that concern the model, newest first."""
        model = model_named(self.caller, name)
        return _page(selectors.history_of(self.caller, model), request, self)


class VersionHistory(CallerView):
    """What happened to a version."""

    filters = FILTER_NAMES

    @extend_schema(
        operation_id="versions_history",
        parameters=_FILTERS,
        responses=reads(page_schema(EventOut)),
    )
    def get(self, request: Request, name: str, number: int) -> Response:
        """Events that concern the version, newest first."""
        version = version_numbered(self.caller, name, number)
        return _page(selectors.history_of(self.caller, version), request, self)
