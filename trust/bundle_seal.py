"""The outer shell of a bundle: its manifest, the seal over it, and the log that seals it."""

from dataclasses import dataclass
from datetime import datetime

from trust.bundle_layout import (
    BUNDLE_TYPE,
    DISCLOSED_ALL,
    EVENTS_MEMBER,
    EXPORTED_ACTION,
    KEYS_MEMBER,
    MANIFEST_KEYS,
    MANIFEST_MEMBER,
    MAX_LEAVES_BYTES,
    MAX_SMALL_MEMBER_BYTES,
    SCOPE_KINDS,
    SEAL_CHECKPOINT_MEMBER,
    SEAL_EVENT_MEMBER,
    SEAL_LEAVES_MEMBER,
    SEAL_PROOF_MEMBER,
    UNLISTED_MEMBERS,
)
from trust.bundle_members import BundleMembers
from trust.bundle_report import BundleReport
from trust.digests import is_digest
from trust.errors import Malformed, TrustError, Untrusted
from trust.fields import (
    JsonObject,
    as_object,
    read_count,
    read_digest,
    read_moment,
    read_object,
    read_text,
    require_keys,
)
from trust.keys import TrustedKeys
from trust.merkle import HASH_BYTES, CompactRange, leaf_hash
from trust.notes import Checkpoint, open_checkpoint, parse_checkpoint
from trust.proofs import parse_proof, verify_proof
from trust.strict_json import parse_strict

EVENT_KEYS = ("action", "actor", "at", "id", "payload", "subject", "v")


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event of the log, as far as the verifier reads it."""

    action: str
    person: str | None
    at: datetime
    payload: JsonObject
    subject: str


@dataclass(frozen=True, slots=True)
class BundleManifest:
    """What the sealed manifest says. `disclosed` is None if the whole log is included."""

    origin: str
    kind: str
    log_size: int
    disclosed: list[int] | None
    files: dict[str, str]


def parse_event(data: bytes) -> LogEvent:
    """Read one event leaf. Raises Malformed."""
    document = as_object(parse_strict(data, MAX_SMALL_MEMBER_BYTES), "the event")
    require_keys(document, EVENT_KEYS, "the event")
    if read_count(document, "v") != 1:
        raise Malformed("the event is of another version")
    actor, payload = read_object(document, "actor"), read_object(document, "payload")
    moment = read_moment(document, "at")
    action, subject = (
        read_text(document, "action"),
        read_text(read_object(document, "subject"), "id"),
    )
    person = actor.get("person")
    if person is not None:
        person = read_text(actor, "person")
    return LogEvent(action, person, moment, payload, subject)


def require_shell(members: BundleMembers) -> None:
    """Refuse what is no bundle: without manifest or seal there is nothing to compare."""
    for name in sorted(UNLISTED_MEMBERS):
        if name not in members.names:
            raise Malformed(f"{name} is missing: this is not an export bundle")


def read_manifest(members: BundleMembers, report: BundleReport) -> BundleManifest | None:
    """The manifest, if it can be read.

    A manifest that is not the sealed one, or that cannot be read and is not sealed, was
    changed (a finding); one that is sealed and still not of this format raises Malformed.
    """
    sealed = _is_sealed(members, report)
    try:
        data = members.read(MANIFEST_MEMBER)
        return _parse_manifest(as_object(parse_strict(data), "the manifest"))
    except TrustError as error:
        if sealed and isinstance(error, Malformed):
            raise Malformed(f"{MANIFEST_MEMBER}: {error}") from None
        report.find(MANIFEST_MEMBER, str(error))
        return None


def _is_sealed(members: BundleMembers, report: BundleReport) -> bool:
    try:
        event = parse_event(members.read(SEAL_EVENT_MEMBER))
        if event.action != EXPORTED_ACTION:
            raise Untrusted(f"the sealing event is not {EXPORTED_ACTION}")
        if read_digest(event.payload, "manifest_digest") != members.digests.get(MANIFEST_MEMBER):
            raise Untrusted(f"it seals another {MANIFEST_MEMBER}")
    except TrustError as error:
        report.find(SEAL_EVENT_MEMBER, str(error))
        return False
    return True


def _parse_manifest(document: JsonObject) -> BundleManifest:
    if document.get("type") != BUNDLE_TYPE:
        raise Malformed(f"the bundle is not of the format {BUNDLE_TYPE}")
    require_keys(document, MANIFEST_KEYS, "the manifest")
    read_moment(document, "created_at")
    kind = read_text(read_object(document, "scope"), "kind")
    if kind not in SCOPE_KINDS:
        raise Malformed("the bundle's scope is unknown")
    log = read_object(document, "log")
    require_keys(log, ("disclosed", "size"), "the manifest's log")
    size = read_count(log, "size")
    files = {name: _file_digest(digest) for name, digest in _items(document, "files")}
    origin, disclosed = read_text(document, "origin"), _disclosed(log, size)
    return BundleManifest(origin, kind, size, disclosed, files)


def _items(document: JsonObject, name: str) -> list[tuple[str, object]]:
    return list(read_object(document, name).items())


def _file_digest(digest: object) -> str:
    if not isinstance(digest, str) or not is_digest(digest):
        raise Malformed("the manifest lists a file without its digest")
    return digest


def _disclosed(log: JsonObject, size: int) -> list[int] | None:
    disclosed = log["disclosed"]
    if disclosed == DISCLOSED_ALL:
        return None
    if not isinstance(disclosed, list):
        raise Malformed("the manifest does not say which events are disclosed")
    indices: list[int] = []
    for index in disclosed:
        last = indices[-1] if indices else -1
        if not isinstance(index, int) or isinstance(index, bool) or not last < index < size:
            raise Malformed("the disclosed indices are not ascending numbers of the log")
        indices.append(index)
    return indices


def check_files(members: BundleMembers, manifest: BundleManifest, report: BundleReport) -> None:
    """Every listed file is there, byte for byte, and nothing else is."""
    for name in (KEYS_MEMBER, EVENTS_MEMBER):
        if name not in manifest.files and name not in members.names:
            raise Malformed(f"{name} is missing: this is not an export bundle")
    for name, digest in sorted(manifest.files.items()):
        report.count("files")
        if name not in members.names:
            report.find(name, "it is listed in the manifest but not in the bundle")
        elif members.digests.get(name, digest) != digest:
            report.find(name, "its bytes are not those that the manifest lists")
        if name in UNLISTED_MEMBERS:
            report.find(name, "the manifest may not list it")
    for name in members.names:
        if name not in manifest.files and name not in UNLISTED_MEMBERS:
            report.find(name, "it is not listed in the manifest")


def check_seal(
    members: BundleMembers,
    manifest: BundleManifest,
    log_keys: TrustedKeys,
    report: BundleReport,
) -> None:
    """The sealing event stands in the log, under a checkpoint signed by the log's key."""
    try:
        checkpoint = open_checkpoint(members.read(SEAL_CHECKPOINT_MEMBER), log_keys)
        if checkpoint.origin != manifest.origin:
            raise Untrusted("it is the checkpoint of another log")
    except TrustError as error:
        report.find(SEAL_CHECKPOINT_MEMBER, str(error))
    try:
        proof = parse_proof(members.read(SEAL_PROOF_MEMBER, MAX_SMALL_MEMBER_BYTES))
        if proof.checkpoint != members.read(SEAL_CHECKPOINT_MEMBER):
            raise Untrusted("it leads to another checkpoint")
        if proof.index < manifest.log_size:
            raise Untrusted("the sealing event is older than the log it seals")
        verify_proof(proof, leaf_hash(members.read(SEAL_EVENT_MEMBER)), log_keys)
    except TrustError as error:
        report.find(SEAL_PROOF_MEMBER, str(error))
    report.count("checkpoints")


def read_leaves(
    members: BundleMembers,
    manifest: BundleManifest,
    remembered: Checkpoint | None,
    report: BundleReport,
) -> bytes:
    """All leaf hashes, 32 bytes each, compared with the checkpoint and the remembered one.

    Whatever disagrees is a finding; the bytes are returned all the same.
    """
    leaves = b""
    if members.has(SEAL_LEAVES_MEMBER):
        leaves = members.read(SEAL_LEAVES_MEMBER, MAX_LEAVES_BYTES)
    try:
        checkpoint = parse_checkpoint(members.read(SEAL_CHECKPOINT_MEMBER))
    except TrustError as error:
        report.find(SEAL_CHECKPOINT_MEMBER, str(error))
        return leaves
    report.origin, report.tree_size = checkpoint.origin, checkpoint.size
    if len(leaves) != HASH_BYTES * checkpoint.size or manifest.log_size > checkpoint.size:
        report.find(SEAL_LEAVES_MEMBER, "the number of leaves is not the checkpoint's")
        return leaves
    old_size = remembered.size if remembered else 0
    root, old_root = _roots(leaves, old_size)
    if root != checkpoint.root:
        report.find(SEAL_LEAVES_MEMBER, "the leaves do not give the checkpoint's root")
    if remembered:
        _compare_remembered(checkpoint, remembered, old_root, report)
    report.count("leaves", checkpoint.size)
    return leaves


def _compare_remembered(
    checkpoint: Checkpoint, remembered: Checkpoint, old_root: bytes | None, report: BundleReport
) -> None:
    if remembered.origin != checkpoint.origin:
        report.find(SEAL_CHECKPOINT_MEMBER, "your checkpoint is of another log")
    elif remembered.size > checkpoint.size:
        report.find(
            SEAL_CHECKPOINT_MEMBER,
            f"the log was rolled back: it has {checkpoint.size} events here and"
            f" {remembered.size} in your checkpoint",
        )
    elif old_root != remembered.root:
        report.find(
            SEAL_LEAVES_MEMBER,
            f"the log's first {remembered.size} events are not those of your checkpoint",
        )


def _roots(leaves: bytes, old_size: int) -> tuple[bytes, bytes | None]:
    tree = CompactRange()
    old_root = tree.root() if old_size == 0 else None
    for at in range(0, len(leaves), HASH_BYTES):
        tree.append(leaves[at : at + HASH_BYTES])
        if tree.size == old_size:
            old_root = tree.root()
    return tree.root(), old_root
