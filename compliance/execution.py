"""The job that makes a bundle: gather, seal the manifest in the log, wait for the notary, pack."""

import hashlib
import shutil
import time
from pathlib import Path

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from audit.actions import Action
from audit.models import AuditEvent
from audit.proofs import leaf_hashes, prove_event
from audit.selectors import leaf_index, newest_checkpoint
from common.errors import Conflict, TooLarge
from compliance.contents import Stage, add_cosigned, add_instructions, fill
from compliance.models import Export
from compliance.scopes import ExportScope
from compliance.selection import select
from compliance.services import archive_path, complete_export, seal_manifest
from registry.blobs import adopt, make_folder, room_on_disk
from trust.bundle_write import BundleSeal, bundle_manifest, write_bundle
from trust.digests import digest_of
from trust.errors import Malformed
from trust.notes import Checkpoint, parse_checkpoint
from trust.proofs import format_proof
from worker.jobs import JobContext

_PAUSE_SECONDS = 0.1


def run_export(context: JobContext) -> None:
    """Make the bundle of an export and store it. Raises Conflict, TooLarge, Unavailable.

    It covers the log up to its own request, at least.
    """
    export = Export.objects.select_related("requested_by").get(pk=context.subject_id)
    folder = context.workdir / "bundle"
    with room_on_disk():
        try:
            stage, manifest, events = _gathered(context, export, folder)
            seal = _seal(context, export, manifest, events, folder)
            sha256, size = _pack(export, manifest, seal, stage)
        except Malformed as error:
            raise TooLarge(f"No bundle can be made of this scope: {error}.") from None
    complete_export(
        export_id=export.pk,
        job_id=context.job_id,
        token=context.token,
        sha256=sha256,
        size=size,
        manifest_digest=digest_of(manifest),
        events=events,
    )


def _gathered(context: JobContext, export: Export, folder: Path) -> tuple[Stage, bytes, int]:
    """Members, manifest, and how many events: anew while something is deleted on the way, since
    the bundle has to tell of whatever is missing in it."""
    asked = AuditEvent.objects.get(
        action=Action.EXPORT_REQUESTED.value, subject_type="export", subject_id=str(export.pk)
    )
    head = _await_signed(context, asked)
    while True:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        stage = Stage(folder / "members")
        manifest, events = _gather(context, export, stage, head)
        untold = _deletion_above(head.size)
        if untold is None:
            return stage, manifest, events
        head = _await_signed(context, untold)


def _deletion_above(size: int) -> AuditEvent | None:
    """A deletion that the first `size` events of the log do not tell of."""
    gone = AuditEvent.objects.filter(
        action__in=(Action.BYTES_DELETED.value, Action.PREDICTIONS_EMPTIED.value)
    )
    return gone.filter(Q(leaf_row=None) | Q(leaf_row__leaf_index__gte=size)).first()


def _gather(
    context: JobContext, export: Export, stage: Stage, head: Checkpoint
) -> tuple[bytes, int]:
    made = timezone.now()
    scope = ExportScope.read(export.scope)
    context.progress(stage="choosing")
    selection = select(scope, head.size)
    events = fill(
        stage,
        selection,
        lambda what, done, total: context.progress(stage=what, done=done, total=total),
    )
    add_cosigned(stage, head.size)
    add_instructions(stage, scope, origin=head.origin, size=head.size, made=made)
    manifest = bundle_manifest(
        origin=head.origin,
        created_at=made,
        scope=scope.as_dict(),
        log_size=head.size,
        disclosed=selection.disclosed,
        files=stage.files,
    )
    return manifest, events


def _await_signed(context: JobContext, event: AuditEvent) -> Checkpoint:
    """The newest checkpoint, once it covers the event. Raises Conflict after the patience."""
    patience = settings.EXPORT_NOTARY_SECONDS
    deadline = time.monotonic() + patience
    while True:
        index, newest = leaf_index(event.pk), newest_checkpoint()
        if index is not None and newest is not None and newest.size > index:
            return parse_checkpoint(newest.note.encode())
        if time.monotonic() >= deadline:
            raise Conflict(
                f"The notary has not signed the log for {patience} s, and a bundle needs its "
                "checkpoint. See that the notary runs, then ask again."
            )
        context.progress(stage="waiting for the notary")
        time.sleep(_PAUSE_SECONDS)


def _seal(
    context: JobContext, export: Export, manifest: bytes, events: int, folder: Path
) -> BundleSeal:
    event = seal_manifest(export=export, manifest_digest=digest_of(manifest), events=events)
    _await_signed(context, event)
    context.progress(stage="sealing")
    proof = prove_event(event)
    leaves = folder / "leaves.bin"
    with leaves.open("wb") as file:
        file.writelines(leaf_hashes(0, parse_checkpoint(proof.checkpoint).size))
    return BundleSeal(bytes(event.leaf), format_proof(proof), proof.checkpoint, leaves)


def _pack(export: Export, manifest: bytes, seal: BundleSeal, stage: Stage) -> tuple[str, int]:
    path = archive_path(export.pk)
    make_folder(path.parent)
    try:
        with path.open("wb") as out:
            write_bundle(out, manifest=manifest, seal=seal, files=stage.files)
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        size = path.stat().st_size
        adopt(path, sha256)
    finally:
        path.unlink(missing_ok=True)
    return sha256, size
