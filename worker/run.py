"""The process of one try of a job: python -m worker.run JOB_ID TOKEN, started by a slot."""

import sys
from uuid import UUID

import django

from worker.limits import Limits


def main() -> int:
    """Take the limits on, then do the work. Returns the exit status."""
    limits = Limits.from_environment()
    limits.apply()
    django.setup()
    # The tables can be imported only once Django is set up.
    from worker.child import execute  # noqa: PLC0415

    return execute(UUID(sys.argv[1]), int(sys.argv[2]), limits)


if __name__ == "__main__":
    sys.exit(main())
