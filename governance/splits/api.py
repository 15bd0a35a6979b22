"""REST: shares of an alias's calls."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.edges import CallerView
from common.openapi import changes, reads
from governance.aliases import check_alias
from governance.splits.selectors import split_history
from governance.splits.serializers import SplitEndIn, SplitIn, SplitMoveOut
from governance.splits.services import end_split, split
from registry.selectors import model_named, version_numbered

MOST_LISTED = 200


class SplitView(CallerView):
    """The share of an alias's challenger."""

    @extend_schema(operation_id="splits_history", responses=reads(SplitMoveOut(many=True)))
    def get(self, request: Request, name: str, alias: str) -> Response:
        """The last 200 shares that were given or ended under the alias, newest first."""
        model = model_named(self.caller, name)
        check_alias(alias)
        rows = split_history(model, alias)
        return Response(SplitMoveOut(rows[:MOST_LISTED], many=True).data)

    @extend_schema(
        operation_id="splits_give", request=SplitIn, responses=changes(200, SplitMoveOut)
    )
    def put(self, request: Request, name: str, alias: str) -> Response:
        """Let a challenger answer a share of the alias's calls beside the holder, or another share
        than now."""
        fields = SplitIn.read(request.data)
        version = version_numbered(self.caller, name, fields.pop("version"))
        move = split(caller=self.caller, version=version, alias=alias, **fields)
        return Response(SplitMoveOut(move).data)


class SplitEnding(CallerView):
    """The end of a challenger's share."""

    @extend_schema(
        operation_id="splits_end", request=SplitEndIn, responses=changes(200, SplitMoveOut)
    )
    def post(self, request: Request, name: str, alias: str) -> Response:
        """Give the challenger's share back to the holder."""
        fields = SplitEndIn.read(request.data)
        model = model_named(self.caller, name)
        move = end_split(caller=self.caller, model=model, alias=alias, **fields)
        return Response(SplitMoveOut(move).data)
