"""The entity tag of a review: what a signer was shown, statement and annex (RFC 9110, 8.8.3)."""

import re

from common.errors import Invalid, Outdated
from governance.findings.records import Annex
from governance.models import Review

_TAG = re.compile(r'(W/)?"([^"\x00-\x20\x7f]*)"')
_LIST = re.compile(rf"\s*{_TAG.pattern}\s*(,\s*{_TAG.pattern}\s*)*")
LONGEST = 2000


def etag_of(review: Review, annex: Annex) -> str:
    """`"<statement>"`, or `"<statement>.<annex>"` where conditions are open; both SHA-256, hex."""
    parts = [review.statement_digest, *([annex.digest] if annex.digest else [])]
    return f'"{".".join(parts)}"'


def one_of(header: str) -> str:
    """The one strong tag that `If-Match` names, without its quotes; empty for several or a weak
    one. Raises Invalid where it cannot be read."""
    header = header[:LONGEST]
    if not _LIST.fullmatch(header):
        raise Invalid("Give the entity tags in quotes, as they were given out.", field="If-Match")
    named = _TAG.findall(header)
    return named[0][1] if len(named) == 1 and not named[0][0] else ""


def require_match(header: str, review: Review, annex: Annex) -> None:
    """Raises Outdated where `If-Match` names no tag of the review as it stands, Invalid where it
    cannot be read. A weak tag never matches; `*` always does."""
    header = header[:LONGEST]
    if header.strip() == "*":
        return
    if not _LIST.fullmatch(header):
        raise Invalid("Give the entity tags in quotes, as they were given out.", field="If-Match")
    strong = {f'"{tag}"' for weak, tag in _TAG.findall(header) if not weak}
    if etag_of(review, annex) not in strong:
        raise Outdated("The review has changed since it was shown to you; load it again.")
