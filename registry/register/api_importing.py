"""REST edges of the register as CSV: the export, the check of an import, and the import."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.edges import CallerView, once
from common.api import Input
from common.openapi import KEY, changes, reads_as
from common.renderers import Csv
from registry.register.api import FILTER_PARAMETERS
from registry.register.files import as_csv
from registry.register.importing import (
    CHANGED,
    NEW,
    UNCHANGED,
    Checked,
    check_import,
    import_register,
)
from registry.register.selectors import FILTERS, narrowed, register_of

_NAME = "register.csv"
MOST_SHOWN = 200
_BRIEF = f"What is longer than {MOST_SHOWN} characters is cut."


class ImportIn(Input):
    """Which file, and whether it is only looked at."""

    upload = serializers.UUIDField(help_text="A finished upload: the CSV.")
    dry_run = serializers.BooleanField(default=False, help_text="Say what would be done, alone.")
    digest = serializers.RegexField(
        r"^sha256:[0-9a-f]{64}\Z",
        required=False,
        allow_null=True,
        default=None,
        help_text="That of the check that was shown; the import is refused if it differs by now.",
    )


class BriefField(serializers.CharField):
    """A text of which the beginning is enough."""

    def to_representation(self, value: str) -> str:
        """The text, or its beginning."""
        return value if len(value) <= MOST_SHOWN else f"{value[:MOST_SHOWN]}…"


class CellOut(serializers.Serializer[Any]):
    """A cell that says something new."""

    field = serializers.CharField()
    before = BriefField(help_text=_BRIEF)
    after = BriefField(help_text=_BRIEF)


class ProblemOut(serializers.Serializer[Any]):
    """What is wrong in a line, and where."""

    field = serializers.CharField()
    detail = serializers.CharField(source="reason")


class LineOut(serializers.Serializer[Any]):
    """What a line of the file does."""

    row = serializers.IntegerField(source="number", help_text="The header is row 1.")
    model = serializers.CharField()
    state = serializers.ChoiceField([NEW, CHANGED, UNCHANGED])
    changes = CellOut(many=True)
    problems = ProblemOut(many=True)


class ImportOut(serializers.Serializer[Any]):
    """What the file does to the register, or has done."""

    digest = serializers.CharField()
    new = serializers.SerializerMethodField()
    changed = serializers.SerializerMethodField()
    unchanged = serializers.SerializerMethodField()
    problems = serializers.IntegerField()
    rows = LineOut(source="worth_saying", many=True, help_text="All that are not unchanged.")

    def get_new(self, checked: Checked) -> int:
        """How many models are registered."""
        return checked.count(NEW)

    def get_changed(self, checked: Checked) -> int:
        """How many are changed."""
        return checked.count(CHANGED)

    def get_unchanged(self, checked: Checked) -> int:
        """How many are said as they are."""
        return checked.count(UNCHANGED)


class Export(CallerView):
    """The register as a file."""

    renderer_classes = [JSONRenderer, Csv]
    filters = FILTERS

    @extend_schema(
        operation_id="register_export",
        parameters=FILTER_PARAMETERS,
        responses=reads_as("text/csv", OpenApiTypes.STR),
    )
    def get(self, request: Request) -> HttpResponse:
        """All lines that the filters let through, as CSV that no spreadsheet runs."""
        rows = narrowed(register_of(self.caller), request.query_params)
        return csv_reply(as_csv(rows))


def csv_reply(content: bytes) -> HttpResponse:
    """A download of the register."""
    headers = {
        "Content-Disposition": f'attachment; filename="{_NAME}"',
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)


class Import(CallerView):
    """Many lines at once."""

    @extend_schema(
        operation_id="register_import",
        parameters=[KEY],
        request=ImportIn,
        responses=changes(200, ImportOut, 412),
    )
    def post(self, request: Request) -> Response:
        """Write every line of a CSV, or none; with `dry_run` say what that would do."""
        wish = request.data
        # A check writes nothing, so nothing is kept to be said again.
        if isinstance(wish, Mapping) and wish.get("dry_run") is True:
            return self._answer(request)
        return self._answer_once(request)

    def _answer(self, request: Request) -> Response:
        fields = ImportIn.read(request.data)
        if fields["dry_run"]:
            checked = check_import(caller=self.caller, upload_id=fields["upload"])
        else:
            checked = import_register(
                caller=self.caller, upload_id=fields["upload"], digest=fields["digest"]
            )
        return Response(ImportOut(checked).data)

    _answer_once = once(_answer)


urlpatterns = [
    path("register/export", Export.as_view(), name="register-export"),
    path("register/import", Import.as_view(), name="register-import"),
]
