"""Entity tags that name the revision of a thing which was shown (RFC 9110, 8.8.3 and 13.1.1)."""

import re

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from common.errors import Invalid

LONGEST = 2000
_TAG = re.compile(r'(W/)?"([^"\x00-\x20\x7f]*)"')
_LIST = re.compile(rf"\s*{_TAG.pattern}\s*(,\s*{_TAG.pattern}\s*)*")


def tags_in(header: str) -> list[tuple[str, str]]:
    """What `If-Match` names: each tag without its quotes, after `W/` where it is a weak one.

    Raises Invalid where it cannot be read.
    """
    header = header[:LONGEST]
    if not _LIST.fullmatch(header):
        raise Invalid("Give the entity tags in quotes, as they were given out.", field="If-Match")
    return [(weak, tag) for weak, tag in _TAG.findall(header)]


def revision_shown(header: str | None) -> int | None:
    """The revision that `If-Match` names; None without one, which matches no revision at all.

    0, which is never given out, for several tags, a weak one or one of something else. Raises
    Invalid where it cannot be read.
    """
    if header is None:
        return None
    named = tags_in(header)
    weak, tag = named[0]
    is_one = len(named) == 1 and not weak and tag.isdecimal() and len(tag) < 10
    return int(tag) if is_one else 0


def tag_of(revision: int) -> dict[str, str]:
    """The header that gives the tag of a revision out."""
    return {"ETag": f'"{revision}"'}


def if_match(thing: str) -> OpenApiParameter:
    """The header in the OpenAPI document."""
    return OpenApiParameter(
        "If-Match",
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        description=f"The ETag of the {thing}; left out where there was none.",
    )
