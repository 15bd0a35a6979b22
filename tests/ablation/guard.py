"""What a guard is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Guard:
    """One guard, what its absence looks like, and who has to notice."""

    name: str
    file: str
    text: str
    replacement: str
    red: tuple[str, ...]
    still_green: tuple[str, ...] = ()
