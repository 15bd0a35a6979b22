"""All of it, one after the other."""

from collections.abc import Callable, Iterator
from functools import partial

from django.db import connection

from audit.findings import Finding
from common.errors import DomainError
from compliance.verification.claims import CLAIMS, told
from compliance.verification.contents import checks_of_contents
from compliance.verification.emergencies import emergencies
from compliance.verification.passkeys import identities, passkeys
from compliance.verification.predictions import predictions
from compliance.verification.proposals import proposal_proofs
from compliance.verification.retention import digests_deleted
from compliance.verification.reviews import reviews
from compliance.verification.two_persons import two_persons
from compliance.verification.validations import validations
from registry.blobs import open_verified, path_of
from registry.models import Blob
from trust.keys import TrustedKeys

Check = Callable[[], Iterator[Finding]]
# Who reads an event hangs on what it is filed under.
_MISFILED = """
    SELECT e.uuid FROM audit_auditevent e JOIN governance_review r
        ON e.subject_type = 'review' AND e.subject_id = r.id::text
    JOIN registry_modelversion v ON v.id = r.version_id
    WHERE e.related <> jsonb_build_array(
        'review:' || r.id, 'version:' || v.id, 'model:' || v.model_id)
  UNION ALL
    SELECT e.uuid FROM audit_auditevent e JOIN registry_modelversion v
        ON e.subject_type = 'version' AND e.subject_id = v.id::text
    WHERE NOT e.related @> jsonb_build_array('model:' || v.model_id)
"""

# Records and events name attached files in order, without their numbers.
_OUT_OF_LINE = """
    SELECT id FROM (SELECT id, position, row_number() OVER (
        PARTITION BY comment_id, finding_id, answer_id ORDER BY position) AS place
        FROM governance_attachment) a
    WHERE position <> place ORDER BY id
"""


def check_records(keys: TrustedKeys, *, blobs: bool) -> Iterator[Finding]:
    """Findings about the records; `keys` are the trusted approval keys.

    `blobs`: hash the whole blob store as well, which takes as long as reading it.
    """
    for check in (*checks_of_records(keys), *([stored_bytes] if blobs else [])):
        yield from check()


def checks_of_records(keys: TrustedKeys) -> tuple[Check, ...]:
    """The checks of the records, each by itself, in no order that matters."""
    return (
        *checks_of_contents(),
        partial(reviews, keys),
        validations,
        passkeys,
        identities,
        partial(emergencies, keys),
        *(partial(told, claim) for claim in CLAIMS),
        two_persons,
        proposal_proofs,
        misfiled,
        out_of_line,
        predictions,
    )


def misfiled() -> Iterator[Finding]:
    """Events that are not filed under the version and model that they are about."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(_MISFILED)
        for (event,) in cursor:
            yield Finding("event", str(event), "it is not filed under its version and model.")


def out_of_line() -> Iterator[Finding]:
    """Attached files that are not numbered from 1 on, one after the other."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(_OUT_OF_LINE)
        for (file,) in cursor:
            yield Finding("attached file", str(file), "its number is not that of its place.")


def stored_bytes() -> Iterator[Finding]:
    """Files of the blob store that are missing or damaged, and deleted ones that are there."""
    deleted = digests_deleted()
    rows = Blob.objects.select_related("tombstone").order_by("pk")
    for blob in rows.iterator(chunk_size=1000):
        name = f"sha256:{blob.sha256}"
        if hasattr(blob, "tombstone") and name in deleted:
            if path_of(blob.sha256).exists():
                yield Finding("blob", name, "it was deleted, and its bytes are there.")
            continue
        try:
            with open_verified(blob.sha256) as file:
                size = file.seek(0, 2)
            if size != blob.size:
                yield Finding("blob", name, f"it has {size} bytes, and its row says {blob.size}.")
        except DomainError as error:
            yield Finding("blob", name, error.reason)
