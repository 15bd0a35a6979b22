"""A new version of a model that is inventory only: declared, with files or without."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from registry.declared import PARTS
from registry.intake import Piece, request_version
from registry.manifests import SIDECAR
from registry.register.entries import require_inventory_only
from registry.selectors import version_asked_for
from web.forms.models import DeclareForm
from web.register.views import OfModel
from web.uploadpage import UploadPage


class VersionDeclared(UploadPage, OfModel):
    """Saying what it is; there is nothing to check but the digests of its files."""

    template = "models/declare.html"
    renamed = {"artifacts": "sidecar", "upload": "sidecar"}

    def prepare(self, **address: Any) -> None:
        """Only of a model that is inventory only."""
        super().prepare(**address)
        require_inventory_only(self.model)

    def form(self, data: Any = None) -> forms.Form:
        """Empty, or filled in with what a job was asked for that made nothing of it."""
        return DeclareForm(data, initial=self._as_before())

    def _as_before(self) -> dict[str, Any]:
        asked = version_asked_for(self.caller, self.model, self.request.GET.get("job", ""))
        if asked is None or asked.declared is None:
            return {}
        files = [piece["upload"] for piece in asked.pieces]
        return {**asked.declared, "sidecar": files, "note": asked.note}

    def refused(self, form: forms.Form, error: Any) -> int:
        """Parts of the declaration are fields of the form."""
        error.field = (error.field or "").removeprefix("declared.") or None
        return super().refused(form, error)

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Asks for the version and opens its job."""
        asked = request_version(
            caller=self.caller,
            model=self.model,
            pieces=[Piece(upload, SIDECAR) for upload in given["sidecar"]],
            signature=None,
            declared={name: given[name] for name in PARTS},
            note=given["note"],
        )
        messages.success(self.request, _("The version waits to be registered."))
        return redirect("web:job", asked.job_id)
