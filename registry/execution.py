"""What a job's process does to register: looks at the bytes. Never imported by the web process."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings

from common.errors import Invalid
from registry import blobs
from registry.admission import admitted
from registry.intake import complete_dataset, complete_version, stored, stored_rows
from registry.manifests import MODEL, File
from registry.models import DatasetRequest, VersionRequest
from registry.tables import reading
from runtimes.schema import Signature
from runtimes.sniff import sniff
from worker.jobs import JobContext


def run_admission(context: JobContext) -> None:
    """Look at the files of a version that was asked for, and register it."""
    asked = VersionRequest.objects.select_related("requested_by").get(pk=context.params["run"])
    files = stored(asked)
    model = _hashed(context, files)
    admission = None if model is None else _admission(context, model, asked.signature)
    context.progress(stage="register")
    complete_version(
        request_id=asked.pk,
        job_id=context.job_id,
        token=context.token,
        files=files,
        admission=admission,
    )


def _hashed(context: JobContext, files: Sequence[File]) -> bytes | None:
    """The bytes of the model file, the very ones that were hashed; None without one."""
    model = None
    for n, file in enumerate(files):
        context.progress(stage="hash", done=n, total=len(files), message=file.name)
        if file.role == MODEL:
            model = blobs.read_verified(file.sha256, file.size)
        else:
            blobs.open_verified(file.sha256).close()
    return model


def _admission(
    context: JobContext, model: bytes, signature: Mapping[str, Any] | None
) -> dict[str, Any]:
    context.progress(stage="recognise")
    kind = sniff(model)
    if kind.use != "servable":
        raise Invalid(kind.advice, field="artifacts")
    context.progress(stage="sandbox")
    wanted = Signature.parse(dict(signature)) if signature is not None else None
    return admitted(model, wanted).as_dict()


def run_reading(context: JobContext) -> None:
    """Read the rows of a dataset that was asked for, and register it."""
    asked = DatasetRequest.objects.select_related("requested_by").get(pk=context.params["run"])
    context.progress(stage="hash")
    file = stored_rows(asked)
    blobs.open_verified(file.sha256).close()

    def tell(done: int, total: int) -> None:
        context.progress(stage="read", done=done, total=total, message=f"{done} / {total}")

    schema = reading.inspect(
        file.path,
        format=asked.format,
        target=asked.target,
        max_rows=settings.MAX_DATASET_ROWS,
        on_rows=tell,
    )
    context.progress(stage="register")
    complete_dataset(
        request_id=asked.pk,
        job_id=context.job_id,
        token=context.token,
        sha256=file.sha256,
        schema=schema,
    )
