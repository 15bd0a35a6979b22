"""Witnesses: how many of the user's own have cosigned the log that a bundle or a proof shows."""

from dataclasses import dataclass

from trust.bundle_layout import COSIGNED_MEMBER, MAX_SMALL_MEMBER_BYTES
from trust.bundle_members import BundleMembers
from trust.bundle_report import BundleReport
from trust.cosignatures import WitnessKey, open_cosignature
from trust.errors import Malformed, TrustError, Untrusted
from trust.keys import TrustedKeys
from trust.merkle import HASH_BYTES, CompactRange
from trust.notes import open_checkpoint, parse_note

_MOST_WITNESSES = 100


@dataclass(frozen=True, slots=True)
class WitnessPolicy:
    """The witnesses that the user trusts, and how many of them must have cosigned."""

    keys: tuple[WitnessKey, ...]
    wanted: int

    @classmethod
    def parse(cls, text: str, wanted: int | None) -> "WitnessPolicy":
        """Cosigners' keys, one a line, an address before a key is skipped; all are wanted if None.

        Raises Malformed.
        """
        lines = [line.split() for line in text.splitlines() if line.strip()[:1] not in ("", "#")]
        keys = tuple(dict.fromkeys(WitnessKey.parse(line[-1]) for line in lines))
        if not 1 <= len(keys) <= _MOST_WITNESSES or len({key.name for key in keys}) != len(keys):
            raise Malformed(f"1 to {_MOST_WITNESSES} witnesses are wanted, each once")
        number = len(keys) if wanted is None else wanted
        if not 1 <= number <= len(keys):
            raise Malformed(f"of {len(keys)} witnesses 1 to {len(keys)} can be wanted")
        return cls(keys, number)


def count_witnesses(note: bytes, policy: WitnessPolicy, member: str, report: BundleReport) -> None:
    """Count those of the policy that cosigned a checkpoint whose log's signature was checked.

    A line under a witness's name and key id that does not hold is a finding; too few of them are
    something that the user's demand misses.
    """
    agreed = 0
    given = {(line.name, line.key_id) for line in parse_note(note).signatures}
    for key in policy.keys:
        if (key.name, key.key_id) not in given:
            continue
        try:
            open_cosignature(note, _lines_of(note), key)
        except TrustError as error:
            report.find(member, f"witness {key.name}: {error}")
        else:
            agreed += 1
    report.count("cosignatures", agreed)
    if agreed < policy.wanted:
        report.missing.append(
            f"cosignatures of {policy.wanted} of your {len(policy.keys)} witnesses: "
            f"{agreed} cosigned"
        )


def _lines_of(note: bytes) -> bytes:
    return note[len(parse_note(note).text.encode()) + 1 :]


def check_cosigned(
    members: BundleMembers,
    leaves: bytes,
    log_keys: TrustedKeys,
    policy: WitnessPolicy | None,
    report: BundleReport,
) -> None:
    """The newest cosigned checkpoint of the bundle is one of this log, and who cosigned it."""
    if not members.has(COSIGNED_MEMBER):
        if policy:
            report.count("cosignatures", 0)
            report.missing.append("a checkpoint that witnesses cosigned: the bundle has none")
        return
    try:
        note = members.read(COSIGNED_MEMBER, MAX_SMALL_MEMBER_BYTES)
        checkpoint = open_checkpoint(note, log_keys)
        if _root(leaves, checkpoint.size) != checkpoint.root:
            raise Untrusted("the log's first events are not those that the witnesses saw")
    except TrustError as error:
        report.find(COSIGNED_MEMBER, str(error))
        return
    if policy:
        count_witnesses(note, policy, COSIGNED_MEMBER, report)
        report.note(f"the witnesses saw the first {checkpoint.size} events")


def _root(leaves: bytes, size: int) -> bytes:
    tree = CompactRange()
    for at in range(0, min(len(leaves), HASH_BYTES * size), HASH_BYTES):
        tree.append(leaves[at : at + HASH_BYTES])
    return tree.root() if tree.size == size else b""
