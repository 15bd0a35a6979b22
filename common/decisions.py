"""The answer of a policy: allowed or not, and why. One sentence serves button, reply and log."""

from dataclasses import dataclass

from common.errors import FactorMissing, NotAllowed


@dataclass(frozen=True)
class Decision:
    """Whether something is allowed; `reason` is empty when it is.

    `wants` is what the person may set up so that it is: see `FactorMissing`.
    """

    allowed: bool
    reason: str = ""
    wants: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.allowed

    def enforce(self) -> None:
        """Raise NotAllowed with the reason unless allowed; FactorMissing where that is all."""
        if self.wants:
            raise FactorMissing(self.reason, wants=self.wants)
        if not self.allowed:
            raise NotAllowed(self.reason)


def allow() -> Decision:
    """Yes."""
    return Decision(allowed=True)


def deny(reason: str, *, wants: tuple[str, ...] = ()) -> Decision:
    """No, with the sentence that says why, and what would help the person."""
    return Decision(allowed=False, reason=reason, wants=wants)
