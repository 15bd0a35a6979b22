"""Writing an export bundle: the same bytes for the same content.

Large content is given as the path of a file and never held in memory.
"""

import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from trust.bundle_layout import (
    BUNDLE_TYPE,
    DISCLOSED_ALL,
    MANIFEST_MEMBER,
    MAX_MEMBER_BYTES,
    MAX_MEMBERS,
    MAX_RATIO,
    MAX_TOTAL_BYTES,
    RATIO_FREE_BYTES,
    SEAL_CHECKPOINT_MEMBER,
    SEAL_EVENT_MEMBER,
    SEAL_LEAVES_MEMBER,
    SEAL_PROOF_MEMBER,
    UNLISTED_MEMBERS,
    is_safe_name,
)
from trust.canonical import canonical
from trust.digests import digest_of_chunks
from trust.errors import Malformed
from trust.fields import JsonObject
from trust.times import format_moment

_EPOCH = (1980, 1, 1, 0, 0, 0)
_REGULAR_FILE = 0o100644 << 16
_UNIX = 3
_PIECE = 1024 * 1024

Content = bytes | Path
"""A member's bytes, or the file that holds them."""


@dataclass(frozen=True, slots=True)
class BundleSeal:
    """What exists only after the manifest's digest was recorded and integrated.

    `event`: the leaf bytes of the `audit.exported` event; `proof`: its tlog-proof file;
    `checkpoint`: the note inside that proof; `leaves`: all leaf hashes of its tree, in order,
    or a file of them, 32 bytes each.
    """

    event: bytes
    proof: bytes
    checkpoint: bytes
    leaves: Sequence[bytes] | Path


def event_line(index: int, leaf: bytes) -> bytes:
    """A line of log/events.jsonl: "index<TAB>leaf bytes"."""
    return b"%d\t%b\n" % (index, leaf)


def events_file(events: Iterable[tuple[int, bytes]]) -> bytes:
    """log/events.jsonl: one line for each event, ascending."""
    return b"".join(event_line(index, leaf) for index, leaf in events)


def bundle_manifest(
    *,
    origin: str,
    created_at: datetime,
    scope: JsonObject,
    log_size: int,
    disclosed: Sequence[int] | None,
    files: Mapping[str, Content],
) -> bytes:
    """manifest.json: the digest of every file. `disclosed` None means the whole log.

    Its digest goes into the `audit.exported` event as payload.manifest_digest. Raises
    Malformed for a file name that no verifier would read.
    """
    for name in files:
        if not is_safe_name(name) or name in UNLISTED_MEMBERS:
            raise Malformed(f"a bundle cannot hold a file called {name!r}")
    return canonical(
        {
            "type": BUNDLE_TYPE,
            "origin": origin,
            "created_at": format_moment(created_at),
            "scope": scope,
            "log": {
                "size": log_size,
                "disclosed": DISCLOSED_ALL if disclosed is None else list(disclosed),
            },
            "files": {name: digest_of_chunks(_pieces(data)) for name, data in files.items()},
        }
    )


def write_bundle(
    out: BinaryIO, *, manifest: bytes, seal: BundleSeal, files: Mapping[str, Content]
) -> None:
    """Write the .zip: manifest, seal, then the files by name. Raises Malformed if too much."""
    leaves = seal.leaves if isinstance(seal.leaves, Path) else b"".join(seal.leaves)
    members: dict[str, Content] = {
        MANIFEST_MEMBER: manifest,
        SEAL_EVENT_MEMBER: seal.event,
        SEAL_PROOF_MEMBER: seal.proof,
        SEAL_CHECKPOINT_MEMBER: seal.checkpoint,
        SEAL_LEAVES_MEMBER: leaves,
        **dict(sorted(files.items())),
    }
    _check_sizes(members)
    try:
        with zipfile.ZipFile(out, "w", allowZip64=False) as archive:
            for name, content in members.items():
                with archive.open(_entry(name, content), "w") as member:
                    for piece in _pieces(content):
                        member.write(piece)
    except zipfile.LargeZipFile:
        raise Malformed("the bundle is larger than an archive may be (2 GiB)") from None


def _check_sizes(members: Mapping[str, Content]) -> None:
    if len(members) > MAX_MEMBERS:
        raise Malformed(f"a bundle holds at most {MAX_MEMBERS} files")
    sizes = [_size(content) for content in members.values()]
    if max(sizes) > MAX_MEMBER_BYTES or sum(sizes) > MAX_TOTAL_BYTES:
        raise Malformed("a file of the bundle, or the whole, is larger than a verifier reads")


def _size(content: Content) -> int:
    return content.stat().st_size if isinstance(content, Path) else len(content)


def _pieces(content: Content) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _entry(name: str, content: Content) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=_EPOCH)
    entry.external_attr = _REGULAR_FILE
    entry.create_system = _UNIX
    entry.file_size = _size(content)
    entry.compress_type = zipfile.ZIP_DEFLATED
    if _shrinks_too_well(content, entry.file_size):
        entry.compress_type = zipfile.ZIP_STORED
    return entry


def _shrinks_too_well(content: Content, size: int) -> bool:
    """Whether a verifier would take the packed member for a decompression bomb."""
    if size <= RATIO_FREE_BYTES:
        return False
    packer = zlib.compressobj()
    packed = sum(len(packer.compress(piece)) for piece in _pieces(content))
    return (packed + len(packer.flush())) * MAX_RATIO < 2 * size
