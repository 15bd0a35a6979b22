"""The playground: a request made from the signature, and the served answer or the refusal."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from accounts.callers import Caller
from registry import policies
from registry.models import Alias, ModelVersion, Status
from web.base import UNPROCESSABLE, PageView
from web.forms.playground import JsonForm, RowForm
from web.playground import snippets
from web.playground.asking import Target, ask, find_target
from web.playground.example import body_for, golden_row, is_tabular

MOST_FIELDS = 64
MOST_CHOICES = 200


class Playground(PageView):
    """One page: choose, fill in, run, read."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form with an example filled in; `target` chooses what is asked, `as` the form."""
        choices = choices_for(self.caller)
        key = request.GET.get("target", "").replace("\x00", "") or (choices[0] if choices else "")
        if not key:
            return self.page("playground/empty.html")
        target = find_target(self.caller, key)
        return self._show(target, self._form(target), choices)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Asks the inference process; its status is told in the page, not by the page's own."""
        target = find_target(self.caller, request.GET.get("target", "").replace("\x00", ""))
        form = self._form(target, request.POST)
        choices = choices_for(self.caller)
        if form is None or not form.is_valid():
            return self._show(target, form, choices, status=UNPROCESSABLE)
        reply = ask(self.caller.user.pk, target, form.body())
        return self._show(target, form, choices, reply=reply, body=form.body())

    def _form(self, target: Target, data: Any = None) -> RowForm | JsonForm | None:
        """None where the version has no signature and therefore cannot be asked."""
        signature = target.version.signature
        if not signature:
            return None
        row = self._row(target.version)
        tensor = signature["inputs"][0]
        if self._has_fields(signature) and self.request.GET.get("as") != "json":
            named = body_for(signature, row)["rows"][0]
            return RowForm(data, tensor=tensor, row=list(named.values()))
        return JsonForm(data, example=body_for(signature, row))

    def _row(self, version: ModelVersion) -> dict[str, Any] | None:
        """A golden row for those who may read evidence."""
        if not policies.may_read_evidence(self.caller, version.model.team_id):
            return None
        return golden_row(version, self._example())

    def _example(self) -> int:
        number = self.request.GET.get("example", "")
        return int(number) if number.isdecimal() and len(number) < 4 else 0

    @staticmethod
    def _has_fields(signature: dict[str, Any] | None) -> bool:
        if not signature:
            return False
        return is_tabular(signature) and len(signature["inputs"][0]["features"]) <= MOST_FIELDS

    def _show(
        self,
        target: Target,
        form: RowForm | JsonForm | None,
        choices: list[str],
        *,
        status: int = 200,
        **more: Any,
    ) -> HttpResponse:
        signature = target.version.signature
        body = more.get("body")
        if body is None and signature:
            body = body_for(signature, self._row(target.version))
        context = {
            "target": target,
            "choices": [target.key, *(key for key in choices if key != target.key)],
            "form": form,
            "another": self._example() + 1,
            "has_fields": self._has_fields(signature),
            "as_json": isinstance(form, JsonForm),
            "is_real": self._row(target.version) is not None,
            "curl": snippets.curl(target.url, body),
            "python": snippets.python(target.url, body),
            **more,
        }
        return self.page("playground/playground.html", context, status=status)


def choices_for(caller: Caller) -> list[str]:
    """Keys of what can be asked: the aliases, then approved versions without one."""
    aliases = Alias.objects.filter(model__team_id__in=caller.teams).select_related("model")
    found = [f"{row.model.name}@{row.name}" for row in aliases.order_by("model__name", "name")]
    versions = (
        ModelVersion.objects.filter(model__team_id__in=caller.teams, status=Status.APPROVED)
        .filter(aliases=None)
        .select_related("model")
        .only("number", "model__name")
        .order_by("model__name", "-number")
    )
    found += [f"{row.model.name}/{row.number}" for row in versions[:MOST_CHOICES]]
    return found[:MOST_CHOICES]
