"""REST edges of the register: every model with its entry, and writing an entry."""

from typing import Any

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.edges import CallerView
from common.api import Input
from common.etags import if_match, revision_shown, tag_of
from common.openapi import changes, reads
from common.paging import KeysetPagination, page_of, page_schema
from registry import policies
from registry.models import Hosting, Life, RegisteredModel, RegisterEntry
from registry.register.approved import approved_of
from registry.register.entries import NewEntry, enter, member_named
from registry.register.revalidation import by_day
from registry.register.selectors import (
    CHOICES,
    FILTERS,
    history_of_entry,
    narrowed,
    newest_of,
    register_of,
)
from registry.selectors import model_named

MOST_REVISIONS = 200
FILTER_PARAMETERS = [
    OpenApiParameter(name, OpenApiTypes.STR, enum=CHOICES.get(name)) for name in FILTERS
]


class EntryIn(Input):
    """What the register shall say of a model; what is left out is empty."""

    hosting = serializers.ChoiceField(Hosting.choices)
    life = serializers.ChoiceField(Life.choices)
    owner = serializers.CharField(max_length=150, help_text="Login of who answers for the model.")
    place = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    technology = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    validator = serializers.CharField(
        max_length=150, required=False, allow_null=True, default=None, help_text="A login."
    )
    validated_on = serializers.DateField(required=False, allow_null=True, default=None)
    revalidate_on = serializers.DateField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Left out: the interval of the tier after the last validation.",
    )


class EntryOut(serializers.ModelSerializer[RegisterEntry]):
    """A revision of a model's entry."""

    owner = serializers.CharField(source="owner.name")
    validator = serializers.CharField(source="validator.name", allow_null=True, default=None)
    by = serializers.CharField(source="author.person.name", help_text="Who said so.")

    class Meta:
        model = RegisterEntry
        fields = [
            "revision",
            "hosting",
            "life",
            "owner",
            "place",
            "technology",
            "validator",
            "validated_on",
            "revalidate_on",
            "by",
            "created_at",
        ]


class ApprovedOut(serializers.Serializer[Any]):
    """The valid approval of a model that holds longest."""

    version = serializers.IntegerField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()


class RegisterLineOut(serializers.ModelSerializer[RegisteredModel]):
    """A model as the register lists it."""

    team = serializers.CharField(source="team.slug")
    entry = serializers.SerializerMethodField()
    approved = serializers.SerializerMethodField()

    class Meta:
        model = RegisteredModel
        fields = ["id", "name", "team", "purpose", "risk_tier", "origin", "entry", "approved"]

    @extend_schema_field(EntryOut(allow_null=True))
    def get_entry(self, model: Any) -> Any:
        """The newest revision; null where nobody has written one."""
        entry = newest_of(model)
        return EntryOut(entry).data if entry else None

    @extend_schema_field(ApprovedOut(allow_null=True))
    def get_approved(self, model: Any) -> Any:
        """Null where no version of it has a valid approval."""
        held = approved_of(model)
        return ApprovedOut(held).data if held else None


class ByName(KeysetPagination):
    """Alphabetical pages."""

    ordering = ("name",)


class ByDay(KeysetPagination):
    """Pages by the day of the next revalidation."""

    ordering = ("revalidate_on", "name")


class Calendar(CallerView):
    """What is to be validated again, and when."""

    filters = FILTERS

    @extend_schema(
        operation_id="register_calendar",
        parameters=FILTER_PARAMETERS,
        responses=reads(page_schema(RegisterLineOut)),
    )
    def get(self, request: Request) -> Response:
        """Models in development or use that have a next revalidation, the first day first."""
        rows = by_day(narrowed(register_of(self.caller), request.query_params))
        return page_of(rows, request, self, RegisterLineOut, ByDay)


class Register(CallerView):
    """Every model, served here or not."""

    filters = FILTERS

    @extend_schema(
        operation_id="register_list",
        parameters=FILTER_PARAMETERS,
        responses=reads(page_schema(RegisterLineOut)),
    )
    def get(self, request: Request) -> Response:
        """Models of the teams whose evidence the caller reads, by name."""
        rows = narrowed(register_of(self.caller), request.query_params)
        return page_of(rows, request, self, RegisterLineOut, ByName)


class Entry(CallerView):
    """What the register says of one model."""

    @extend_schema(operation_id="entries_read", responses=reads(EntryOut(many=True)))
    def get(self, request: Request, name: str) -> Response:
        """The last 200 revisions of the entry, newest first; its ETag names the newest."""
        model = model_named(self.caller, name)
        policies.may_read_evidence(self.caller, model.team_id).enforce()
        rows = list(history_of_entry(model)[:MOST_REVISIONS])
        headers = tag_of(rows[0].revision) if rows else {}
        return Response(EntryOut(rows, many=True).data, headers=headers)

    @extend_schema(
        operation_id="entries_write",
        parameters=[if_match("entry")],
        request=EntryIn,
        responses=changes(200, EntryOut, 412),
    )
    def put(self, request: Request, name: str) -> Response:
        """Write a new revision of the entry. Raises Outdated where `If-Match` names another."""
        model = model_named(self.caller, name)
        policies.may_contribute(self.caller, model.team_id).enforce()
        fields = EntryIn.read(request.data)
        for who in ("owner", "validator"):
            if fields[who] is not None:
                fields[who] = member_named(model, fields[who], who)
        shown = revision_shown(request.headers.get("If-Match"))
        entry = enter(caller=self.caller, model=model, new=NewEntry(**fields), revision=shown)
        return Response(EntryOut(entry).data, headers=tag_of(entry.revision))


urlpatterns = [
    path("register", Register.as_view(), name="register"),
    path("register/calendar", Calendar.as_view(), name="register-calendar"),
    path("models/<slug:name>/entry", Entry.as_view(), name="entry"),
]
