"""A process that answers: writes records, and says of each that it is written. Killed by a test."""

import sys
from pathlib import Path

import orjson

from inference.segments import SegmentWriter
from tests.inference.records import entry

if __name__ == "__main__":
    writer = SegmentWriter(Path(sys.argv[1]), sync_ms=int(sys.argv[2]))
    while True:
        record = entry()
        writer.append(orjson.dumps(record))
        sys.stdout.write(f"{record['id']}\n")
        sys.stdout.flush()
