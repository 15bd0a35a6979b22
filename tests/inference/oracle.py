"""What may answer, by an account of its own: told of every verb that succeeded, it reads no table.

It imports nothing of the product and says the rules again in its own words: enough different
persons with a signing role and no hand in the version signed what was submitted, nothing of it has
changed until the notary looked, and the approval is neither over, nor taken back, nor stale for too
long, nor for use elsewhere; or two managers granted some hours under one alias, and nobody has
ended them. A challenger answers its share of an alias's calls where its approval is for as much.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

NOBODY = ""
WHOLE = 100
Call = tuple[str, int]
"""Under which approval or grant a call is answered, and the share; (NOBODY, 0): a refusal."""


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

    `measured` counts what was measured of the version before, `share` is of an alias's calls.
    `uncertain`: something happened that may or may not have changed what was read, or whether it
    is shown to the notary.
    """

    policy: Published
    at: datetime
    card: str
    measured: int
    waived: Waived | None
    share: int = WHOLE
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

    @property
    def share(self) -> int:
        """For how much of an alias's calls it is, in percent."""
        return self.review.share

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
    """Hours under an alias without an approval, signed by the notary's `key`, counted.

    `maybe_ended`: the clock may have ended it.
    """

    id: str
    number: int
    alias: str
    policy: Published
    until: datetime
    signed: bool = False
    ended: bool = False
    maybe_ended: bool = False
    key: int = 0

    def is_on(self, now: datetime) -> bool:
        """Whether it may answer."""
        return self.signed and not self.ended and now < self.until


@dataclass
class Shared:
    """A challenger's share of an alias; `given` is the approval that it was given under."""

    number: int
    percent: int
    given: Given


@dataclass
class Known:
    """A version: its bytes, who had a hand in it, what was said and given.

    `elsewhere`: of a model that is not served here, so that nothing ever answers with it.
    """

    digest: str
    strength: float
    hands: set[str]
    card: str = ""
    card_edits: list[datetime] = field(default_factory=list)
    measured: int = 0
    elsewhere: bool = False
    review: Submitted | None = None
    approvals: list[Given] = field(default_factory=list)
    waivers: list[Waived] = field(default_factory=list)
    damaged: bool = False
    was_damaged: bool = False
    retired: bool = False
    rejected: bool = False

    def reads_as_submitted(self) -> bool:
        """Whether what was submitted is what stands there, as far as the oracle knows."""
        shown = self.review
        if not shown or shown.changed:
            return False
        return (shown.card, shown.measured) == (self.card, self.measured)

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
    """All versions by number, aliases, grants, shares, the policies, the persons who may sign.

    Numbers below 0 are of the model that is not served here, as long as the register says so
    (`inventory`); `for_sheets` is its policy.
    """

    policy: Published
    for_sheets: Published
    signers: set[str]
    versions: dict[int, Known] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)
    grants: list[Granted] = field(default_factory=list)
    splits: dict[str, Shared] = field(default_factory=dict)
    inventory: bool = True
    key: int = 0
    # What had been opened before its file was damaged: it may answer on until it is closed.
    open_before_damage: set[str] = field(default_factory=set)

    # --- Reviews -----------------------------------------------------------------------------

    def policy_of(self, number: int) -> Published:
        """The policy that is in force for a version."""
        return self.for_sheets if self.versions[number].elsewhere else self.policy

    def sheets(self) -> list[int]:
        """Versions that are not served here."""
        return [number for number, known in self.versions.items() if known.elsewhere]

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
        if known.elsewhere and not self.inventory:
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
        self._revoke(number)
        for grant in self.grants:
            grant.ended |= grant.number == number

    def rotate(self, *, ended: bool) -> None:
        """The notary's next key comes, or the former one ends: it vouches for no grant then."""
        if not ended:
            self.key += 1
            return
        for grant in self.grants:
            grant.ended |= grant.signed and grant.key < self.key

    def _revoke(self, number: int) -> None:
        for given in self.versions[number].approvals:
            given.revoked = True
        self._end_splits(lambda shared: shared.number == number)

    def _end_splits(self, ends: Callable[[Shared], bool]) -> None:
        for alias in [alias for alias, shared in self.splits.items() if ends(shared)]:
            del self.splits[alias]

    def withdraw(self, number: int, waived: Waived, now: datetime) -> None:
        """A waiver is withdrawn, and with it what rests on it."""
        known = self.versions[number]
        known.waivers.remove(waived)
        known.touch(certainly=False)
        deciding = known.deciding(now)
        if deciding and not deciding.revoked and deciding.review.waived is waived:
            known.review = None
            self._revoke(number)

    def tick(self, now: datetime) -> None:
        """The clock has looked: what is older than a card or a policy is stale from then on."""
        for number, known in self.versions.items():
            given, policy = known.newest(now), self.policy_of(number)
            terms = given.review.policy.terms if given else None
            if given and terms and terms.stale_grace is not None and given.stale_since is None:
                edits = [at for at in known.card_edits if at > given.review.at]
                if policy.number != given.review.policy.number:
                    edits.append(max(policy.at, given.issued_at))
                given.stale_since = min(edits, default=None)
        for grant in self.grants:
            if not grant.signed or grant.ended:
                continue
            if now >= grant.until:
                grant.ended = True
            else:
                self._end_what_an_approval_took_over(grant, now)
        self._end_splits(lambda shared: not self.versions[shared.number].newest(now))

    def _end_what_an_approval_took_over(self, grant: Granted, now: datetime) -> None:
        number = self.aliases.get(grant.alias)
        behind = self.versions[number].newest(now) if number else None
        if not number or not behind or behind.is_too_stale(now):
            return
        # A damaged file the clock knows of only where the gate has said so.
        covered = {
            share <= behind.share for share in self._left_as_the_clock_sees(grant.alias, now)
        }
        doubtful = self.versions[number].was_damaged or len(covered) > 1
        if True in covered:
            grant.ended |= not doubtful
            grant.maybe_ended |= doubtful

    def _left_as_the_clock_sees(self, alias: str, now: datetime) -> set[int]:
        left = {WHOLE - percent for _given, percent in self._challenging(alias, now)}
        shared = self.splits.get(alias)
        if shared and self.versions[shared.number].was_damaged:
            left |= {WHOLE, WHOLE - shared.percent}
        return left

    # --- What answers ------------------------------------------------------------------------

    def opened(self, now: datetime) -> dict[str, int]:
        """Approvals whose version may be held open, and its number."""
        holding = {
            number: known.newest(now)
            for number, known in self.versions.items()
            if not known.elsewhere
        }
        return {given.id: number for number, given in holding.items() if given}

    def answers_number(self, number: int, now: datetime) -> set[Call]:
        """How the version may answer by its number, which nobody shares."""
        return {(given, WHOLE if given else 0) for given in self._approved(number, WHOLE, now)}

    def answers_alias(self, alias: str, place: int, now: datetime) -> set[Call]:
        """How a call of the alias may be answered that has this place among a hundred."""
        allowed: set[Call] = set()
        for given, percent in self._challenging(alias, now):
            if place < percent:
                allowed.add((given, percent))
            else:
                allowed |= self._of_holder(alias, WHOLE - percent, now)
        return allowed

    def _challenging(self, alias: str, now: datetime) -> set[Call]:
        """The challenger that may answer, with its share."""
        shared = self.splits.get(alias)
        if shared is None:
            return {(NOBODY, 0)}
        approved = self._approved(shared.number, shared.percent, now)
        return {(given, shared.percent if given else 0) for given in approved}

    def _of_holder(self, alias: str, share: int, now: datetime) -> set[Call]:
        """The holder for the rest, or what is granted in its place."""
        number = self.aliases.get(alias)
        approved = self._approved(number, share, now) if number else {NOBODY}
        allowed = {(given, share) for given in approved if given}
        if NOBODY in approved:
            allowed |= {(grant, share if grant else 0) for grant in self._granted(alias, now)}
        return allowed

    def _approved(self, number: int, share: int, now: datetime) -> set[str]:
        """Under which approval the version may answer so much."""
        known = self.versions[number]
        given = known.newest(now)
        if given is None or given.is_too_stale(now) or share > given.share or known.elsewhere:
            return {NOBODY}
        return self._with_damage(known, given.id)

    def _granted(self, alias: str, now: datetime) -> set[str]:
        for grant in reversed(self.grants):
            if grant.alias == alias and grant.is_on(now):
                allowed = self._with_damage(self.versions[grant.number], grant.id)
                return allowed | ({NOBODY} if grant.maybe_ended else set())
        return {NOBODY}

    def _with_damage(self, known: Known, given: str) -> set[str]:
        may_be_open = not known.damaged or given in self.open_before_damage
        return ({given} if may_be_open else set()) | ({NOBODY} if known.damaged else set())
