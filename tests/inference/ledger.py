"""A second account of who did what: what may be served, by this account alone.

It is told of every verb that succeeded and reads no table. It knows the rules in its own words:
two different persons who hold a signing role and had no hand in the version signed what was
submitted, nothing of it has changed until the notary looked, and the approval is neither over nor
taken back.
"""

from dataclasses import dataclass, field
from datetime import datetime

SIGNERS_WANTED = 2


@dataclass
class Submitted:
    """An open review: who approved it, and whether what they read is still so.

    `uncertain`: something happened to the version that may or may not have changed what was read.
    """

    validity_days: int
    waived_until: datetime | None
    card: str
    approved_by: set[str] = field(default_factory=set)
    changed: bool = False
    uncertain: bool = False


@dataclass
class Given:
    """An approval: when it was given, and when it ends."""

    id: str
    issued_at: datetime
    ends_at: datetime
    on_a_waiver: bool = False
    revoked: bool = False


@dataclass
class Known:
    """A version: its digest and its model's bytes, who had a hand in it, what it was given."""

    digest: str
    strength: float
    hands: set[str]
    card: str = ""
    review: Submitted | None = None
    approvals: list[Given] = field(default_factory=list)
    waived_until: datetime | None = None
    damaged: bool = False
    was_damaged: bool = False
    retired: bool = False

    def reads_as_submitted(self) -> bool:
        """Whether what was submitted is what stands there, as far as the ledger knows."""
        return bool(self.review and not self.review.changed and self.review.card == self.card)

    def touch(self, *, certainly: bool) -> None:
        """Something about the version is, or may be, no longer as it was submitted."""
        if self.review:
            self.review.changed |= certainly
            self.review.uncertain = True

    def rests_on_a_waiver(self, now: datetime) -> bool:
        """Whether the approval that counts, or counted last, was given on a waiver."""
        newest = max(self.approvals, key=lambda a: a.issued_at, default=None)
        counts = self.in_force(now) or newest
        return bool(counts and counts.on_a_waiver and not counts.revoked)

    def in_force(self, now: datetime) -> Given | None:
        """The newest approval that holds."""
        holds = [a for a in self.approvals if not a.revoked and now < a.ends_at]
        return max(holds, key=lambda a: a.issued_at, default=None)


@dataclass
class Ledger:
    """All versions by number, and the persons who may sign."""

    versions: dict[int, Known] = field(default_factory=dict)
    signers: set[str] = field(default_factory=set)

    def counting(self, number: int) -> set[str]:
        """Whose approval of the open review counts now."""
        version = self.versions[number]
        assert version.review is not None
        return version.review.approved_by & self.signers - version.hands

    def may_sign(self, number: int) -> set[str]:
        """Who may still sign the open review."""
        version = self.versions[number]
        assert version.review is not None
        return self.signers - version.hands - version.review.approved_by

    def may_be_approved(self, number: int) -> bool:
        """Whether the notary may give an approval now."""
        version = self.versions[number]
        if version.damaged or version.retired or not version.reads_as_submitted():
            return False
        return len(self.counting(number)) >= SIGNERS_WANTED

    def must_be_approved(self, number: int) -> bool:
        """Whether there is nothing at all that the notary could take offence at."""
        review = self.versions[number].review
        sure = review is not None and not review.uncertain
        return sure and not self.versions[number].was_damaged and self.may_be_approved(number)

    def served(self, now: datetime) -> dict[str, int]:
        """Approvals under which something may be served now, and the number of the version."""
        holding = {n: version.in_force(now) for n, version in self.versions.items()}
        return {given.id: n for n, given in holding.items() if given}
