"""The job that makes a pack: read the records, write each form, keep them by digest."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils import timezone, translation

from common.errors import Conflict
from compliance.models import Pack
from compliance.packing import complete_pack
from compliance.packs.csv_file import as_csv
from compliance.packs.document import build
from compliance.packs.html_file import as_html
from compliance.packs.ml_bom import ml_bom
from compliance.packs.pdf_file import as_pdf
from compliance.packs.scopes import covered_by
from compliance.packs.subject import Subject
from compliance.packs.templates import templates
from registry.blobs import put_bytes, room_on_disk
from trust.canonical import canonical
from worker.jobs import JobContext

BOM_TEMPLATE = "cyclonedx-ml-bom"
_FORMS: Mapping[str, Callable[[Mapping[str, Any]], bytes]] = {
    "json": lambda document: canonical(dict(document)),
    "html": as_html,
    "csv": as_csv,
    "pdf": as_pdf,
}


def run_pack(context: JobContext) -> None:
    """Make the files of a pack and store them. Raises Conflict, Unavailable.

    Packs are English whatever the language of whoever asked: so are the rules.
    """
    pack = Pack.objects.select_related("requested_by__person", "version__model", "model").get(
        pk=context.subject_id
    )
    template = templates().get(pack.template)
    if template is None or template.about != pack.kind:
        raise Conflict("This template is no longer there; ask again by another one.")
    context.progress(stage="reading the records")
    covered = covered_by(pack, timezone.now())
    asked_by = pack.requested_by.person.name
    document = build(template, covered, pack=str(pack.pk), asked_by=asked_by)
    made = {}
    with translation.override("en"):
        for at, (form, write) in enumerate(_FORMS.items()):
            context.progress(stage=f"writing {form.upper()}", done=at, total=len(_FORMS))
            made[form] = write(document)
    if pack.template == BOM_TEMPLATE and isinstance(covered, Subject):
        made["cdx"] = canonical(ml_bom(covered, str(pack.pk)))
    with room_on_disk():
        files = {form: put_bytes(body) for form, body in made.items()}
    complete_pack(
        pack=pack,
        job_id=context.job_id,
        token=context.token,
        template_digest=template.digest,
        counts=document["counts"],
        files=files,
    )
