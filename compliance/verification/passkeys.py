"""Passkeys, and accounts at the provider, against the events that tell of them."""

from collections.abc import Iterator

from accounts.models import Identity, Passkey
from accounts.oidc.identities import identity_digest
from accounts.passkeys.records import logged_proofs
from audit.findings import Finding
from compliance.verification.sql import Claim, facts, told_by
from trust.errors import TrustError
from trust.fields import as_object
from trust.passkeys import LoggedPasskey, wrong_with_passkey
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
        "account at the provider",
        facts(
            "i.person_id, 'sha256:' || i.digest, i.user_id, 'sha256:' || p.digest",
            "i.bound_at",
            "accounts_identity i JOIN accounts_proposal p ON p.id = i.proposal_id",
        ),
        told_by(
            "identity.bound",
            "subject_id, payload->'identity', payload->'user', payload->'proposal'",
        ),
    ),
    Claim(
        "end of an account at the provider",
        facts(
            "person_id, 'sha256:' || digest, user_id",
            "ended_at",
            "accounts_identity WHERE ended_at IS NOT NULL",
        ),
        told_by("identity.ended", "subject_id, payload->'identity', payload->'user'"),
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


def identities() -> Iterator[Finding]:
    """Accounts whose digest is of another issuer and number: records name them by it."""
    for row in Identity.objects.order_by("pk").iterator(chunk_size=1000):
        if identity_digest(row.issuer, row.subject) != f"sha256:{row.digest}":
            why = "its digest is not that of its issuer and number."
            yield Finding("account at the provider", str(row.pk), why)


def passkeys() -> Iterator[Finding]:
    """Records that say another key, host or person than the bytes of their events."""
    rows = Passkey.objects.order_by("pk")
    known = logged_proofs(rows.values_list("person", flat=True))
    for row in rows.iterator(chunk_size=1000):
        credential = f"sha256:{row.credential}"
        logged = known.get(credential)
        try:
            said = as_object(parse_strict(bytes(row.record)), "the record")
        except TrustError:
            # What cannot be read is the finding of another check.
            continue
        if not isinstance(logged, LoggedPasskey):
            continue
        for why in wrong_with_passkey(said, credential, logged):
            yield Finding("passkey", str(row.pk), f"{why}.")
