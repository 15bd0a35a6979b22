"""REST edges of jobs."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import path, reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.edges import CallerView
from common.errors import Invalid
from common.openapi import Problem, changes, reads, reads_as
from common.paging import KeysetPagination, page_of, page_schema
from common.renderers import PlainText
from registry import jobs
from worker.models import Job as JobRow
from worker.models import Status

MOST_LINES = 5000


class JobOut(serializers.ModelSerializer[JobRow]):
    """A job."""

    progress = serializers.JSONField()
    params = serializers.JSONField()
    problem = Problem(allow_null=True)
    result = serializers.SerializerMethodField()

    class Meta:
        model = JobRow
        fields = [
            "id",
            "kind",
            "queue",
            "status",
            "subject_type",
            "subject_id",
            "params",
            "progress",
            "attempts",
            "max_attempts",
            "failure",
            "problem",
            "result",
            "created_at",
            "started_at",
            "finished_at",
            "cancel_requested_at",
        ]

    def get_result(self, job: JobRow) -> dict[str, Any] | None:
        """What a registration has made, with its address as `url`."""
        if not job.result:
            return None
        return {**job.result, **_address(job.result)}


def _address(result: Mapping[str, Any]) -> dict[str, str]:
    if "version" in result:
        return {"url": reverse("api:version", args=[result["model"], result["version"]])}
    if "dataset" in result:
        return {"url": reverse("api:dataset", args=[result["dataset"]])}
    return {}


class PointOut(serializers.Serializer[Any]):
    """One point of the live curves."""

    step = serializers.IntegerField()
    values = serializers.DictField(child=serializers.FloatField())


class JobDetailOut(JobOut):
    """A job with its curves."""

    points = PointOut(many=True)

    class Meta(JobOut.Meta):
        fields = [*JobOut.Meta.fields, "points"]


class Jobs(CallerView):
    """Jobs that the caller may see."""

    filters = ("status",)

    @extend_schema(
        operation_id="jobs_list",
        parameters=[OpenApiParameter("status", OpenApiTypes.STR, enum=Status.values)],
        responses=reads(page_schema(JobOut)),
    )
    def get(self, request: Request) -> Response:
        """Jobs, newest first."""
        rows = jobs.jobs_seen_by(self.caller)
        status = request.query_params.get("status")
        if status is not None:
            if status not in Status.values:
                raise Invalid("There is no such status.", field="status")
            rows = rows.filter(status=status)
        return page_of(rows, request, self, JobOut, KeysetPagination)


class Job(CallerView):
    """One job."""

    @extend_schema(operation_id="jobs_read", responses=reads(JobDetailOut))
    def get(self, request: Request, job_id: UUID) -> Response:
        """A job with progress and curves."""
        return Response(JobDetailOut(jobs.job_by_id(self.caller, job_id)).data)


class Log(CallerView):
    """What a job said."""

    renderer_classes = [JSONRenderer, PlainText]

    @extend_schema(operation_id="jobs_log", responses=reads_as("text/plain", OpenApiTypes.STR))
    def get(self, request: Request, job_id: UUID) -> HttpResponse:
        """The first 5000 lines of the job's log, as text."""
        rows = jobs.job_by_id(self.caller, job_id).log_lines.order_by("number")[:MOST_LINES]
        text = "".join(f"{row.at.isoformat()} {row.level} {row.text}\n" for row in rows)
        return HttpResponse(text, content_type="text/plain; charset=utf-8")


class Cancellation(CallerView):
    """Stopping a job."""

    @extend_schema(operation_id="jobs_cancel", request=None, responses=changes(202, JobOut))
    def post(self, request: Request, job_id: UUID) -> Response:
        """Stop a job; a running one ends within seconds."""
        job = jobs.cancel_job(caller=self.caller, job=jobs.job_by_id(self.caller, job_id))
        return Response(JobOut(job).data, status=202)


class Retry(CallerView):
    """Starting a job again."""

    @extend_schema(operation_id="jobs_retry", request=None, responses=changes(202, JobOut))
    def post(self, request: Request, job_id: UUID) -> Response:
        """Queue a failed or cancelled job again."""
        job = jobs.retry_job(caller=self.caller, job=jobs.job_by_id(self.caller, job_id))
        return Response(JobOut(job).data, status=202)


urlpatterns = [
    path("jobs", Jobs.as_view(), name="jobs"),
    path("jobs/<uuid:job_id>", Job.as_view(), name="job"),
    path("jobs/<uuid:job_id>/log", Log.as_view(), name="job-log"),
    path("jobs/<uuid:job_id>/cancellation", Cancellation.as_view(), name="job-cancel"),
    path("jobs/<uuid:job_id>/retry", Retry.as_view(), name="job-retry"),
]
