"""The steps of the machine of `test_any_sequence` that persons, the notary and the clock take."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    multiple,
    precondition,
    rule,
)

from tests.inference.attacks import Attacks
from tests.inference.deeds import POLICIES, SIGNERS, Clock
from tests.inference.oracle import WHOLE
from tests.inference.site import Site
from tests.servers import Server
from tests.stage import Stage

ALIASES = ("champion", "shadow")
STRENGTHS = st.sampled_from((1.0, 0.5))
MOST_VERSIONS, MOST_SHEETS, SMALL = 4, 2, 10
SERVING, APPROVED, SIGNED, NOWHERE = "serving", "approved", "signed", "nowhere"
FAR = st.sampled_from((SERVING, SERVING, SERVING, APPROVED, SIGNED, NOWHERE))
MOST_STEPS = 6
MEANWHILE = HAND_BY_SQL, HAND_BY_ASKING, OTHER_EVIDENCE = "a hand", "a measurement", "evidence"
SERVED_HERE = "served here"
WHO_MAY = "somebody who may"
PERCENT = st.sampled_from((1, SMALL, SMALL + 1, 60))
alias = st.sampled_from(ALIASES)


class Steps(RuleBasedStateMachine):
    """One run. Class attributes are set before the first; `counts` tells of all runs together."""

    server: ClassVar[Server]
    template: ClassVar[Stage]
    folder: ClassVar[Path]
    counts: ClassVar[Counter[str]]

    versions = Bundle("versions")
    approvals = Bundle("approvals")

    def __init__(self) -> None:
        super().__init__()
        Clock.ahead = timedelta()
        self.counts["runs"] += 1
        self.checked = 0
        self.judged: set[str] = set()
        self.is_served = self.is_served_in_emergency = self.is_shared = False
        self.ends_by_revoking = False
        self.first: Callable[[Iterable[str]], str] = min
        self.share = SMALL
        self.site = Site(self.server, self.template, Path(tempfile.mkdtemp(dir=self.folder)))
        self.deeds = Attacks(self.site, self.counts)
        self.oracle = self.deeds.oracle

    @initialize(target=versions)
    def the_first_versions(self) -> Any:
        return multiple(1, 2)

    @initialize(
        target=approvals,
        policy=st.sampled_from(("brave", "fresh", *POLICIES)),
        far=FAR,
        beside=FAR,
        elsewhere=FAR,
        first=st.sampled_from((min, max)),
        share=st.sampled_from((SMALL, WHOLE)),
        ends_by_revoking=st.booleans(),
    )
    def begin(
        self,
        policy: str,
        far: str,
        beside: str,
        elsewhere: str,
        first: Callable[[Iterable[str]], str],
        share: int,
        ends_by_revoking: bool,
    ) -> Any:
        """Under one of the policies, and some steps on the way to service: of a version, of one
        beside it, of one that is used elsewhere. `first` says who is the first to sign, `share`
        for how much a challenger is submitted."""
        self.ends_by_revoking, self.first, self.share = ends_by_revoking, first, share
        if policy != "usual":
            self.deeds.publish(policy)
        goals = {1: far, 2: beside, -1: elsewhere}
        return multiple(*[made for n, goal in goals.items() for made in self._go_until(n, goal)])

    def _step(self) -> None:
        self.counts["steps"] += 1

    # --- Versions ----------------------------------------------------------------------------

    def _takes_versions(self) -> bool:
        return len(self.oracle.versions) - len(self.oracle.sheets()) < MOST_VERSIONS

    @precondition(_takes_versions)
    @rule(
        target=versions,
        by=st.sampled_from(("ada", "ada", "mira")),
        strength=STRENGTHS,
        ready=st.sampled_from((True, True, False)),
    )
    def upload(self, by: str, strength: float, ready: bool) -> int:
        self._step()
        return self.deeds.upload(by, strength, ready=ready)

    @precondition(_takes_versions)
    @rule(target=versions, parent=versions, strength=STRENGTHS)
    def derive(self, parent: int, strength: float) -> int:
        self._step()
        return self.deeds.upload("ada", strength, parent, ready=True)

    @rule(number=versions, by=st.sampled_from(("ada", "ben", "mira")), ends=st.booleans())
    def measure(self, number: int, by: str, ends: bool) -> None:
        """Whoever asks has a hand in it from then on; what is measured is other evidence."""
        self._step()
        self.deeds.measure(by, number, ends=ends)
        self.deeds.notary_round()

    @rule(
        number=versions,
        by=st.sampled_from(("ada", "ada", "ben", "mira", "carl")),
        text=st.sampled_from(("For screening.", "For triage.")),
    )
    def edit_card(self, number: int, by: str, text: str) -> None:
        self._step()
        self.deeds.describe(by, number, text)
        self.deeds.notary_round()

    # --- Reviews -----------------------------------------------------------------------------

    @precondition(lambda _self: Clock.near())
    @rule(name=st.sampled_from(sorted(POLICIES)))
    def publish_policy(self, name: str) -> None:
        self._step()
        self.deeds.publish(name)

    @rule(
        number=versions,
        by=st.sampled_from(("ada", "mira", "ben")),
        share=st.sampled_from((WHOLE, SMALL)),
    )
    def submit(self, number: int, by: str, share: int) -> None:
        self._step()
        if not self.oracle.versions[number].review:
            self.deeds.submit(by, number, share)

    @precondition(lambda self: self.oracle.in_review())
    @rule(
        data=st.data(),
        by=st.sampled_from((*[WHO_MAY] * 6, *SIGNERS, "ada", "cora")),
        decision=st.sampled_from((*["approve"] * 5, "reject", "request_changes")),
    )
    def sign(self, data: Any, by: str, decision: str) -> None:
        self._step()
        number = data.draw(st.sampled_from(self.oracle.in_review()))
        if by == WHO_MAY or by in self.deeds.closed:
            by = self.first(self.oracle.may_sign(number) or {"ada"})
        self.deeds.sign(by, number, decision)

    @precondition(lambda self: self.oracle.in_review())
    @rule(data=st.data(), by=st.sampled_from(("ada", "mira", "ben")))
    def withdraw(self, data: Any, by: str) -> None:
        self._step()
        self.deeds.withdraw(by, data.draw(st.sampled_from(self.oracle.in_review())))

    @precondition(lambda self: Clock.near() and not self.oracle.policy.terms.floor)
    @rule(number=versions, by=st.sampled_from(("mira", "nina", "ada")))
    def waive(self, number: int, by: str) -> None:
        self._step()
        if by not in self.deeds.closed:
            self.deeds.waive(by, number)

    @precondition(lambda self: any(known.waivers for known in self.oracle.versions.values()))
    @rule(data=st.data())
    def withdraw_waiver(self, data: Any) -> None:
        self._step()
        waived = [n for n, known in self.oracle.versions.items() if known.waivers]
        self.deeds.withdraw_waiver(data.draw(st.sampled_from(waived)))

    @rule(target=approvals)
    def notary_round(self) -> Any:
        self._step()
        return multiple(*self.deeds.notary_round())

    def _go_on(self, number: int) -> list[str]:
        """What comes next on the way to service, by somebody who may."""
        self._step()
        known, now = self.oracle.versions[number], timezone.now()
        if not known.review:
            policy = self.oracle.policy_of(number)
            if known.newest(now):
                self._serve(number)
            elif policy.terms.floor or known.waived(policy.number, now):
                self.deeds.submit("ada", number, WHOLE if number % 2 else self.share)
            elif Clock.near():
                self.deeds.waive(min(self.oracle.signers - known.hands, default="mira"), number)
        elif self.oracle.has_quorum(number) or not self.oracle.may_sign(number):
            return self.deeds.notary_round()
        else:
            self.deeds.sign(self.first(self.oracle.may_sign(number)), number, "approve")
        return []

    def _go_until(self, number: int, goal: str) -> list[str]:
        """So far on the way, or as far as it leads; new approvals."""
        made: list[str] = []
        for _ in range(MOST_STEPS):
            holds = bool(self.oracle.versions[number].newest(timezone.now()))
            serving = {
                *self.oracle.aliases.values(),
                *(s.number for s in self.oracle.splits.values()),
            }
            reached = {
                NOWHERE: True,
                SIGNED: holds or self.oracle.has_quorum(number),
                APPROVED: holds,
                SERVING: number in serving,
            }
            if reached[goal]:
                break
            made += self._go_on(number)
        return made

    def _serve(self, number: int) -> None:
        """Alias or, for what is even, a share of it, and then the alias."""
        name = ALIASES[0]
        if number < 0:
            self.deeds.misuse(number, name, near=Clock.near())
        elif number % 2 or name not in self.oracle.aliases or name in self.oracle.splits:
            self.deeds.promote("mira", number, name)
        else:
            self.deeds.split("mira", number, name, SMALL)

    # Under two names, so that something comes of most runs.
    @rule(target=approvals, number=versions)
    def somebody_goes_on(self, number: int) -> Any:
        return multiple(*self._go_on(number))

    @rule(target=approvals, number=st.sampled_from((1, 1, 2)))
    def somebody_goes_on_with_the_first(self, number: int) -> Any:
        return multiple(*self._go_on(number))

    @rule(target=approvals, data=st.data())
    def somebody_goes_on_with_a_sheet(self, data: Any) -> Any:
        return multiple(*self._go_on(data.draw(st.sampled_from(self.oracle.sheets()))))

    def _not_approved(self) -> list[int]:
        now = timezone.now()
        return sorted(n for n, known in self.oracle.versions.items() if not known.newest(now))

    @precondition(lambda self: bool(self._not_approved()))
    @rule(target=approvals, data=st.data(), what=st.sampled_from(MEANWHILE))
    def something_happens_before_the_notary_looks(self, data: Any, what: str) -> Any:
        """After the last signature: who signed gets a hand in it, or what was read changes."""
        number = data.draw(st.sampled_from(self._not_approved()))
        made = self._go_until(number, SIGNED)
        if self.oracle.has_quorum(number):
            self._happens(what if number > 0 else SERVED_HERE, number)
            made += self.deeds.notary_round()
        return multiple(*made)

    def _happens(self, what: str, number: int) -> None:
        self._step()
        if what == SERVED_HERE:
            self.deeds.enter(served_here=True)
        elif what == HAND_BY_ASKING:
            self.deeds.measure("mira", number, ends=False)
        elif what == OTHER_EVIDENCE:
            self.deeds.measure("ada", number, ends=True)
        else:
            self.deeds.sql_adds_hand(number, min(self.oracle.counting(number)))
        self.counts["changed before the notary"] += 1

    # --- What is not served here -------------------------------------------------------------

    @precondition(lambda self: len(self.oracle.sheets()) < MOST_SHEETS)
    @rule()
    def declare(self) -> None:
        self._step()
        self.deeds.declare()

    @rule(served_here=st.booleans())
    def the_register_says(self, served_here: bool) -> None:
        self._step()
        self.deeds.enter(served_here=served_here)
        self.deeds.notary_round()

    @rule(data=st.data(), by=st.sampled_from(("mira", "ada")))
    def revoke_a_sheet(self, data: Any, by: str) -> None:
        self._step()
        self.deeds.revoke(by, data.draw(st.sampled_from(self.oracle.sheets())))

    # --- Approvals ---------------------------------------------------------------------------

    @rule(number=versions, by=st.sampled_from(("mira", "mira", "nina")), alias=alias)
    def promote(self, number: int, by: str, alias: str) -> None:
        self._step()
        self.deeds.promote(by, number, alias)

    @precondition(lambda self: self.oracle.aliases)
    @rule(
        number=versions, by=st.sampled_from(("mira", "mira", "nina")), alias=alias, percent=PERCENT
    )
    def split(self, number: int, by: str, alias: str, percent: int) -> None:
        self._step()
        self.deeds.split(by, number, alias, percent)

    @precondition(lambda self: self.oracle.splits)
    @rule(data=st.data(), by=st.sampled_from(("mira", "ben")))
    def end_split(self, data: Any, by: str) -> None:
        self._step()
        self.deeds.end_split(by, data.draw(st.sampled_from(sorted(self.oracle.splits))))

    @rule(number=versions, by=st.sampled_from(("mira", "cora", "ada")))
    def revoke(self, number: int, by: str) -> None:
        self._step()
        self.deeds.revoke(by, number)

    @precondition(lambda self: len(self.oracle.versions) > 1)
    @rule(number=versions)
    def retire(self, number: int) -> None:
        self._step()
        self.deeds.retire(number)

    @precondition(
        lambda self: Clock.near() and self.deeds.grants_left
        and self.oracle.policy.terms.emergency_hours
    )  # fmt: skip
    @rule(number=versions, alias=alias)
    def grant_an_emergency(self, number: int, alias: str) -> None:
        self._step()
        self.deeds.grant(number, alias)
        self.deeds.notary_round()

    @precondition(lambda self: self.oracle.grants)
    @rule(data=st.data(), by=st.sampled_from(("mira", "cora", "ada")))
    def end_an_emergency(self, data: Any, by: str) -> None:
        self._step()
        self.deeds.end_grant(by, data.draw(st.sampled_from(self.oracle.grants)))

    # --- Persons, keys, the clock ------------------------------------------------------------

    @precondition(lambda self: len(self.oracle.signers) > 2)
    @rule(name=st.sampled_from(("ben", "cleo", "nina")), closed=st.booleans())
    def a_signer_leaves(self, name: str, closed: bool) -> None:
        self._step()
        if name in self.oracle.signers:
            (self.deeds.close if closed else self.deeds.demote)(name)

    @precondition(lambda self: Clock.near() and len(self.oracle.signers) < len(SIGNERS))
    @rule()
    def signers_come_back(self) -> None:
        self._step()
        self.deeds.reinstate()

    @rule()
    def rotate_keys(self) -> None:
        self._step()
        self.deeds.rotate_keys()

    @rule(hours=st.sampled_from((1, 5, 5, 24, 24 * 31, 24 * 340)))
    def time_passes(self, hours: int) -> None:
        self._step()
        self.deeds.time_passes(hours)

    @rule()
    def clock_ticks(self) -> None:
        self._step()
        self.deeds.clock_ticks()

    @rule()
    def serving_restarts(self) -> None:
        self._step()
        self.site.restart_serving()
        self.oracle.open_before_damage.clear()
        self.counts["restart"] += 1
