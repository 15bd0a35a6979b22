"""The tables of the jobs: the row is the truth, everything else only hurries it along.

Persons, teams and subjects are plain UUIDs, since every app that has them lies above this one.
"""

import uuid

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class Queue(models.TextChoices):
    """Which slots may take a job."""

    CPU = "cpu", "CPU"
    GPU = "gpu", "GPU"
    LIGHT = "light", "Light"


class Status(models.TextChoices):
    """Where a job stands."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


OPEN = (Status.QUEUED, Status.RUNNING)
TERMINAL = (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)


class Job(models.Model):
    """One piece of work. All times are the database's, so no machine's clock can matter."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=100)
    queue = models.CharField(max_length=16, choices=Queue.choices, default=Queue.CPU)
    subject_type = models.CharField(max_length=60)
    subject_id = models.UUIDField()
    params = models.JSONField(default=dict)
    priority = models.SmallIntegerField(default=0)
    requested_by_id = models.UUIDField(null=True)
    team_id = models.UUIDField(null=True)
    depends_on: "models.ManyToManyField[Job, JobDependency]" = models.ManyToManyField(
        "self",
        through="JobDependency",
        through_fields=("job", "needs"),
        symmetrical=False,
        related_name="dependents",
    )

    status = models.CharField(max_length=16, choices=Status.choices, default=Status.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=3)
    token = models.BigIntegerField(default=0)
    worker = models.CharField(max_length=200, blank=True)
    lease_until = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)

    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    progress = models.JSONField(default=dict)
    failure = models.TextField(blank=True)
    problem = models.JSONField(null=True)
    result = models.JSONField(null=True)

    class Meta:
        indexes = [
            models.Index(
                F("queue"),
                F("priority").desc(),
                F("created_at"),
                condition=Q(status__in=["queued", "running"]),
                name="worker_job_claim",
            ),
            models.Index(fields=["subject_type", "subject_id"], name="worker_job_subject"),
            models.Index(F("created_at").desc(), F("id"), name="worker_job_newest"),
        ]
        constraints = [
            models.CheckConstraint(
                name="worker_job_status", condition=Q(status__in=list(Status.values))
            ),
            models.CheckConstraint(
                name="worker_job_queue", condition=Q(queue__in=list(Queue.values))
            ),
            models.CheckConstraint(
                name="worker_job_attempts",
                condition=Q(max_attempts__gte=1, attempts__lte=F("max_attempts"), token__gte=0),
            ),
            models.CheckConstraint(
                name="worker_job_lease_while_running",
                condition=Q(status="running", lease_until__isnull=False)
                | (~Q(status="running") & Q(lease_until__isnull=True)),
            ),
            models.CheckConstraint(
                name="worker_job_end_has_a_time",
                condition=Q(status__in=["queued", "running"], finished_at__isnull=True)
                | Q(status__in=["succeeded", "failed", "cancelled"], finished_at__isnull=False),
            ),
        ]


class JobDependency(models.Model):
    """`job` may start only when `needs` has succeeded."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="needed")
    needs = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="needed_by")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "needs"], name="worker_dependency_once"),
            models.CheckConstraint(name="worker_dependency_other", condition=~Q(job=F("needs"))),
        ]


class JobPoint(models.Model):
    """One point of a job's live curves; a repeated step replaces the point of an earlier try."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="points")
    step = models.BigIntegerField()
    values = models.JSONField(default=dict)

    class Meta:
        ordering = ["step"]
        constraints = [
            models.UniqueConstraint(fields=["job", "step"], name="worker_point_once"),
        ]


class JobLogLine(models.Model):
    """One line of a job's log; a gap in the numbers is where a flood was cut."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="log_lines")
    number = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())
    level = models.CharField(max_length=16)
    text = models.TextField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["job", "number"], name="worker_log_line_once"),
        ]
