"""The register as a file: downloaded, checked line by line, and imported whole."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.selectors import teams_of
from registry import policies
from registry.register.api_importing import csv_reply
from registry.register.files import COLUMNS, as_csv
from registry.register.importing import (
    CHANGED,
    NEW,
    UNCHANGED,
    Checked,
    check_import,
    import_register,
)
from registry.register.selectors import narrowed, register_of
from web.base import UNPROCESSABLE, PageView
from web.forms.register import ImportForm, RegisterFilter
from web.uploadpage import UploadPage

IMPORT = "import"


class RegisterExport(PageView):
    """The lines that the filters of the list let through, as CSV."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The file."""
        form = RegisterFilter(request.GET, teams=teams_of(self.caller))
        rows = register_of(self.caller)
        return csv_reply(as_csv(narrowed(rows, form.cleaned_data) if form.is_valid() else rows))


class RegisterImport(UploadPage):
    """A file that is checked as often as one likes, and imported once as it was shown."""

    template = "register/import.html"
    checked: Checked | None = None

    def prepare(self, **address: Any) -> None:
        """Refuses whoever writes in no team."""
        policies.may_import(self.caller).enforce()

    def form(self, data: Any = None) -> forms.Form:
        """A file, and the check that was shown of it."""
        return ImportForm(data)

    def sent(self, request: HttpRequest) -> forms.Form:
        """What was sent; the check is shown with it."""
        self.filled = super().sent(request)
        return self.filled

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Shows what the file would do, or does it."""
        if self.request.POST.get("act") == IMPORT:
            done = import_register(
                caller=self.caller, upload_id=given["upload"], digest=given["digest"]
            )
            said = _("The register is imported: %(new)s new, %(changed)s changed.")
            counts = {"new": done.count(NEW), "changed": done.count(CHANGED)}
            messages.success(self.request, said % counts)
            return redirect("web:register")
        self.checked = check_import(caller=self.caller, upload_id=given["upload"])
        return self.show(self.filled, UNPROCESSABLE if self.checked.problems else 200)

    def context(self) -> dict[str, Any]:
        """What the file may say, and what the check found."""
        checked = self.checked
        if checked is None:
            return {"columns": COLUMNS}
        counts = {state: checked.count(state) for state in (NEW, CHANGED, UNCHANGED)}
        return {"columns": COLUMNS, "checked": checked, **counts}
