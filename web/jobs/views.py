"""Jobs: the list, one job with its live parts, its log, and the verbs cancel and retry."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.selectors import logins_named
from registry import jobs as registry_jobs
from web.base import PageView
from web.forms.jobs import JobFilter
from web.jobs.about import about, entries_of, title_of
from web.jobs.progress import Standing, steps_of
from web.paging import newest_first
from worker.models import OPEN, TERMINAL, Job, JobLogLine

SHOWN_LINES = 500
STOP_POLLING = 286


class JobList(PageView):
    """Jobs of the person's teams, with filters in the address."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list; it follows by itself while something is under way."""
        form = JobFilter(request.GET)
        rows = registry_jobs.jobs_seen_by(self.caller)
        if form.is_valid():
            chosen = form.cleaned_data
            for name in ("status", "kind"):
                if chosen[name]:
                    rows = rows.filter(**{name: chosen[name]})
            if chosen["mine"]:
                rows = rows.filter(requested_by_id=self.caller.user.pk)
        listing = newest_first(rows, "created_at", request.GET.get("after", ""))
        context = {
            "form": form,
            "listing": listing,
            "entries": entries_of(listing.rows),
            "is_live": any(job.status in OPEN for job in listing.rows),
            "is_filtered": any(request.GET.get(name) for name in form.fields),
        }
        return self.page("jobs/list.html", context)


class JobPage(PageView):
    """One job."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The page; `find` filters its log."""
        job = registry_jobs.job_by_id(self.caller, pk)
        find = request.GET.get("find", "")[:200]
        lines = _lines(job, find)
        context = _standing(job) | {
            "title": title_of(job.kind),
            "entry": entries_of([job])[0],
            "about": about(job),
            "steps": steps_of(job),
            "requested_by": logins_named([job.requested_by_id]),
            "may_cancel": registry_jobs.may_cancel(self.caller, job),
            "may_retry": registry_jobs.may_retry(self.caller, job),
            "lines": lines,
            "find": find,
            "last_line": lines[-1].number if lines else 0,
        }
        return self.page("jobs/detail.html", context)


def _standing(job: Job) -> dict[str, Any]:
    return {
        "job": job,
        "now": Standing.of(job, timezone.now()),
        "is_open": job.status in OPEN,
    }


def _lines(job: Job, find: str) -> list[JobLogLine]:
    rows = job.log_lines.order_by("-number")
    if find:
        rows = rows.filter(text__icontains=find)
    return list(rows[:SHOWN_LINES])[::-1]


class JobLive(PageView):
    """The part that is polled: progress and curves."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """204 while nothing has changed; the whole page again when the state has."""
        job = registry_jobs.job_by_id(self.caller, pk)
        if request.GET.get("status") != job.status:
            ended = STOP_POLLING if job.status in TERMINAL else 200
            return HttpResponse(status=ended, headers={"HX-Refresh": "true"})
        context = _standing(job)
        if request.GET.get("seen") == context["now"].key:
            return HttpResponse(status=204)
        return self.page("jobs/live.html", context)


class JobLog(PageView):
    """The log: new lines for the page, or all that is kept as a file."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """With `from=<number>`, the lines after it; without, a download."""
        job = registry_jobs.job_by_id(self.caller, pk)
        start = request.GET.get("from", "")
        if not start:
            return self._file(job)
        number = int(start) if start.isdecimal() and len(start) < 18 else 0
        lines = list(job.log_lines.filter(number__gt=number).order_by("number")[:SHOWN_LINES])
        if not lines and job.status in OPEN:
            return HttpResponse(status=204)
        last = lines[-1].number if lines else number
        context = {"job": job, "lines": lines, "last_line": last, "is_open": job.status in OPEN}
        return self.page("jobs/lines.html", context)

    def _file(self, job: Job) -> HttpResponse:
        text = "".join(
            f"{line.at.isoformat()} {line.level} {line.text}\n"
            for line in job.log_lines.order_by("number")
        )
        headers = {"Content-Disposition": f'attachment; filename="job-{job.pk}.log"'}
        return HttpResponse(text, content_type="text/plain; charset=utf-8", headers=headers)


class JobCancel(PageView):
    """Stopping a job."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Ask it to stop."""
        job = registry_jobs.job_by_id(self.caller, pk)
        registry_jobs.cancel_job(caller=self.caller, job=job)
        messages.success(request, _("The job was asked to stop."))
        return redirect("web:job", pk)


class JobRetry(PageView):
    """Starting a job again."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Queue it again."""
        job = registry_jobs.job_by_id(self.caller, pk)
        registry_jobs.retry_job(caller=self.caller, job=job)
        messages.success(request, _("The job waits for a worker again."))
        return redirect("web:job", pk)
