"""A page around a form with files: as ids of finished uploads or, without script, with the form."""

import re
from collections.abc import Callable
from itertools import chain
from typing import Any
from unicodedata import normalize
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse

from accounts.callers import Caller
from common.errors import DomainError, NotAllowed, TooLarge
from registry.uploads import names_of, receive
from web.formpage import FormPage
from web.forms.uploads import Upload, Uploads

# The input of the file itself; a script that uploads takes its name away.
BYTES = "{}-bytes"
_ODD, _BEFORE = re.compile(r"[^A-Za-z0-9._-]+"), re.compile(r"^[^A-Za-z0-9]+")


class UploadPage(FormPage):
    """What was sent is kept as an upload, so that nobody sends it again after a refusal."""

    def sent(self, request: HttpRequest) -> forms.Form:
        """The form, with an id for each file that came with it. Raises TooLarge, NotAllowed."""
        return sent_with_files(self.caller, request, self.form)

    def show(self, form: forms.Form, status: int = 200) -> HttpResponse:
        """The page with the form, the files that are there, and how long a form may be."""
        context = {**self.context(), "form": form, **files_shown(self.caller, form)}
        return self.page(self.template, context, status=status)


def sent_with_files(
    caller: Caller, request: HttpRequest, make: Callable[..., forms.Form]
) -> forms.Form:
    """What was sent, in the form that `make` makes of data. Raises TooLarge, NotAllowed."""
    # What is longer was cut off, and a part of a file must not be taken for the whole.
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raise TooLarge(f"A form may have at most {most} bytes with its files.", field="body")
    data, refusals = request.POST.copy(), []
    for name in _files(make()):
        for file in request.FILES.getlist(BYTES.format(name)):
            try:
                data.appendlist(name, str(_received(caller, file)))
            except NotAllowed:
                raise
            except DomainError as error:
                refusals.append((name, error.reason))
    form = make(data)
    for name, reason in refusals:
        form.add_error(name, reason)
    return form


def _tidy(name: str) -> str:
    """A name as uploads take it, which is what the script sends: shown, and never a path."""
    plain = _ODD.sub("-", normalize("NFKD", name))[-128:]
    return _BEFORE.sub("", plain) or "file"


def _received(caller: Caller, file: "UploadedFile[bytes]") -> UUID:
    name, size = _tidy(file.name or ""), file.size or 0
    return receive(caller=caller, name=name, size=size, body=file).pk


def files_shown(caller: Caller, form: forms.Form) -> dict[str, Any]:
    """What `c/upload.html` shows besides its field: files that are there, and the limit."""
    files = _files(form)
    names = names_of(caller=caller, upload_ids=chain(*files.values()))
    return {
        "kept": {
            name: [(pk, names[pk]) for pk in ids if pk in names] for name, ids in files.items()
        },
        "limit": settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
    }


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
