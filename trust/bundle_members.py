"""A bundle's members with their digests: every read is checked against the first one."""

import hashlib
from collections.abc import Iterator

from trust.bundle_layout import MAX_LINE_BYTES
from trust.bundle_report import BundleReport
from trust.bundle_source import BundleSource
from trust.digests import DIGEST_PREFIX, digest_of_chunks
from trust.errors import Malformed, TrustError, Untrusted
from trust.fields import JsonObject, as_object
from trust.strict_json import MAX_DOCUMENT_BYTES, parse_strict


class BundleMembers:
    """Digests of all members, computed once by reading everything.

    `digests` lacks members that cannot be read back; each of these is a finding.
    """

    def __init__(self, source: BundleSource, report: BundleReport) -> None:
        self._source = source
        self._report = report
        self.names = sorted(source.sizes)
        self.digests: dict[str, str] = {}
        for name in self.names:
            try:
                self.digests[name] = digest_of_chunks(source.chunks(name))
            except Untrusted as error:
                report.find(name, str(error))
            report.count("members")

    def folder(self, prefix: str, suffix: str) -> Iterator[tuple[str, str]]:
        """(member, the part of its name between prefix and suffix) for direct members."""
        for name in self.names:
            inner = name.removeprefix(prefix).removesuffix(suffix)
            if name == prefix + inner + suffix and inner and "/" not in inner:
                yield name, inner

    def has(self, name: str) -> bool:
        """Whether there is such a member and it can be read."""
        return name in self.digests

    def read(self, name: str, max_bytes: int = MAX_DOCUMENT_BYTES) -> bytes:
        """A member's bytes. Raises Malformed if too large, Untrusted if not as first read."""
        if name not in self.digests:
            raise Untrusted("it is not in the bundle, or cannot be read")
        if self._source.sizes[name] > max_bytes:
            raise Malformed(f"larger than {max_bytes} bytes")
        data = b"".join(self._source.chunks(name))
        if digest_of_chunks([data]) != self.digests[name]:
            raise Untrusted("it changed while it was read")
        return data

    def document(self, name: str) -> JsonObject | None:
        """A member parsed as a JSON object; None, with a finding, if that fails."""
        try:
            return as_object(parse_strict(self.read(name)), "the document")
        except TrustError as error:
            self._report.find(name, str(error))
            return None

    def lines(self, name: str) -> Iterator[bytes]:
        """A member's lines without their newlines, streamed.

        Raises Malformed for a line that is too long or lacks its newline, Untrusted if the
        bytes are not those first read.
        """
        running, rest = hashlib.sha256(), b""
        for chunk in self._source.chunks(name):
            running.update(chunk)
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > MAX_LINE_BYTES:
                raise Malformed(f"a line is longer than {MAX_LINE_BYTES} bytes")
            yield from lines
        if rest:
            raise Malformed("the last line does not end in a newline")
        if DIGEST_PREFIX + running.hexdigest() != self.digests.get(name):
            raise Untrusted("it changed while it was read")
