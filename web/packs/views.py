"""Packs: ask for one, follow it, read it, print it, download it."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.selectors import slugs_of
from compliance import policies
from compliance.models import Pack
from compliance.packing import request_pack
from compliance.packs import seen
from compliance.packs.html_file import view_of
from compliance.packs.scopes import title_of
from compliance.packs.sources import VERSION
from compliance.packs.templates import templates
from registry import blobs, jobs
from registry.policies import KEEPERS
from registry.selectors import names_in
from web.base import PageView
from web.formpage import FormPage
from web.forms.packs import KINDS, PackForm
from web.forms.suggesting import MOST_SUGGESTED, suggest
from web.jobs.progress import Standing
from web.paging import newest_first
from worker.models import OPEN, Job


class PackList(FormPage):
    """The packs, and a form for one more, which the address may fill in."""

    template = "packs/list.html"

    def prepare(self, **address: Any) -> None:
        """Only whoever may export the records of some team comes further."""
        policies.may_read_exports(self.caller).enforce()

    def about(self) -> str:
        """What the form is about: as the address or the chosen template says, else a version."""
        known = templates().get(self.request.GET.get("template", ""))
        asked = self.request.GET.get("about", "")
        return known.about if known else asked if asked in KINDS else VERSION

    def form(self, data: Any = None) -> forms.Form:
        """Empty, or filled in from the address."""
        query = self.request.GET
        given = {name: query[name] for name in PackForm.base_fields if name in query}
        form, kept = PackForm(self.about(), data, initial=given), self.caller.teams_with(*KEEPERS)
        suggest(form, "model", names_in(kept, MOST_SUGGESTED))
        suggest(form, "team", slugs_of(kept, MOST_SUGGESTED))
        return form

    def context(self) -> dict[str, Any]:
        """The list, newest first, each with the title of its template and what it is about."""
        rows = seen.packs_seen_by(self.caller)
        listing = newest_first(rows, "created_at", self.request.GET.get("after", ""))
        return {
            "listing": listing,
            "entries": [(pack, _title(pack), title_of(pack)) for pack in listing.rows],
            "about": self.about(),
            "kinds": [(kind, label) for kind, label in KINDS.items()],
            "is_live": any(getattr(pack, "status", "") in OPEN for pack in listing.rows),
            "templates": list(templates().values()),
        }

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Asks for the pack and shows it as it is being made."""
        pack = request_pack(caller=self.caller, **given)
        messages.success(self.request, _("The pack is being made."))
        return redirect("web:pack", pack.pk)


def _title(pack: Pack) -> str:
    """The title of its template, or the name of one that is no longer there."""
    known = templates().get(pack.template)
    return known.title if known else pack.template


class PackPage(PageView):
    """One pack, as it was made."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The document, or how the job stands."""
        pack = seen.pack_by_id(self.caller, pk)
        document = seen.document_of(pack)
        files = sorted(pack.files.all(), key=lambda file: list(seen.FORMS).index(file.form))
        context: dict[str, Any] = {
            "row": pack,
            "title": _title(pack),
            "about": title_of(pack),
            "files": files,
            "is_live": getattr(pack, "status", "") in OPEN,
            **(view_of(document) if document else {} if files else self._making(pack)),
        }
        return self.page("packs/detail.html", context)

    def _making(self, pack: Pack) -> dict[str, Any]:
        """How the job stands, whether the reader may stop it, and whether he has its page."""
        job = Job.objects.get(pk=pack.job_id)
        return {
            "job": job,
            "now": Standing.of(job, timezone.now()),
            "may_cancel": jobs.may_cancel(self.caller, job),
            "follow": jobs.jobs_seen_by(self.caller).filter(pk=job.pk).exists(),
        }


class PackDownload(PageView):
    """A pack in one form."""

    def get(self, request: HttpRequest, pk: UUID, form: str) -> StreamingHttpResponse:
        """A download, hashed while it is sent. 409 while it is being made."""
        pack = seen.pack_by_id(self.caller, pk)
        blob = seen.file_of(pack, form).blob
        headers = {
            "Content-Disposition": f'attachment; filename="{seen.file_name(pack, form)}"',
            "Content-Length": str(blob.size),
        }
        body = blobs.stream(blob.sha256)
        kind = seen.FORMS[form][0]
        return StreamingHttpResponse(body, content_type=kind, headers=headers)
