"""REST edges of training and compression."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.edges import CallerView, once
from common.openapi import KEY, changes, reads
from common.paging import KeysetPagination, page_of, page_schema
from registry.api import EvidenceView
from registry.policies import may_read_evidence
from registry.selectors import dataset_by_id, model_named, version_numbered
from training import recipes, selectors, services
from training.serializers import (
    CompressionIn,
    CompressionOut,
    RecipeOut,
    TrainingIn,
    TrainingOut,
)


class Recipes(CallerView):
    """Ways to train."""

    @extend_schema(operation_id="recipes_list", responses=reads(RecipeOut(many=True)))
    def get(self, request: Request) -> Response:
        """All recipes with their parameters."""
        return Response(RecipeOut(list(recipes.RECIPES.values()), many=True).data)


class Trainings(CallerView):
    """Trainings of a model."""

    @extend_schema(operation_id="trainings_list", responses=reads(page_schema(TrainingOut)))
    def get(self, request: Request, name: str) -> Response:
        """Trainings, newest first."""
        model = model_named(self.caller, name)
        may_read_evidence(self.caller, model.team_id).enforce()
        return page_of(selectors.trainings_of(model), request, self, TrainingOut, KeysetPagination)

    @extend_schema(
        operation_id="trainings_request",
        parameters=[KEY],
        request=TrainingIn,
        responses=changes(202, TrainingOut),
    )
    @once
    def post(self, request: Request, name: str) -> Response:
        """Ask for a training; a job does it and adds a version."""
        model = model_named(self.caller, name)
        fields = TrainingIn.read(request.data)
        dataset = dataset_by_id(self.caller, fields["dataset"])
        held = fields["validation"]
        run = services.request_run(
            caller=self.caller,
            model=model,
            recipe=fields["recipe"],
            params=fields["params"],
            dataset=dataset,
            validation=dataset_by_id(self.caller, held) if held else None,
        )
        return Response(TrainingOut(run).data, status=202)


class Training(CallerView):
    """One training."""

    @extend_schema(operation_id="trainings_read", responses=reads(TrainingOut))
    def get(self, request: Request, run_id: UUID) -> Response:
        """A training with its curves, and its version once there is one."""
        return Response(TrainingOut(selectors.training_by_id(self.caller, run_id)).data)


class Compressions(EvidenceView):
    """Compressions of a version."""

    @extend_schema(operation_id="compressions_list", responses=reads(page_schema(CompressionOut)))
    def get(self, request: Request, name: str, number: int) -> Response:
        """Compressions, newest first."""
        rows = selectors.compressions_of(self.version(name, number))
        return page_of(rows, request, self, CompressionOut, KeysetPagination)

    @extend_schema(
        operation_id="compressions_request",
        parameters=[KEY],
        request=CompressionIn,
        responses=changes(202, CompressionOut),
    )
    @once
    def post(self, request: Request, name: str, number: int) -> Response:
        """Ask for a smaller child; it inherits the contributors and no approval."""
        parent = version_numbered(self.caller, name, number)
        fields = CompressionIn.read(request.data)
        rows = fields["calibration"]
        run = services.request_compression(
            caller=self.caller,
            parent=parent,
            method=fields["method"],
            params=fields["params"],
            holdout=dataset_by_id(self.caller, fields["holdout"]),
            calibration=dataset_by_id(self.caller, rows) if rows else None,
        )
        return Response(CompressionOut(run).data, status=202)
