"""The log: search, one event with its proof, exports."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.selectors import slugs_of, teams_of
from audit.models import AuditEvent
from audit.proofs import prove_event
from audit.selectors import matching, newest_checkpoint, newest_cosignatures
from common.errors import Conflict, Invalid
from compliance import policies
from compliance.models import Export
from compliance.scopes import OF_A_TEAM
from compliance.selectors import (
    event_seen_by,
    events_seen_by,
    export_by_id,
    exports_seen_by,
)
from compliance.services import request_export
from registry import blobs
from registry.jobs import jobs_seen_by
from registry.policies import KEEPERS
from registry.selectors import names_in
from trust.proofs import format_proof
from web.audit.presenting import entries_of, related_of
from web.audit.sentences import actor_of, sentence
from web.base import UNPROCESSABLE, PageView, show_refusal
from web.forms.audit import KINDS, ExportForm, LogFilter
from web.forms.suggesting import MOST_SUGGESTED, suggest
from web.paging import PAGE_SIZE, newest_first
from worker.models import OPEN

_FIELDS = {"from": "since", "to": "until"}
_CHECK = "python verify.py bundle.zip --key keys.txt --checkpoint checkpoint.txt"


class AuditLog(PageView):
    """Everything that happened, with filters in the address."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list. 403 with the reason for whoever may not read the log."""
        rows = events_seen_by(self.caller)
        form = LogFilter(request.GET)
        is_valid = form.is_valid()
        if is_valid:
            rows = matching(rows, form.wanted())
        after = request.GET.get("after", "")
        if after.isdecimal() and len(after) < 19:
            rows = rows.filter(id__lt=int(after))
        found = list(rows[: PAGE_SIZE + 1]) if is_valid else []
        shown = found[:PAGE_SIZE]
        context = {
            "form": form,
            "entries": entries_of(shown, self.caller),
            "next": str(shown[-1].pk) if len(found) > PAGE_SIZE else "",
            "checkpoint": newest_checkpoint(),
            "cosignatures": newest_cosignatures(),
            "is_filtered": any(request.GET.get(name) for name in form.fields),
            "teams": self._teams(),
            "may_export": policies.may_ask_for_exports(self.caller),
        }
        return self.page("audit/list.html", context, status=200 if is_valid else UNPROCESSABLE)

    def _teams(self) -> list[str]:
        """The teams whose events the list is limited to; none where it is not limited."""
        if policies.may_read_whole_log(self.caller):
            return []
        own = teams_of(self.caller).filter(pk__in=self.caller.teams_with(*KEEPERS))
        return list(own.values_list("name", flat=True))


class AuditEventPage(PageView):
    """One event: what was written, and how to check that it was not changed since."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The page."""
        event = event_seen_by(self.caller, pk)
        entry = entries_of([event], self.caller)[0]
        context = {
            "event": event,
            "entry": entry,
            "related": related_of(event, self.caller),
            "text": sentence(event.action, actor_of(getattr(event, "actor_name", None))),
            "leaf": bytes(event.leaf).decode(),
            "leaf_hash": bytes(event.leaf_hash).hex(),
            "checkpoint": newest_checkpoint(),
            "cosignatures": newest_cosignatures(),
            "may_read_log": policies.may_read_log(self.caller),
            **_proof(event),
        }
        return self.page("audit/event.html", context)


def _proof(event: AuditEvent) -> dict[str, Any]:
    try:
        return {"proof": prove_event(event), "no_proof": ""}
    except Conflict as error:
        return {"proof": None, "no_proof": error.reason}


class AuditProof(PageView):
    """The event's inclusion proof in the C2SP tlog-proof format."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """A download. 409 while no checkpoint covers the event."""
        body = format_proof(prove_event(event_seen_by(self.caller, pk)))
        headers = {"Content-Disposition": f'attachment; filename="event-{pk}.tlog-proof"'}
        return HttpResponse(body, content_type="text/plain; charset=utf-8", headers=headers)


class AuditLeaf(PageView):
    """The event's canonical bytes."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """A download; the leaf hash is SHA-256 over a zero byte and these bytes."""
        event = event_seen_by(self.caller, pk)
        headers = {"Content-Disposition": f'attachment; filename="event-{pk}.json"'}
        return HttpResponse(bytes(event.leaf), content_type="application/json", headers=headers)


class AuditExport(PageView):
    """Bundles that can be checked without this instance: ask for one, follow it, download it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form above the list; `kind`, `model` and `number` may be given in the address."""
        policies.may_read_exports(self.caller).enforce()
        given = {name: request.GET[name] for name in ExportForm.base_fields if name in request.GET}
        return self._page(ExportForm(self._offered(), initial=given), 200)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Ask for a bundle."""
        policies.may_ask_for_exports(self.caller).enforce()
        form = ExportForm(self._offered(), request.POST)
        if not form.is_valid():
            return self._page(form, UNPROCESSABLE)
        try:
            request_export(caller=self.caller, scope=form.scope())
        except Invalid as error:
            error.field = _FIELDS.get(error.field or "", error.field)
            return self._page(form, show_refusal(form, error))
        messages.success(request, _("The export is being made; it appears below."))
        return redirect("web:audit-export")

    def _offered(self) -> list[str]:
        """The kinds of scope that the person may ask for."""
        whole = policies.may_export_all(self.caller)
        return [kind for kind in KINDS if whole or kind in OF_A_TEAM]

    def _page(self, form: ExportForm, status: int) -> HttpResponse:
        kept = self.caller.teams_with(*KEEPERS)
        suggest(form, "model", names_in(kept, MOST_SUGGESTED))
        suggest(form, "team", slugs_of(kept, MOST_SUGGESTED))
        rows = exports_seen_by(self.caller)
        listing = newest_first(rows, "created_at", self.request.GET.get("after", ""))
        jobs = jobs_seen_by(self.caller).filter(pk__in=[row.job_id for row in listing.rows])
        followed = set(jobs.values_list("pk", flat=True))
        context = {
            "form": form,
            "listing": listing,
            "entries": [
                (export, _covers(export), export.job_id in followed) for export in listing.rows
            ],
            "is_live": any(getattr(export, "status", "") in OPEN for export in listing.rows),
            "may_export": policies.may_ask_for_exports(self.caller),
            "check_command": _CHECK,
            "keys_url": reverse("api:audit-keys"),
            "checkpoint_url": reverse("api:audit-checkpoint"),
        }
        return self.page("audit/exports.html", context, status=status)


def _covers(export: Export) -> str:
    scope = export.scope
    if scope["kind"] == "period":
        return _("%(from)s to %(to)s") % {"from": scope["from"][:16], "to": scope["to"][:16]}
    if scope["kind"] == "version":
        return f"{scope['model']} v{scope['number']}"
    if scope["kind"] == "register":
        team = scope.get("team")
        return _("the register of %(team)s") % {"team": team} if team else _("the register")
    return str(scope["model"]) if scope["kind"] == "model" else _("everything")


class AuditExportFile(PageView):
    """A finished bundle."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse | StreamingHttpResponse:
        """A download, hashed while it is sent. 409 while it is being made."""
        export = export_by_id(self.caller, pk)
        if export.blob is None:
            raise Conflict("This export is not finished.")
        headers = {
            "Content-Disposition": f'attachment; filename="assay-export-{export.pk}.zip"',
            "Content-Length": str(export.blob.size),
        }
        body = blobs.stream(export.blob.sha256)
        return StreamingHttpResponse(body, content_type="application/zip", headers=headers)
