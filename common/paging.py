"""Paging by key: no counting, no page that shifts while rows arrive."""

import re
from functools import cache
from typing import Any

from django.core import signing
from django.db.models import QuerySet
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from common.errors import Invalid
from common.openapi import MOST_OF_A_PAGE

_LIMIT = re.compile(r"[1-9][0-9]{0,2}")


class KeysetPagination(CursorPagination):
    """Newest first; `?cursor=` from the reply's `next` and `previous`, `?limit=` up to 200.

    A cursor is signed, for this order: no other value ever reaches the database as a position.
    """

    ordering: Any = ("-created_at", "pk")
    page_size_query_param = "limit"
    max_page_size = MOST_OF_A_PAGE

    def get_page_size(self, request: Request) -> int:
        """Rows of a page. Raises Invalid for a limit that is no number from 1 to 200."""
        text = request.query_params.get("limit")
        if text is None:
            return int(self.page_size or MOST_OF_A_PAGE)
        if not _LIMIT.fullmatch(text) or int(text) > MOST_OF_A_PAGE:
            raise Invalid(f"A page has 1 to {MOST_OF_A_PAGE} rows.", field="limit")
        return int(text)

    def decode_cursor(self, request: Request) -> Cursor | None:
        """The place that a cursor names. Raises Invalid for one that was not given out here."""
        text = request.query_params.get(self.cursor_query_param)
        if text is None:
            return None
        try:
            offset, reverse, position = signing.loads(text, salt=self._salt())
        except signing.BadSignature:
            raise Invalid("Use a cursor as it was given for this list.", field="cursor") from None
        return Cursor(offset=offset, reverse=reverse, position=position)

    def encode_cursor(self, cursor: Cursor) -> str:
        """The address of the page at a place."""
        place = [cursor.offset, cursor.reverse, cursor.position]
        text = signing.dumps(place, salt=self._salt())
        return replace_query_param(self.base_url or "", self.cursor_query_param, text)

    def _salt(self) -> str:
        return f"cursor {' '.join(self.ordering)}"


def page_of(
    rows: QuerySet[Any],
    request: Request,
    view: APIView,
    shape: type[serializers.BaseSerializer[Any]],
    pagination: type[CursorPagination],
) -> Response:
    """One page of rows as {"next", "previous", "results"}."""
    paginator = pagination()
    page = paginator.paginate_queryset(rows, request, view)
    return paginator.get_paginated_response(shape(page, many=True).data)


@cache
def page_schema(shape: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """The documented shape of such a page."""
    return inline_serializer(
        f"{shape.__name__.removesuffix('Out')}Page",
        {
            "next": serializers.URLField(allow_null=True),
            "previous": serializers.URLField(allow_null=True),
            "results": shape(many=True),
        },
    )
