"""Time-stamp tokens (RFC 3161) over signed checkpoints: that the log stood so at a moment.

A token is signed by an authority that knows nothing of the log, so it shows the latest moment at
which the events can have been written, to whoever trusts that authority and not the notary's clock.
Beside each token lies the note that it covers: `openssl ts -verify -data SIZE.note -in SIZE.tsr
-CAfile ROOTS` needs nothing of ours.
"""

import http.client
import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.x509 import (
    Certificate,
    DuplicateExtension,
    ExtensionNotFound,
    InvalidVersion,
    UnsupportedGeneralNameType,
    load_pem_x509_certificates,
)
from rfc3161_client import (
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from audit.anchors import contradicted
from audit.findings import Finding
from audit.selectors import newest_checkpoint
from trust.errors import Malformed, TrustError
from trust.keys import TrustedKeys
from trust.notes import Checkpoint, open_checkpoint

SECONDS = 20
_MOST_ANSWER = 64 * 1024
_STRANGE = (InvalidVersion, DuplicateExtension, ExtensionNotFound, UnsupportedGeneralNameType)
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"


class Unstamped(Exception):
    """The authority gave no token that holds; the sentence says why."""


@dataclass(frozen=True)
class Stamp:
    """A checkpoint whose bytes an authority has seen."""

    size: int
    at: datetime


def load_roots(path: Path) -> list[Certificate]:
    """The certificates of a PEM file. Raises OSError, ValueError."""
    return load_pem_x509_certificates(path.read_bytes())


def stamp_newest(url: str, roots: list[Certificate], folder: Path) -> Stamp | None:
    """Have the newest checkpoint stamped and keep note and token; None if it is, or there is none.

    Raises Unstamped, OSError, http.client.HTTPException.
    """
    newest = newest_checkpoint()
    if newest is None or (folder / f"{newest.size}.tsr").exists():
        return None
    note = newest.note.encode()
    request = TimestampRequestBuilder().data(note).cert_request(cert_request=True).build()
    answer = _ask(url, request.as_bytes())
    verifier = VerifierBuilder.from_request(request)
    for root in roots:
        verifier = verifier.add_root_certificate(root)
    at = _checked(answer, note, verifier)
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    # The token last: a note without one is no stamp, and is written again.
    for suffix, content in (("note", note), ("tsr", answer)):
        _write(folder / f"{newest.size}.{suffix}", content)
    return Stamp(newest.size, at)


def _ask(url: str, body: bytes) -> bytes:
    address = urlsplit(url)
    host, port = address.hostname or "", address.port
    connection = (
        http.client.HTTPSConnection(
            host, port, timeout=SECONDS, context=ssl.create_default_context()
        )
        if address.scheme == "https"
        else http.client.HTTPConnection(host, port, timeout=SECONDS)
    )
    try:
        path = (address.path or "/") + (f"?{address.query}" if address.query else "")
        connection.request("POST", path, body, {"Content-Type": _QUERY})
        reply = connection.getresponse()
        content = reply.read(_MOST_ANSWER)
        if reply.status != http.client.OK or reply.headers.get_content_type() != _REPLY:
            raise Unstamped(f"it answered {reply.status} {reply.headers.get_content_type()}")
        return content
    finally:
        connection.close()


def _checked(answer: bytes, note: bytes, verifier: VerifierBuilder) -> datetime:
    """When the token says that the note was seen. Raises Unstamped."""
    try:
        response: TimeStampResponse = decode_timestamp_response(answer)
        verifier.build().verify_message(response, note)
        return response.tst_info.gen_time
    # ValueError: what is no token, a refusal of the authority, and signatures that do not hold. The
    # others are of certificates that no library reads.
    except (VerificationError, ValueError, *_STRANGE) as error:
        raise Unstamped(str(error) or "its token cannot be read") from error


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def read_stamps(folder: Path) -> Iterator[tuple[Path, bytes, bytes]]:
    """Each token's path with the bytes of note and token, by size. Raises OSError."""
    tokens = [path for path in folder.glob("*.tsr") if path.stem.isdecimal()]
    for path in sorted(tokens, key=lambda token: int(token.stem)):
        yield path, path.with_suffix(".note").read_bytes(), path.read_bytes()


def check_stamps(folder: Path, roots: list[Certificate], keys: TrustedKeys) -> Iterator[Finding]:
    """Tokens that do not hold, and those that the log in the database is not the log of.

    `keys` are the log's, also ended. Raises OSError where a file cannot be read.
    """
    known: dict[int, list[Checkpoint]] = {}
    for path, note, answer in read_stamps(folder):
        verifier = VerifierBuilder()
        for root in roots:
            verifier = verifier.add_root_certificate(root)
        try:
            _checked(answer, note, verifier)
            tree = open_checkpoint(note, TrustedKeys(keys.all))
        except (Unstamped, TrustError, Malformed) as error:
            yield Finding("time-stamped checkpoint", path.name, f"{error}.")
            continue
        if tree.size != int(path.stem):
            yield Finding("time-stamped checkpoint", path.name, f"it covers {tree.size} events.")
        known.setdefault(tree.size, []).append(tree)
    yield from contradicted(known)
