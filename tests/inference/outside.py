"""From outside: envelopes that nobody signed so; log and bundle, checked at the end of a run."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import timedelta
from io import StringIO

from django.conf import settings
from django.db import connections

from audit.verification import LogCheck
from compliance.models import Export
from compliance.services import request_export
from governance.models import Approval
from governance.selectors import trusted_keys
from tests.cast import who
from tests.compliance.world import bundle_of
from tests.factories import verbs
from tests.factories.damage import approved_statement
from tests.inference.judge import KIND, tree_of
from tests.inference.site import Site
from tests.trust.verifier import verify_here
from trust.canonical import canonical
from trust.dsse import sign_envelope
from trust.key_files import generate_key
from trust.keys import approvals_name
from trust.notes import Checkpoint
from trust.times import format_moment


def forgeries_of(site: Site, approval: str) -> Iterator[bytes]:
    """The true words under a stranger's key; a later end under the true signature; another's."""
    row = Approval.objects.get(pk=approval)
    envelope = bytes(row.envelope)
    statement = approved_statement(envelope)
    statement["predicate"]["not_after"] = format_moment(row.not_after + timedelta(days=3000))
    stranger = generate_key(approvals_name(settings.ORIGIN))
    yield sign_envelope(KIND, canonical(statement), [stranger])
    payload = base64.b64encode(canonical(statement)).decode()
    yield json.dumps(json.loads(envelope) | {"payload": payload}).encode()
    other = Approval.objects.exclude(version=row.version).first()
    if other:
        yield bytes(other.envelope)


def check_the_log(site: Site) -> bytes:
    """Nothing is wrong with it, and it begins with each checkpoint that was kept; the first one."""
    site.notary_round()
    kept = site.checkpoints[0]
    keys = trusted_keys().named(settings.ORIGIN)
    check = LogCheck(keys, Checkpoint(settings.ORIGIN, *tree_of(kept)))
    assert [str(found) for found in check.findings()] == []
    assert site.other_life() == ""
    return kept


def whole_export(site: Site, checkpoint: bytes) -> int:
    """What verify.py says of a bundle of everything, with the keys and an early checkpoint."""
    export = request_export(caller=who("cora"), scope={"kind": "all"})
    assert export.job_id is not None
    with _notary_beside(site):
        verbs.at_work(export.job_id, site.stage.folder / "work")
    made = Export.objects.select_related("blob").get(pk=export.pk)
    bundle, kept = bundle_of(made, site.stage.folder), site.stage.folder / "kept.txt"
    kept.write_bytes(checkpoint)
    with redirect_stdout(StringIO()):
        return verify_here(bundle, "--key", settings.TRUSTED_KEYS, "--checkpoint", kept)


@contextmanager
def _notary_beside(site: Site) -> Iterator[None]:
    stop = threading.Event()
    trouble: list[Exception] = []

    def work() -> None:
        try:
            while not stop.wait(0.02):
                site.notary_round()
        except Exception as error:  # noqa: BLE001 - told to whoever waits for this thread
            trouble.append(error)
        finally:
            # What was opened here by the way is closed here.
            connections["default"].close()

    with site.shared_notary():
        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
    assert not trouble, trouble
