"""The keys of a bundle's log: those that the user holds, and those that they lead to."""

from collections.abc import Iterator

from trust.bundle_layout import EVENTS_MEMBER
from trust.bundle_members import BundleMembers
from trust.bundle_report import BundleReport
from trust.bundle_seal import parse_event
from trust.errors import TrustError
from trust.fields import read_text
from trust.key_statements import KEY_ACTIONS, read_key_statement
from trust.keys import TrustedKeys, approvals_name


def followed_keys(
    members: BundleMembers, keys: TrustedKeys, origin: str, report: BundleReport
) -> TrustedKeys:
    """The keys, with what the log's key statements say that an open log key of them signed.

    The statements stand in disclosed events, which are compared with the log afterwards. A
    statement that no open key signed is passed over: the keys it brings come by another way.
    """
    names = (origin, approvals_name(origin))
    if not members.has(EVENTS_MEMBER):
        return keys
    for line in _told(members):
        try:
            event = parse_event(line.partition(b"\t")[2])
            if event.action not in KEY_ACTIONS:
                continue
            envelope = read_text(event.payload, "statement").encode()
            said = read_key_statement(envelope, keys.open.named(origin))
        except TrustError:
            report.note("the log tells of keys of which no open key of yours speaks")
            continue
        if said.origin != origin:
            continue
        brought = [key for key in said.introduced if key.name in names and key not in keys.all]
        keys = keys.changed(brought, said.ended, said.tree)
        if brought:
            report.note("a key of yours introduced later keys of this log")
    return keys


def _told(members: BundleMembers) -> Iterator[bytes]:
    """The lines that may tell of keys; what cannot be read is said when the events are checked."""
    try:
        yield from (line for line in members.lines(EVENTS_MEMBER) if b'"keys.' in line)
    except TrustError:
        return
