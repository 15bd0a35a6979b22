"""What may answer, by an account of its own: told of every verb that succeeded, it reads no table.

It imports nothing of the product and says the rules again in its own words: enough different
persons with a signing role and no hand in the version signed what was submitted, nothing of it has
changed until the notary looked, and the approval is neither over, nor taken back, nor stale for too
long; or two managers granted some hours under one alias, and nobody has ended them.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

NOBODY = ""


@dataclass(frozen=True)
class Terms:
    """A policy as the oracle knows it. `floor`: whether the team's models meet its accuracy."""

    name: str
    signers: int = 2
    days: int = 365
    floor: bool = True
    emergency_hours: int = 0
    stale_grace: timedelta | None = None


@dataclass(frozen=True)
class Published:
    """A policy in force from a moment on."""

    terms: Terms
    number: int
    at: datetime


@dataclass
class Waived:
    """A waiver of what a policy finds: under which one, and until when."""

    id: str
    policy: int
    until: datetime


@dataclass
class Submitted:
    """An open review: who approved it, and whether what they read is still so.

    `uncertain`: something happened that may or may not have changed what was read, or whether it
    is shown to the notary.
    """

    policy: Published
    at: datetime
    card: str
    waived: Waived | None
    approved_by: set[str] = field(default_factory=set)
    changed: bool = False
    uncertain: bool = False


@dataclass
class Given:
    """An approval: by which review, from when to when."""

    id: str
    review: Submitted
    issued_at: datetime
    ends_at: datetime
    revoked: bool = False
    stale_since: datetime | None = None

    def is_on(self, now: datetime) -> bool:
        """Whether it is neither over nor taken back."""
        return not self.revoked and now < self.ends_at

    def is_too_stale(self, now: datetime) -> bool:
        """Whether it was stale for longer than its policy allowed."""
        grace = self.review.policy.terms.stale_grace
        return (
            self.stale_since is not None and grace is not None and now >= self.stale_since + grace
        )


@dataclass
class Granted:
    """Hours under an alias without an approval. `maybe_ended`: the clock may have ended it."""

    id: str
    number: int
    alias: str
    policy: Published
    until: datetime
    signed: bool = False
    ended: bool = False
    maybe_ended: bool = False

    def is_on(self, now: datetime) -> bool:
        """Whether it may answer."""
        return self.signed and not self.ended and now < self.until


@dataclass
class Known:
    """A version: its bytes, who had a hand in it, what was said and given."""

    digest: str
    strength: float
    hands: set[str]
    card: str = ""
    card_edits: list[datetime] = field(default_factory=list)
    review: Submitted | None = None
    approvals: list[Given] = field(default_factory=list)
    waivers: list[Waived] = field(default_factory=list)
    damaged: bool = False
    was_damaged: bool = False
    retired: bool = False
    rejected: bool = False

    def reads_as_submitted(self) -> bool:
        """Whether what was submitted is what stands there, as far as the oracle knows."""
        return bool(self.review and not self.review.changed and self.review.card == self.card)

    def touch(self, *, certainly: bool) -> None:
        """Something about the version is, or may be, no longer as it was submitted."""
        if self.review:
            self.review.changed |= certainly
            self.review.uncertain = True

    def newest(self, now: datetime) -> Given | None:
        """The newest approval that is on: the one that decides."""
        return max(
            (given for given in self.approvals if given.is_on(now)),
            key=lambda given: given.issued_at,
            default=None,
        )

    def deciding(self, now: datetime) -> Given | None:
        """The same, or the last one that there was."""
        last = max(self.approvals, key=lambda given: given.issued_at, default=None)
        return self.newest(now) or last

    def waived(self, policy: int, now: datetime) -> Waived | None:
        """The waiver that counts under a policy."""
        counting = (w for w in self.waivers if w.policy == policy and now < w.until)
        return next(counting, None)


@dataclass
class Oracle:
    """All versions by number, aliases, grants, the policies, the persons who may sign."""

    policy: Published
    signers: set[str]
    versions: dict[int, Known] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)
    grants: list[Granted] = field(default_factory=list)
    # What had been opened before its file was damaged: it may answer on until it is closed.
    open_before_damage: set[str] = field(default_factory=set)

    # --- Reviews -----------------------------------------------------------------------------

    def in_review(self) -> list[int]:
        """Versions with an open review."""
        return [number for number, known in self.versions.items() if known.review]

    def counting(self, number: int) -> set[str]:
        """Whose approval of the open review counts now."""
        known = self.versions[number]
        assert known.review is not None
        return known.review.approved_by & self.signers - known.hands

    def may_sign(self, number: int) -> set[str]:
        """Who may still sign the open review."""
        known = self.versions[number]
        assert known.review is not None
        return self.signers - known.hands - known.review.approved_by

    def has_quorum(self, number: int) -> bool:
        """Whether enough persons have signed the open review."""
        review = self.versions[number].review
        return bool(review and len(self.counting(number)) >= review.policy.terms.signers)

    def gates_let_through(self, number: int, now: datetime) -> bool:
        """Whether nothing blocks, or what blocks is waived as it was when it was submitted."""
        known = self.versions[number]
        assert known.review is not None
        policy = known.review.policy
        return policy.terms.floor or (
            known.review.waived is not None
            and known.waived(policy.number, now) is known.review.waived
        )

    def may_be_approved(self, number: int, now: datetime) -> bool:
        """Whether the notary may give an approval now."""
        known = self.versions[number]
        if known.damaged or not known.reads_as_submitted():
            return False
        return self.has_quorum(number) and self.gates_let_through(number, now)

    def must_be_approved(self, number: int, now: datetime) -> bool:
        """Whether there is nothing at all that the notary could take offence at."""
        known = self.versions[number]
        sure = known.review is not None and not known.review.uncertain and not known.was_damaged
        return sure and self.may_be_approved(number, now)

    def end_of(self, review: Submitted, issued_at: datetime) -> datetime:
        """When an approval by the review ends."""
        ends = issued_at + timedelta(days=review.policy.terms.days)
        return min(ends, review.waived.until) if review.waived else ends

    # --- What ends what ----------------------------------------------------------------------

    def end(self, number: int) -> None:
        """A version is revoked or retired: nothing that it was given holds any more."""
        known = self.versions[number]
        known.review = None
        for given in known.approvals:
            given.revoked = True
        for grant in self.grants:
            grant.ended |= grant.number == number

    def withdraw(self, number: int, waived: Waived, now: datetime) -> None:
        """A waiver is withdrawn, and with it what rests on it."""
        known = self.versions[number]
        known.waivers.remove(waived)
        known.touch(certainly=False)
        deciding = known.deciding(now)
        if deciding and not deciding.revoked and deciding.review.waived is waived:
            known.review = None
            for given in known.approvals:
                given.revoked = True

    def tick(self, now: datetime) -> None:
        """The clock has looked: what is older than a card or a policy is stale from then on."""
        for known in self.versions.values():
            given = known.newest(now)
            terms = given.review.policy.terms if given else None
            if given and terms and terms.stale_grace is not None and given.stale_since is None:
                edits = [at for at in known.card_edits if at > given.review.at]
                if self.policy.number != given.review.policy.number:
                    edits.append(max(self.policy.at, given.issued_at))
                given.stale_since = min(edits, default=None)
        for grant in self.grants:
            if not grant.signed or grant.ended:
                continue
            number = self.aliases.get(grant.alias)
            behind = self.versions[number].newest(now) if number else None
            if now >= grant.until:
                grant.ended = True
            elif number and behind and not behind.is_too_stale(now):
                # A damaged file the clock knows of only where the gate has said so.
                doubtful = self.versions[number].was_damaged
                grant.ended |= not doubtful
                grant.maybe_ended |= doubtful

    # --- What answers ------------------------------------------------------------------------

    def opened(self, now: datetime) -> dict[str, int]:
        """Approvals whose version may be held open, and its number."""
        holding = {number: known.newest(now) for number, known in self.versions.items()}
        return {given.id: number for number, given in holding.items() if given}

    def answers_number(self, number: int, now: datetime) -> set[str]:
        """Under which approval the version may answer by its number; NOBODY: a refusal."""
        known = self.versions[number]
        given = known.newest(now)
        if given is None or given.is_too_stale(now):
            return {NOBODY}
        return self._with_damage(known, given.id)

    def answers_alias(self, alias: str, now: datetime) -> set[str]:
        """Under which approval or grant an alias may answer."""
        number = self.aliases.get(alias)
        approved = self.answers_number(number, now) if number else {NOBODY}
        if NOBODY not in approved:
            return approved
        return (approved - {NOBODY}) | self._granted(alias, now)

    def _granted(self, alias: str, now: datetime) -> set[str]:
        for grant in reversed(self.grants):
            if grant.alias == alias and grant.is_on(now):
                allowed = self._with_damage(self.versions[grant.number], grant.id)
                return allowed | ({NOBODY} if grant.maybe_ended else set())
        return {NOBODY}

    def _with_damage(self, known: Known, given: str) -> set[str]:
        if not known.damaged:
            return {given}
        return {given, NOBODY} if given in self.open_before_damage else {NOBODY}
