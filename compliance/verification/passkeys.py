"""Passkeys against the events that tell of them: registered, named, removed."""

from collections.abc import Iterator

from accounts.models import Passkey
from accounts.passkey_records import logged_passkeys
from audit.findings import Finding
from compliance.verification.sql import Claim, facts, told_by
from trust.errors import TrustError
from trust.fields import as_object
from trust.passkeys import wrong_with_passkey
from trust.strict_json import parse_strict

CLAIMS = (
    Claim(
        "passkey",
        facts(
            "person_id, 'sha256:' || credential, 'sha256:' || digest",
            "registered_at",
            "accounts_passkey",
        ),
        told_by("passkey.registered", "subject_id, payload->'credential', payload->'record'"),
    ),
    Claim(
        "name of a passkey",
        facts(
            "person_id, 'sha256:' || credential, "
            "'sha256:' || encode(sha256(convert_to(name, 'UTF8')), 'hex')",
            "NULL::timestamptz",
            "accounts_passkey",
        ),
        facts(
            "subject_id, payload->'credential', payload->'name'",
            "NULL::timestamptz",
            "(SELECT DISTINCT ON (payload->'credential') * FROM audit_auditevent WHERE action IN "
            "('passkey.registered', 'passkey.renamed') ORDER BY payload->'credential', id DESC) e",
        ),
    ),
    Claim(
        "removal of a passkey",
        facts(
            "person_id, 'sha256:' || credential",
            "removed_at",
            "accounts_passkey WHERE removed_at IS NOT NULL",
        ),
        told_by("passkey.removed", "subject_id, payload->'credential'"),
    ),
)


def passkeys() -> Iterator[Finding]:
    """Records that say another key, host or person than the bytes of their events."""
    rows = Passkey.objects.order_by("pk")
    known = logged_passkeys(rows.values_list("person", flat=True))
    for row in rows.iterator(chunk_size=1000):
        credential = f"sha256:{row.credential}"
        logged = known.get(credential)
        try:
            said = as_object(parse_strict(bytes(row.record)), "the record")
        except TrustError:
            # What cannot be read is the finding of another check.
            continue
        for why in wrong_with_passkey(said, credential, logged) if logged else ():
            yield Finding("passkey", str(row.pk), f"{why}.")
