"""The entity tag of a review: what a signer was shown, statement and annex (RFC 9110, 8.8.3)."""

from common.errors import Outdated
from common.etags import tags_in
from governance.findings.records import Annex
from governance.models import Review


def etag_of(review: Review, annex: Annex) -> str:
    """`"<statement>"`, or `"<statement>.<annex>"` where conditions are open; both SHA-256, hex."""
    parts = [review.statement_digest, *([annex.digest] if annex.digest else [])]
    return f'"{".".join(parts)}"'


def require_match(header: str, review: Review, annex: Annex) -> None:
    """Raises Outdated where `If-Match` names no tag of the review as it stands, Invalid where it
    cannot be read. A weak tag never matches; `*` always does."""
    if header.strip() == "*":
        return
    strong = {f'"{tag}"' for weak, tag in tags_in(header) if not weak}
    if etag_of(review, annex) not in strong:
        raise Outdated("The review has changed since it was shown to you; load it again.")
