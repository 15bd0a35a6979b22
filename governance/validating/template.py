"""What a validation report says, read from the file of data beside this one."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

_FILE = Path(__file__).with_name("report.yaml")


@dataclass(frozen=True)
class Part:
    """A section with what it asks, or a rating; `name` stands in records."""

    name: str
    title: str
    asks: str = ""


@dataclass(frozen=True)
class Template:
    """The sections in their order and the ratings, from the best to the worst."""

    title: str
    citation: str
    was_reread: bool
    note: str
    sections: tuple[Part, ...]
    ratings: tuple[Part, ...]
    digest: str

    def rating(self, name: str) -> str:
        """The title of a rating; its name where the file no longer has it."""
        return next((part.title for part in self.ratings if part.name == name), name)


@cache
def template() -> Template:
    """The template as the file has it."""
    body = _FILE.read_bytes()
    document: Mapping[str, Any] = yaml.safe_load(body.decode())
    source = document["source"]
    return Template(
        title=document["title"],
        citation=source["citation"],
        was_reread=source["was_reread"],
        note=source["note"],
        sections=tuple(Part(**part) for part in document["sections"]),
        ratings=tuple(Part(**part) for part in document["ratings"]),
        digest=sha256(body).hexdigest(),
    )
