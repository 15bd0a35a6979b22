"""A ceiling for the memory of a serving process: a bomb ends its request, not the machine.

No check of a file can foresee all that a model takes for some row, or a library for some file.
Without a ceiling the kernel ends whatever it likes, the database or the notary.
"""

import os
import resource
from contextlib import suppress
from pathlib import Path

# Of a container: version 2, version 1.
_CONTAINER = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def limit_memory(most: int) -> int:
    """Let this process take at most `most` bytes, 0 for three quarters of all; the limit."""
    wanted = most or there_is() * 3 // 4
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
    return wanted


def there_is() -> int:
    """The bytes of memory that the machine, or the container on it, has."""
    found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for name in _CONTAINER:
        with suppress(OSError, ValueError):
            found.append(int(Path(name).read_text(encoding="ascii")))
    return min(found)
