"""One event and its proof, checked without a bundle (c2sp.org/tlog-proof)."""

from trust.bundle_report import BundleReport
from trust.bundle_seal import parse_event
from trust.bundle_witnesses import WitnessPolicy, count_witnesses
from trust.errors import Malformed, Untrusted
from trust.keys import TrustedKeys
from trust.merkle import leaf_hash, verify_inclusion
from trust.notes import open_checkpoint, parse_checkpoint
from trust.proofs import parse_proof

EVENT_KEY_MISSING = "a key file of yours (--key)"


def check_proof(
    proof: bytes, event: bytes, *, keys: TrustedKeys | None, witnesses: WitnessPolicy | None
) -> BundleReport:
    """Whether the event's bytes stand in the log at the proof's place; `exit_code` is the verdict.

    Without keys the proof may lead to a checkpoint that nobody signed: consistent in itself only.
    """
    report = BundleReport()
    try:
        _check(proof, event, keys, witnesses, report)
    except Malformed as error:
        report.malformed = str(error)
    except Untrusted as error:
        report.find("the proof", str(error))
    return report


def _check(
    data: bytes,
    event: bytes,
    keys: TrustedKeys | None,
    witnesses: WitnessPolicy | None,
    report: BundleReport,
) -> None:
    proof = parse_proof(data)
    checkpoint = parse_checkpoint(proof.checkpoint)
    report.origin, report.tree_size = checkpoint.origin, checkpoint.size
    told = parse_event(event)
    leaf = leaf_hash(event)
    if not verify_inclusion(leaf, proof.index, checkpoint.size, proof.path, checkpoint.root):
        raise Untrusted("it does not lead from the event to the checkpoint")
    report.count("events")
    report.note(f"event {proof.index} is {told.action} of {told.at:%Y-%m-%d %H:%M:%S} UTC")
    if keys is None:
        report.missing.append(EVENT_KEY_MISSING)
        return
    open_checkpoint(proof.checkpoint, keys)
    report.count("checkpoints")
    if witnesses:
        count_witnesses(proof.checkpoint, witnesses, "the proof", report)
