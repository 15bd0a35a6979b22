"""A page around one form: shown, sent back with what is wrong, or carried out."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest, HttpResponse

from common.errors import DomainError, NotAllowed
from web.base import UNPROCESSABLE, PageView, show_refusal


class FormPage(PageView, ABC):
    """Subclasses say which form, what it does, and what else the page shows.

    Want of authority is not shown in the form: it is raised, so that it becomes the page that
    says why and an entry in the log. Only a wrong password or code is shown, beside its field.
    """

    template: ClassVar[str]
    # Fields of the service's refusals that have another name in the form.
    renamed: ClassVar[dict[str, str]] = {}

    def prepare(self, **address: Any) -> None:
        """Loads what the address names and refuses whoever may not do this at all."""

    @abstractmethod
    def form(self, data: Any = None) -> forms.Form:
        """The form, empty or with what was sent."""

    def sent(self, request: HttpRequest) -> forms.Form:
        """The form with what was sent."""
        return self.form(request.POST)

    @abstractmethod
    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Calls the service with the cleaned values and says where to go on."""

    def context(self) -> dict[str, Any]:
        """What the page shows besides the form."""
        return {}

    def get(self, request: HttpRequest, **address: Any) -> HttpResponse:
        """The empty form."""
        self.prepare(**address)
        return self.show(self.form())

    def post(self, request: HttpRequest, **address: Any) -> HttpResponse:
        """Does it, or shows the form again with what is wrong."""
        self.prepare(**address)
        form = self.sent(request)
        if not form.is_valid():
            return self.show(form, UNPROCESSABLE)
        try:
            return self.act(form.cleaned_data)
        except NotAllowed as error:
            if error.field not in form.fields:
                raise
            form.add_error(error.field, error.reason)
            return self.show(form, UNPROCESSABLE)
        except DomainError as error:
            return self.show(form, self.refused(form, error))

    def refused(self, form: forms.Form, error: DomainError) -> int:
        """Puts a refusal beside the field of the form that it is about."""
        root = (error.field or "").split(".")[0].split("[")[0]
        if root in self.renamed:
            form.add_error(self.renamed[root], error.reason)
            return error.status
        return show_refusal(form, error)

    def show(self, form: forms.Form, status: int = 200) -> HttpResponse:
        """The page with the form."""
        return self.page(self.template, {**self.context(), "form": form}, status=status)
