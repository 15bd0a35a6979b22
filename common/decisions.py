"""The answer of a policy: allowed or not, and why. One sentence serves button, reply and log."""

from dataclasses import dataclass

from common.errors import NotAllowed


@dataclass(frozen=True)
class Decision:
    """Whether something is allowed; `reason` is empty when it is."""

    allowed: bool
    reason: str = ""

    def __bool__(self) -> bool:
        return self.allowed

    def enforce(self) -> None:
        """Raise NotAllowed with the reason unless allowed."""
        if not self.allowed:
            raise NotAllowed(self.reason)


def allow() -> Decision:
    """Yes."""
    return Decision(allowed=True)


def deny(reason: str) -> Decision:
    """No, with the sentence that says why."""
    return Decision(allowed=False, reason=reason)
