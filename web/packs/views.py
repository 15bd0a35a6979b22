"""Packs: ask for one, follow it, read it, print it, download it."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from compliance import policies
from compliance.packing import request_pack
from compliance.packs import seen
from compliance.packs.html_file import view_of
from compliance.packs.templates import templates
from registry import blobs
from web.base import PageView
from web.formpage import FormPage
from web.forms.packs import PackForm
from web.paging import newest_first
from worker.models import OPEN


class PackList(FormPage):
    """The packs, and a form for one more, which the address may fill in."""

    template = "packs/list.html"

    def prepare(self, **address: Any) -> None:
        """Only whoever may export the records of some team comes further."""
        policies.may_read_exports(self.caller).enforce()

    def form(self, data: Any = None) -> forms.Form:
        """Empty, or filled in from the address."""
        query = self.request.GET
        given = {name: query[name] for name in PackForm.base_fields if name in query}
        return PackForm(data, initial=given)

    def context(self) -> dict[str, Any]:
        """The list, newest first, each with the title of its template."""
        rows = seen.packs_seen_by(self.caller)
        listing = newest_first(rows, "created_at", self.request.GET.get("after", ""))
        known = templates()
        return {
            "listing": listing,
            "entries": [
                (pack, known[pack.template].title if pack.template in known else pack.template)
                for pack in listing.rows
            ],
            "is_live": any(getattr(pack, "status", "") in OPEN for pack in listing.rows),
            "templates": list(known.values()),
        }

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Asks for the pack and shows it as it is being made."""
        pack = request_pack(caller=self.caller, **given)
        messages.success(self.request, _("The pack is being made."))
        return redirect("web:pack", pack.pk)


class PackPage(PageView):
    """One pack, as it was made."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The document, or how the job stands."""
        pack = seen.pack_by_id(self.caller, pk)
        document = seen.document_of(pack)
        known = templates()
        context: dict[str, Any] = {
            "row": pack,
            "title": known[pack.template].title if pack.template in known else pack.template,
            "files": sorted(pack.files.all(), key=lambda file: list(seen.FORMS).index(file.form)),
            "is_live": getattr(pack, "status", "") in OPEN,
            **(view_of(document) if document else {}),
        }
        return self.page("packs/detail.html", context)


class PackDownload(PageView):
    """A pack in one form."""

    def get(self, request: HttpRequest, pk: UUID, form: str) -> StreamingHttpResponse:
        """A download, hashed while it is sent. 409 while it is being made."""
        pack = seen.pack_by_id(self.caller, pk)
        blob = seen.file_of(pack, form).blob
        headers = {
            "Content-Disposition": f'attachment; filename="{seen.name_of(pack, form)}"',
            "Content-Length": str(blob.size),
        }
        body = blobs.stream(blob.sha256)
        kind = seen.FORMS[form][0]
        return StreamingHttpResponse(body, content_type=kind, headers=headers)
