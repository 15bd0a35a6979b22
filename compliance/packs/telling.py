"""Events of the log as proofs in packs."""

from hashlib import sha256

from audit.models import AuditEvent


def digest_of_event(event: AuditEvent) -> str:
    """The digest of its canonical bytes, which the log's leaf holds."""
    return f"sha256:{sha256(bytes(event.leaf)).hexdigest()}"


def telling(event: AuditEvent | None) -> tuple[str, ...]:
    """The proof that an event gives, if there is one."""
    return (digest_of_event(event),) if event else ()
