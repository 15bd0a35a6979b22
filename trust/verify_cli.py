"""The command line of the stand-alone verifier: verify.py BUNDLE --key K --checkpoint C."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from trust.bundle import verify_bundle
from trust.bundle_report import BundleReport
from trust.bundle_source import open_bundle
from trust.errors import Malformed
from trust.keys import TrustedKeys
from trust.notes import MAX_NOTE_BYTES

USAGE = """\
Check an export bundle offline. KEY is a file with the verifier keys that you trust and got
from somewhere else than this bundle; CHECKPOINT is a checkpoint of the log that you kept.

exit codes
  0  sound: consistent, signed by your keys, and the log still holds what you remembered
  1  tampered: something contradicts something else; the findings say what
  2  malformed: not a bundle of this format, or an argument that cannot be read
  3  consistent in itself only: no key or no checkpoint of yours was given
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the verifier; the exit code is the verdict."""
    parser = argparse.ArgumentParser(
        prog="verify.py", description=USAGE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bundle", type=Path, help="the bundle: a .zip, or a folder")
    parser.add_argument("--key", type=Path, help="your file of trusted verifier keys")
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint that you remembered")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args(arguments)
    report = _report(options.bundle, options.key, options.checkpoint)
    if options.json:
        sys.stdout.write(json.dumps(report.as_json(), indent=2) + "\n")
    else:
        sys.stdout.write(report.as_text())
    return report.exit_code


def _report(bundle: Path, key: Path | None, checkpoint: Path | None) -> BundleReport:
    try:
        keys = None if key is None else _read_keys(key)
        remembered = None if checkpoint is None else _read_argument(checkpoint)
        with open_bundle(bundle) as source:
            return verify_bundle(source, keys=keys, remembered=remembered)
    except Malformed as error:
        return BundleReport(malformed=str(error))


def _read_keys(path: Path) -> TrustedKeys:
    try:
        return TrustedKeys.parse(_read_argument(path).decode("utf-8"))
    except (UnicodeDecodeError, Malformed) as error:
        raise Malformed(f"{path.name}: {error}") from None


def _read_argument(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_NOTE_BYTES + 1)
    except OSError as error:
        raise Malformed(f"{path.name}: {error.strerror}") from None
