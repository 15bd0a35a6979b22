"""Verification of an export bundle, offline, with what the user holds."""

from collections.abc import Mapping

from trust.bundle_approvals import read_approvals, recorder
from trust.bundle_attachments import check_attachments
from trust.bundle_emergencies import read_emergencies
from trust.bundle_keys import followed_keys
from trust.bundle_layout import (
    KEYS_MEMBER,
    MAX_SMALL_MEMBER_BYTES,
    approval_member,
    passkey_member,
    predictions_member,
    signature_member,
    waiver_member,
)
from trust.bundle_log import LogFacts, read_events
from trust.bundle_members import BundleMembers
from trust.bundle_predictions import check_predictions
from trust.bundle_register import check_register
from trust.bundle_report import BundleReport
from trust.bundle_retention import check_holds, note_deleted
from trust.bundle_seal import (
    BundleManifest,
    check_files,
    check_seal,
    read_leaves,
    read_manifest,
    require_shell,
)
from trust.bundle_source import BundleSource
from trust.bundle_witnesses import WitnessPolicy, check_cosigned
from trust.digests import DIGEST_PREFIX, digest_hex
from trust.disclosures import read_disclosure
from trust.errors import Malformed, TrustError, Untrusted
from trust.keys import TrustedKeys, approvals_name
from trust.notes import Checkpoint, open_checkpoint, parse_checkpoint
from trust.passkeys import LoggedPasskey, cited_passkey, wrong_with_passkey

KEY_MISSING = "a key file of yours (--key)"
APPROVALS_KEY_MISSING = "the log's approvals key in your key file"
CHECKPOINT_MISSING = "a checkpoint that you remembered (--checkpoint)"
_DIGEST_NAMED = (
    ("policies/", ".json"),
    ("proposals/", ".json"),
    ("signatures/", ".json"),
    ("waivers/", ".json"),
    ("findings/", ".json"),
    ("finding-moves/", ".json"),
    ("finding-amendments/", ".json"),
    ("passkeys/", ".json"),
    ("attachments/", ".bin"),
    ("holds/", ".json"),
)


def verify_bundle(
    source: BundleSource,
    *,
    keys: TrustedKeys | None,
    remembered: bytes | None,
    witnesses: WitnessPolicy | None = None,
    passkeys: Mapping[str, str] | None = None,
) -> BundleReport:
    """Verify everything that can be verified; the report's `exit_code` is the verdict.

    `keys` are the user's own; without them the bundle's are used, which proves consistency
    and no more. `remembered` is the text of a checkpoint that the user kept, `witnesses` those
    whose cosignatures the user wants to see, `passkeys` those that the user knows, credential ->
    person: a signature by any other is a finding then.
    """
    report = BundleReport()
    try:
        _verify(source, keys, remembered, witnesses, passkeys, report)
    except Malformed as error:
        report.malformed = str(error)
    except Untrusted as error:
        report.find("the bundle", str(error))
    return report


def _verify(
    source: BundleSource,
    keys: TrustedKeys | None,
    remembered: bytes | None,
    witnesses: WitnessPolicy | None,
    passkeys: Mapping[str, str] | None,
    report: BundleReport,
) -> None:
    checkpoint = _remembered_checkpoint(remembered, keys, report)
    members = BundleMembers(source, report)
    require_shell(members)
    manifest = read_manifest(members, report)
    if manifest is None:
        return
    check_files(members, manifest, report)
    included = _included_keys(members, report)
    trusted = included if keys is None else keys
    trusted = followed_keys(members, trusted, manifest.origin, report)
    check_seal(members, manifest, trusted.named(manifest.origin), report)
    leaves = read_leaves(members, manifest, checkpoint, report)
    check_cosigned(members, leaves, trusted.named(manifest.origin), witnesses, report)
    facts = read_events(members, manifest, leaves, report)
    _check_digest_names(members, report)
    check_attachments(members, facts.attached, facts.retention.deleted, report)
    check_register(members, manifest.kind, facts.register, report)
    approvals_keys = _approvals_keys(members, manifest, trusted, included, report)
    approved = read_approvals(members, approvals_keys, facts, recorder(leaves), report)
    granted = read_emergencies(members, approvals_keys, facts, recorder(leaves), report)
    check_predictions(members, approved, granted, facts, report)
    check_holds(members, facts.retention, report)
    note_deleted(facts.retention, report)
    _check_disclosures(members, report)
    _check_passkeys(members, facts, passkeys, report)
    _note_absent(members, facts, report)


def _note_absent(members: BundleMembers, facts: LogFacts, report: BundleReport) -> None:
    """Say what the disclosed events tell of and the bundle's scope left out."""
    approvals = {approval_member(approval) for approval, _digest in facts.approved}
    batches = {predictions_member(batch) for batch, _digest, _count in facts.sealed}
    for what, told in (("approvals", approvals), ("batches of predictions", batches)):
        absent = len(told.difference(members.names))
        if absent:
            report.note(f"{absent} {what} of the disclosed events are not in this bundle")


def _remembered_checkpoint(
    remembered: bytes | None, keys: TrustedKeys | None, report: BundleReport
) -> Checkpoint | None:
    if keys is None:
        report.missing.append(KEY_MISSING)
    if remembered is None:
        report.missing.append(CHECKPOINT_MISSING)
        return None
    checkpoint = parse_checkpoint(remembered)
    if keys is not None:
        try:
            open_checkpoint(remembered, keys)
        except TrustError as error:
            report.find("your checkpoint", str(error))
    return checkpoint


def _included_keys(members: BundleMembers, report: BundleReport) -> TrustedKeys:
    try:
        text = members.read(KEYS_MEMBER, MAX_SMALL_MEMBER_BYTES).decode("utf-8")
        return TrustedKeys.parse(text)
    except (TrustError, UnicodeDecodeError) as error:
        report.find(KEYS_MEMBER, str(error))
        return TrustedKeys([])


def _approvals_keys(
    members: BundleMembers,
    manifest: BundleManifest,
    trusted: TrustedKeys,
    included: TrustedKeys,
    report: BundleReport,
) -> TrustedKeys:
    name = approvals_name(manifest.origin)
    named = trusted.named(name)
    if named.all or not any(
        name.startswith(("approvals/", "emergencies/")) for name in members.names
    ):
        return named
    report.missing.append(APPROVALS_KEY_MISSING)
    return included.named(name)


def _check_digest_names(members: BundleMembers, report: BundleReport) -> None:
    """Members that bear their digest as a name are what they are called."""
    for prefix, suffix in _DIGEST_NAMED:
        for member, name in members.folder(prefix, suffix):
            _check_digest_name(members, member, name, report)
    for member in members.names:
        parts = member.split("/")
        if parts[0] == "versions" and len(parts) == 3 and parts[2] == "manifest.json":
            _check_digest_name(members, member, parts[1], report)
            report.count("versions")
        elif parts[0] == "versions" and len(parts) == 4 and parts[2] == "evidence":
            _check_digest_name(members, member, parts[3].removesuffix(".json"), report)


def _check_digest_name(
    members: BundleMembers, member: str, name: str, report: BundleReport
) -> None:
    if members.digests.get(member) != "sha256:" + name:
        report.find(member, "its bytes do not have the digest it is called by")


def _check_disclosures(members: BundleMembers, report: BundleReport) -> None:
    for member, name in members.folder("disclosures/", ".json"):
        signed = (signature_member(name), waiver_member(name))
        path = next((path for path in signed if members.has(path)), None)
        if path is None:
            report.find(member, "there is no such signature or waiver in the bundle")
            continue
        record = members.document(path) or {}
        try:
            _person, commitment = read_disclosure(members.read(member))
            if record.get("name_commitment") != commitment:
                report.find(member, "it does not open the record's name commitment")
        except TrustError as error:
            report.find(member, str(error))
        report.count("disclosed names")


def _check_passkeys(
    members: BundleMembers,
    facts: LogFacts,
    mine: Mapping[str, str] | None,
    report: BundleReport,
) -> None:
    """Records of passkeys are those that the log tells of, and none that is cited is missing."""
    passkeys = {
        name: known for name, known in facts.passkeys.items() if isinstance(known, LoggedPasskey)
    }
    logged = {passkey.record: (name, passkey) for name, passkey in passkeys.items()}
    for member, name in members.folder("passkeys/", ".json"):
        report.count("passkeys")
        credential, passkey = logged.get(DIGEST_PREFIX + name, ("", None))
        if passkey is None:
            report.find(member, "the log has no event that this passkey was registered")
        else:
            for problem in wrong_with_passkey(members.document(member) or {}, credential, passkey):
                report.find(member, problem)
    for folder in ("signatures/", "waivers/"):
        for member, _name in members.folder(folder, ".json"):
            record = members.document(member) or {}
            named = cited_passkey(record)
            cited = passkeys.get(named or "")
            if mine is not None and named and mine.get(named) != record.get("person"):
                report.find(member, "its passkey is none that you know of this person")
            if cited is not None and not members.has(passkey_member(digest_hex(cited.record))):
                report.find(member, "the record of its passkey is not in the bundle")
