"""The Django app of the jobs."""

from django.apps import AppConfig


class WorkerConfig(AppConfig):
    """Jobs: rows that slots claim and child processes execute."""

    name = "worker"
    label = "worker"
    verbose_name = "Jobs"
