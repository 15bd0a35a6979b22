"""What can be done in a run: each verb through the product's services, told to the oracle after."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar, TypeVar

from django.utils import timezone

from accounts.services import deactivate_user, remove_role
from common.errors import DomainError
from evaluation.services import request_run
from governance.approvals.expiry import end_expired, remind
from governance.approvals.releases import promote, retire, revoke
from governance.approvals.staleness import find_stale
from governance.emergencies.services import end_emergencies, end_emergency
from governance.models import Approval, EmergencyGrant, Review, ReviewState, Waiver
from governance.policy.documents import DEFAULTS
from governance.services import submit, withdraw
from governance.splits.ending import end_lapsed_splits
from governance.waivers.services import withdraw_waiver
from registry.services import edit_card
from tests.cast import give, password_of, the_team, user_of, who
from tests.factories import emergencies, tiny, verbs, waivers
from tests.inference.oracle import (
    WHOLE,
    Given,
    Granted,
    Known,
    Oracle,
    Published,
    Submitted,
    Terms,
    Waived,
)
from tests.inference.site import FURNISHED, Site

Result = TypeVar("Result")
SIGNERS = {"ben": "reviewer", "cleo": "reviewer", "nina": "reviewer", "mira": "manager"}
STRICT = {
    "metrics": [{"metric": "accuracy", "limit": 0.9999, "bound": "value"}],
    "waivable": waivers.WAIVABLE,
}
THREE = {"signers": {"count": 3, "roles": ["reviewer", "manager"]}, "validity_days": 40}
POLICIES: dict[str, tuple[Terms, dict[str, Any]]] = {
    "usual": (Terms("usual"), {}),
    "strict": (Terms("strict", floor=False), STRICT),
    "brave": (Terms("brave", emergency_hours=48), {"emergency_hours": 48}),
    "three": (Terms("three", signers=3, days=40), THREE),
    "fresh": (Terms("fresh", stale_grace=timedelta(hours=1)), {"stale_grace_s": 3600}),
}
FOR_SHEETS = Terms("sheets", signers=1, days=730, emergency_hours=48)
WAIVED_DAYS, GRANTED_HOURS = 30, 4
AT_MIDNIGHT = datetime.min.time()


class Clock:
    """How far the clock of the programs is ahead; that of the database goes on as it does."""

    ahead: ClassVar[timedelta] = timedelta()

    @classmethod
    def near(cls) -> bool:
        """Whether the database still takes what is dated now: by its own clock, within a day."""
        return cls.ahead < timedelta(hours=20)


class Deeds:
    """The verbs of one run. `counts` tells of all runs together: done, or refused."""

    def __init__(self, site: Site, counts: Counter[str]) -> None:
        self.site = site
        self.counts = counts
        usual, sheets = (
            Published(t, 0, timezone.now()) for t in (POLICIES["usual"][0], FOR_SHEETS)
        )
        self.oracle = Oracle(usual, sheets, set(SIGNERS))
        for number, strength in FURNISHED.items():
            digest, elsewhere = site.version(number).digest, number < 0
            known = Known(digest, strength, {"ada"}, elsewhere=elsewhere)
            self.oracle.versions[number] = known
        self.grants_left = 2
        self.closed: set[str] = set()

    def _does(self, verb: str, act: Callable[[], Result]) -> Result | None:
        """What the verb gives, None where it is refused; both are counted."""
        try:
            done = act()
        except DomainError:
            self.counts[f"{verb}, refused"] += 1
            return None
        self.counts[verb] += 1
        return done

    def _review(self, number: int) -> Review:
        open_ones = Review.objects.filter(
            version=self.site.version(number), state__in=(ReviewState.OPEN, ReviewState.QUORUM)
        )
        return open_ones.select_related("version__model", "policy", "opened_by").get()

    # --- Versions ----------------------------------------------------------------------------

    def upload(self, by: str, strength: float, parent: int = 0, *, ready: bool) -> int:
        """A further version, derived from another one if there is a parent; its number."""
        hands = {by}
        more: dict[str, Any] = {}
        if parent:
            more = {"parent": self.site.version(parent), "kind": "compressed"}
            hands |= self.oracle.versions[parent].hands
        model = self.site.version(1).model
        made = verbs.another(who(by), model, strength=strength, **more)
        self.counts["derive" if parent else "upload"] += 1
        # The true bytes have come again, so they are whole for whoever has the same.
        for other in self.oracle.versions.values():
            other.damaged &= other.strength != strength
        known = Known(made.digest, strength, hands)
        if ready:
            verbs.make_ready(who("ada"), made, strength=strength)
            known.hands.add("ada")
        self.oracle.versions[made.number] = known
        return made.number

    def measure(self, by: str, number: int, *, ends: bool) -> None:
        """An evaluation that reads otherwise than all before; or one whose job has not ended."""
        known, version = self.oracle.versions[number], self.site.version(number)
        verb = "measure" if ends else "ask to measure"
        wishes: dict[str, Any] = {"dataset": verbs.dataset(), "seed": known.measured + 2}
        run = self._does(
            verb, lambda: request_run(caller=who(by), version=version, resamples=100, **wishes)
        )
        if run is None:
            return
        known.hands.add(by)
        known.touch(certainly=False)
        if ends:
            known.measured += 1
            verbs.complete(run, strength=known.strength, seed=wishes["seed"])

    def describe(self, by: str, number: int, text: str) -> None:
        """Another card."""
        known, card = self.oracle.versions[number], tiny.CARD | {"intended_use": text}
        version = self.site.version(number)
        if self._does(
            "edit card", lambda: edit_card(caller=who(by), version=version, content=card)
        ):
            known.hands.add(by)
            known.card = text
            known.card_edits.append(timezone.now())
            known.touch(certainly=False)

    # --- Policies and reviews ----------------------------------------------------------------

    def publish(self, name: str) -> None:
        """Another policy comes into force, by two persons."""
        terms, changes = POLICIES[name]
        document = DEFAULTS["medium"].as_dict() | changes
        if self._does("publish", lambda: self.site.publish(name, document, the_team())):
            at, number = timezone.now(), self.oracle.policy.number + 1
            self.oracle.policy = Published(terms, number, at)

    def submit(self, by: str, number: int, share: int = WHOLE) -> None:
        """Ask for approval, for a share of an alias's calls or all of them."""
        known, version = self.oracle.versions[number], self.site.version(number)
        scope = {"traffic_share": share} if share < WHOLE else {}
        if self._does("submit", lambda: submit(caller=who(by), version=version, scope=scope)):
            policy, now = self.oracle.policy_of(number), timezone.now()
            assert self.oracle.inventory or not known.elsewhere, known
            waived = None if policy.terms.floor else known.waived(policy.number, now)
            known.review = Submitted(policy, now, known.card, known.measured, waived, share)

    def sign(self, by: str, number: int, decision: str) -> None:
        """A decision of somebody who may, or may not."""
        known, review = self.oracle.versions[number], self._review(number)
        said = known.review
        assert said is not None
        if self._does(decision, lambda: verbs.put(by, review, decision=decision)):
            assert by in self.oracle.may_sign(number), (by, known)
            if decision != "approve":
                known.rejected |= decision == "reject"
                known.review = None
                return
            assert known.reads_as_submitted(), known
            assert self.oracle.gates_let_through(number, timezone.now()), known
            said.approved_by.add(by)

    def withdraw(self, by: str, number: int) -> None:
        """A review is taken back."""
        review = self._review(number)
        if self._does("withdraw", lambda: withdraw(caller=who(by), review=review)):
            self.oracle.versions[number].review = None

    def waive(self, by: str, number: int) -> None:
        """Somebody answers for the accuracy."""
        known, until = self.oracle.versions[number], waivers.in_days(WAIVED_DAYS)
        version = self.site.version(number)
        waiver = self._does("waive", lambda: waivers.give(by, version, expires_on=until))
        if waiver:
            assert by in self.oracle.signers - known.hands, (by, known)
            policy = self.oracle.policy.number
            ends = datetime.combine(until, AT_MIDNIGHT, tzinfo=UTC)
            known.waivers.append(Waived(waiver.digest, policy, ends))
            if known.review and known.review.policy.number == policy:
                known.touch(certainly=True)

    def withdraw_waiver(self, number: int) -> None:
        """The last waiver is withdrawn."""
        waived = self.oracle.versions[number].waivers[-1]
        row = Waiver.objects.get(digest=waived.id)
        act = partial(withdraw_waiver, caller=who("mira"), waiver=row, reason="No longer.")
        if self._does("withdraw waiver", act):
            self.oracle.withdraw(number, waived, timezone.now())

    # --- Approvals ---------------------------------------------------------------------------

    def promote(self, by: str, number: int, alias: str) -> None:
        """An alias moves."""
        version = self.site.version(number)
        act = partial(promote, caller=who(by), version=version, alias=alias, reason="Better.")
        if self._does("promote", act):
            given = self.holding(number)
            assert given.share == WHOLE, given
            self.oracle.aliases[alias] = number
            self.oracle.splits.pop(alias, None)

    def holding(self, number: int) -> Given:
        """The approval by which the version may answer now, which there has to be."""
        known = self.oracle.versions[number]
        given = known.newest(timezone.now())
        assert given, known
        assert not known.elsewhere, known
        assert not given.is_too_stale(timezone.now()), given
        return given

    def revoke(self, by: str, number: int) -> None:
        """The approvals and grants of a version end."""
        version = self.site.version(number)
        if self._does(
            "revoke",
            lambda: revoke(
                caller=who(by), version=version, reason="Wrong.", password=password_of(by)
            ),
        ):
            self.oracle.end(number)

    def retire(self, number: int) -> None:
        """A version goes for good."""
        version = self.site.version(number)
        if self._does("retire", partial(retire, caller=who("mira"), version=version, reason="Old")):
            assert number not in [shared.number for shared in self.oracle.splits.values()]
            self.oracle.versions[number].retired = True
            self.oracle.end(number)

    def grant(self, number: int, alias: str) -> None:
        """Two managers let a version answer for some hours."""
        self.grants_left -= 1
        name, number_there = self.site.place_of(number)
        wish = {"model": name, "version": number_there, "alias": alias, "hours": GRANTED_HOURS}
        policy, now = self.oracle.policy_of(number), timezone.now()
        row = self._does(
            "grant", lambda: emergencies.confirmed(emergencies.proposed("dan", **wish), "gus")
        )
        if row:
            assert policy.terms.emergency_hours >= GRANTED_HOURS, policy
            assert not self.oracle.versions[number].elsewhere, number
            until = now + timedelta(hours=GRANTED_HOURS)
            self.oracle.grants.append(Granted(str(row.pk), number, alias, policy, until))

    def end_grant(self, by: str, grant: Granted) -> None:
        """Somebody stops it before its time."""
        row = EmergencyGrant.objects.select_related("version__model").get(pk=grant.id)
        act = partial(end_emergency, caller=who(by), grant=row, reason="It is over.")
        if self._does("end grant", act):
            grant.ended = True

    # --- Persons -----------------------------------------------------------------------------

    def demote(self, name: str) -> None:
        """A signer loses his role."""
        root, team = who("root"), the_team()
        user, role = user_of(name), SIGNERS[name]
        remove_role(caller=root, team=team, user=user, role=role)
        self._is_gone(name, "demote")

    def close(self, name: str) -> None:
        """A signer's login is closed."""
        deactivate_user(caller=who("root"), user=user_of(name))
        self.closed.add(name)
        self._is_gone(name, "deactivate")

    def _is_gone(self, name: str, verb: str) -> None:
        self.counts[verb] += 1
        self.oracle.signers.discard(name)
        # A quorum that fell apart is reported again by the next signature only.
        for known in self.oracle.versions.values():
            known.touch(certainly=False)

    def reinstate(self) -> None:
        """Those who were demoted get their roles again, by two persons."""
        for name in sorted(set(SIGNERS) - self.oracle.signers - self.closed):
            give([(name, SIGNERS[name])])
            self.counts["reinstate"] += 1
            self.oracle.signers.add(name)

    # --- Notary and clock --------------------------------------------------------------------

    def notary_round(self) -> list[str]:
        """What the notary approves, the oracle would, and the other way round; new approvals."""
        now = timezone.now()
        due = [n for n in self.oracle.versions if self.oracle.must_be_approved(n, now)]
        may = [n for n in self.oracle.versions if self.oracle.may_be_approved(n, now)]
        self.site.notary_round()
        given = self._note_approvals(set(may))
        self._note_grants()
        self.counts["notary round"] += 1
        assert set(due) <= {number for number, _ in given}, (due, given)
        return [one for _, one in given]

    def _note_approvals(self, may: set[int]) -> Iterable[tuple[int, str]]:
        told = [one.id for known in self.oracle.versions.values() for one in known.approvals]
        new = []
        for row in Approval.objects.exclude(pk__in=told).select_related("version__model"):
            number = self.site.number_of(row.version)
            known, review = self.oracle.versions[number], self.oracle.versions[number].review
            assert number in may, (number, known)
            assert review is not None
            given = Given(str(row.pk), review, row.issued_at, row.not_after)
            expected = self.oracle.end_of(review, timezone.now())
            assert abs(given.ends_at - expected) < timedelta(minutes=1), (given, expected)
            known.approvals.append(given)
            known.review = None
            new.append((number, given.id))
            what = "approved for use elsewhere" if known.elsewhere else "approved by the notary"
            self.counts[what] += 1
        return new

    def _note_grants(self) -> None:
        for grant in self.oracle.grants:
            if grant.signed or grant.ended:
                continue
            known = self.oracle.versions[grant.number]
            row = EmergencyGrant.objects.get(pk=grant.id)
            still = grant.policy.number == self.oracle.policy.number and not known.retired
            may = still and not known.damaged and timezone.now() < grant.until
            grant.signed, grant.ended = hasattr(row, "attestation"), hasattr(row, "end")
            assert may or not grant.signed, (grant, known)
            assert grant.signed or not may or known.was_damaged or known.rejected, grant
            grant.key = self.oracle.key
            self.counts["grant, by the notary"] += grant.signed

    def rotate_keys(self) -> None:
        """The next step of a rotation."""
        ended = self.site.rotate_keys()
        self.oracle.rotate(ended=ended)
        self.counts["keys ended" if ended else "keys introduced"] += 1

    def time_passes(self, hours: int) -> None:
        """The clock of the programs moves on."""
        Clock.ahead += timedelta(hours=hours)
        self.counts["time passes"] += 1

    def clock_ticks(self) -> None:
        """The clock's process does what is due."""
        now = timezone.now()
        end_expired()
        remind()
        stale = find_stale()
        end_emergencies()
        lapsed = end_lapsed_splits()
        self.oracle.tick(now)
        self.counts["clock"] += 1
        self.counts["stale"] += stale
        self.counts["split lapsed"] += lapsed
