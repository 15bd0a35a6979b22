"""A way in, made by root and otto, with both of its halves."""

from dataclasses import dataclass
from typing import Any

from accounts.models import Proposal, User, WayIn
from accounts.ways_in.coming_in import set_password_by_halves
from accounts.ways_in.services import take_half
from tests.cast import by_root_and_otto, password_of, who

NEW = "a wholly new secret of his"


@dataclass(frozen=True)
class Halves:
    """The proposal and what both administrators were shown, first the proposer."""

    proposal: Proposal
    first: str
    second: str

    @property
    def row(self) -> WayIn:
        """The way in, read anew."""
        return WayIn.objects.get(proposal=self.proposal)


def half_of(name: str, proposal: Proposal) -> str:
    """What one of both is shown."""
    return take_half(caller=who(name), proposal=proposal, password=password_of(name))


def way_in(login: str, kind: str = "password") -> Halves:
    """Proposed, confirmed, both halves taken."""
    proposal = by_root_and_otto(kind, login)
    return Halves(proposal, half_of("root", proposal), half_of("otto", proposal))


def come_in(login: str, halves: Halves, **wishes: Any) -> User:
    """The person sets a password."""
    given = {"first": halves.first, "second": halves.second, "password": NEW}
    return set_password_by_halves(login=login, **(given | wishes))
