"""A page around a form with files: as ids of finished uploads or, without script, with the form."""

from itertools import chain
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse

from common.errors import DomainError, NotAllowed, TooLarge
from registry.uploads import names_of, receive
from web.formpage import FormPage
from web.forms.uploads import Upload, Uploads

# The input of the file itself; a script that uploads takes its name away.
BYTES = "{}-bytes"


class UploadPage(FormPage):
    """What was sent is kept as an upload, so that nobody sends it again after a refusal."""

    def sent(self, request: HttpRequest) -> forms.Form:
        """The form, with an id for each file that came with it. Raises TooLarge, NotAllowed."""
        # What is longer was cut off, and a part of a file must not be taken for the whole.
        if int(request.META.get("CONTENT_LENGTH") or 0) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
            raise TooLarge(f"A form may have at most {most} bytes with its files.", field="body")
        data, refusals = request.POST.copy(), []
        for name in _files(self.form()):
            for file in request.FILES.getlist(BYTES.format(name)):
                try:
                    data.appendlist(name, str(self._received(file)))
                except NotAllowed:
                    raise
                except DomainError as error:
                    refusals.append((name, error.reason))
        form = self.form(data)
        for name, reason in refusals:
            form.add_error(name, reason)
        return form

    def _received(self, file: "UploadedFile[bytes]") -> UUID:
        name, size = file.name or "", file.size or 0
        return receive(caller=self.caller, name=name, size=size, body=file).pk

    def show(self, form: forms.Form, status: int = 200) -> HttpResponse:
        """The page with the form, the files that are there, and how long a form may be."""
        files = _files(form)
        names = names_of(caller=self.caller, upload_ids=chain(*files.values()))
        context = {
            "form": form,
            "kept": {
                name: [(pk, names[pk]) for pk in ids if pk in names] for name, ids in files.items()
            },
            "limit": settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
        }
        return self.page(self.template, {**self.context(), **context}, status=status)


def _files(form: forms.Form) -> dict[str, list[UUID]]:
    """The ids that each field for files holds; what is no id is left out."""
    found = {}
    for name, field in form.fields.items():
        if isinstance(field, Upload | Uploads):
            value: Any = form[name].value()
            found[name] = _ids(value if isinstance(field, Uploads) else [value])
    return found


def _ids(values: Any) -> list[UUID]:
    ids = []
    for value in values or []:
        try:
            ids.append(UUID(str(value)))
        except ValueError:
            continue
    return ids
