"""What the log costs: writers beside a plain table and a hash chain, then a bundle of everything.

    .venv/bin/python -m benchmarks.audit_log [--events 1000000] [--seconds 10] [--rounds 3]

Says for each aim whether it was met; ends with 1 if one was missed.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from benchmarks.place import place_of_its_own


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and report; 1 if an aim was missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--writers", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=10, help="of one variant in one round")
    parser.add_argument("--rounds", type=int, default=3, help="0: no writers")
    parser.add_argument("--events", type=int, default=1_000_000, help="of the bundle; 0: no bundle")
    options = parser.parse_args(arguments)
    load = f"{os.getloadavg()[0]:.1f} before the start"
    print(f"{os.cpu_count()} processors, load {load}; Python {sys.version.split()[0]}")
    with place_of_its_own() as place, place.notary():
        # It reads tables of Django, which knows its database only now.
        from benchmarks import measuring  # noqa: PLC0415

        met = []
        if options.rounds:
            met += measuring.writers(place, options.writers, options.seconds, options.rounds)
        if options.events:
            met += measuring.bundle(place, options.events)
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
