"""What a check of the records found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Something that contradicts something else.

    `thing` is what people call the row, `key` says which one it is, `why` is a sentence without
    capital.
    """

    thing: str
    key: str
    why: str

    def __str__(self) -> str:
        return f"{self.thing} {self.key}: {self.why}"
