"""Who did something, as the log writes it."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Actor:
    """A person acting through a login; both are None for the system itself.

    `via` is session, token, command, system, or halves for whoever came in by them.
    """

    person: UUID | None
    user: UUID | None
    via: str

    def as_dict(self) -> dict[str, str | None]:
        """The actor as it stands in a leaf."""
        return {
            "person": str(self.person) if self.person else None,
            "user": str(self.user) if self.user else None,
            "via": self.via,
        }


SYSTEM = Actor(None, None, "system")
