"""The command line of the stand-alone verifier: a bundle, or one event with its proof."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from trust.bundle import verify_bundle
from trust.bundle_report import BundleReport
from trust.bundle_source import open_bundle
from trust.bundle_witnesses import WitnessPolicy
from trust.errors import Malformed
from trust.keys import TrustedKeys
from trust.notes import MAX_NOTE_BYTES
from trust.passkeys import read_known_passkeys
from trust.proof_check import check_proof

USAGE = """\
Check an export bundle offline. KEY is a file with the verifier keys that you trust and got
from somewhere else than this bundle; CHECKPOINT is a checkpoint of the log that you kept;
WITNESS is a file with the keys of witnesses, of which all, or as many as --witnesses says, must
have cosigned. With --proof and --event: check instead that one event stands in the log.

exit codes
  0  sound: consistent, signed by your keys, and the log still holds what you remembered
  1  tampered: something contradicts something else; the findings say what
  2  malformed: not a bundle of this format, or an argument that cannot be read
  3  consistent in itself only: no key or no checkpoint of yours was given, or too few
     of your witnesses have cosigned
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the verifier; the exit code is the verdict."""
    parser = argparse.ArgumentParser(
        prog="verify.py", description=USAGE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bundle", type=Path, nargs="?", help="the bundle: a .zip, or a folder")
    parser.add_argument("--key", type=Path, help="your file of trusted verifier keys")
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint that you remembered")
    parser.add_argument("--witness", type=Path, help="your file of witnesses' keys")
    parser.add_argument("--witnesses", type=int, help="how many of them must have cosigned")
    parser.add_argument("--proof", type=Path, help="a tlog-proof file instead of a bundle")
    parser.add_argument("--event", type=Path, help="the event's bytes, with --proof")
    parser.add_argument("--passkeys", type=Path, help="your list of the signers' passkeys")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args(arguments)
    one_event = options.proof is not None and options.event is not None
    if one_event == (options.bundle is not None) or (options.proof is None) != (
        options.event is None
    ):
        parser.error("give a bundle, or --proof with --event")
    if one_event and options.checkpoint is not None:
        parser.error("a proof holds its own checkpoint; --checkpoint goes with a bundle")
    report = _report(options)
    if options.json:
        sys.stdout.write(json.dumps(report.as_json(), indent=2) + "\n")
    else:
        sys.stdout.write(report.as_text())
    return report.exit_code


def _report(options: argparse.Namespace) -> BundleReport:
    try:
        keys = None if options.key is None else _read_keys(options.key)
        witnesses = _read_witnesses(options.witness, options.witnesses)
        if options.proof is not None:
            proof, event = _read_argument(options.proof), _read_argument(options.event)
            return check_proof(proof, event, keys=keys, witnesses=witnesses)
        remembered = None if options.checkpoint is None else _read_argument(options.checkpoint)
        known = None if options.passkeys is None else _read_passkeys(options.passkeys)
        with open_bundle(options.bundle) as source:
            return verify_bundle(
                source, keys=keys, remembered=remembered, witnesses=witnesses, passkeys=known
            )
    except Malformed as error:
        return BundleReport(malformed=str(error))


def _read_witnesses(path: Path | None, wanted: int | None) -> WitnessPolicy | None:
    if path is None:
        if wanted is not None:
            raise Malformed("--witnesses says how many of the keys of --witness")
        return None
    try:
        return WitnessPolicy.parse(_read_argument(path).decode("utf-8"), wanted)
    except (UnicodeDecodeError, Malformed) as error:
        raise Malformed(f"{path.name}: {error}") from None


def _read_keys(path: Path) -> TrustedKeys:
    try:
        return TrustedKeys.parse(_read_argument(path).decode("utf-8"))
    except (UnicodeDecodeError, Malformed) as error:
        raise Malformed(f"{path.name}: {error}") from None


def _read_passkeys(path: Path) -> dict[str, str]:
    try:
        return read_known_passkeys(_read_argument(path).decode("utf-8"))
    except (UnicodeDecodeError, Malformed) as error:
        raise Malformed(f"{path.name}: {error}") from None


def _read_argument(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_NOTE_BYTES + 1)
    except OSError as error:
        raise Malformed(f"{path.name}: {error.strerror}") from None
