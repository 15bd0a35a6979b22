"""The machine of `test_any_sequence`: which verb comes next, and what must hold after each."""

import sys
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from audit.models import AuditEvent
from audit.verification import defects_of
from governance.models import Approval, EmergencyAttestation
from inference.predicting import Answer
from tests.factories import tiny
from tests.inference.deeds import POLICIES, SIGNERS, Clock, Deeds
from tests.inference.judge import why_not
from tests.inference.oracle import NOBODY, Known
from tests.inference.outside import check_the_log, forgeries_of, whole_export
from tests.inference.site import FORBIDDEN, Site
from tests.servers import Server
from tests.stage import Stage

ALIASES = ("champion", "shadow")
STRENGTHS = st.sampled_from((1.0, 0.5))
MOST_VERSIONS, EXPORT_EVERY, A_LONG_TIME = 4, 10, 24 * 1000
WHO_MAY = "somebody who may"
alias = st.sampled_from(ALIASES)


class AnySequence(RuleBasedStateMachine):
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
        self.is_served = self.is_served_in_emergency = self.ends_by_revoking = False
        self.site = Site(self.server, self.template, Path(tempfile.mkdtemp(dir=self.folder)))
        self.deeds = Deeds(self.site, self.counts)
        self.oracle = self.deeds.oracle

    @initialize(target=versions)
    def the_first_version(self) -> int:
        return 1

    @initialize(
        target=approvals,
        policy=st.sampled_from(("brave", "fresh", *POLICIES)),
        far=st.sampled_from((0, 3, 4, 5, 5, 6)),
        ends_by_revoking=st.booleans(),
    )
    def begin(self, policy: str, far: int, ends_by_revoking: bool) -> Any:
        """Under one of the policies, and some steps on the way to service."""
        self.ends_by_revoking = ends_by_revoking
        if policy != "usual":
            self.deeds.publish(policy)
        return multiple(*[made for _ in range(far) for made in self._go_on(1)])

    def _step(self) -> None:
        self.counts["steps"] += 1

    # --- Versions ----------------------------------------------------------------------------

    @precondition(lambda self: len(self.oracle.versions) < MOST_VERSIONS)
    @rule(
        target=versions,
        by=st.sampled_from(("ada", "ada", "mira")),
        strength=STRENGTHS,
        ready=st.sampled_from((True, True, False)),
    )
    def upload(self, by: str, strength: float, ready: bool) -> int:
        self._step()
        return self.deeds.upload(by, strength, ready=ready)

    @precondition(lambda self: len(self.oracle.versions) < MOST_VERSIONS)
    @rule(target=versions, parent=versions, strength=STRENGTHS)
    def derive(self, parent: int, strength: float) -> int:
        self._step()
        return self.deeds.upload("ada", strength, parent, ready=True)

    @rule(number=versions, by=st.sampled_from(("ada", "ada", "ben")))
    def measure(self, number: int, by: str) -> None:
        self._step()
        self.deeds.measure(by, number)

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

    @rule(number=versions, by=st.sampled_from(("ada", "mira", "ben")))
    def submit(self, number: int, by: str) -> None:
        self._step()
        if not self.oracle.versions[number].review:
            self.deeds.submit(by, number)

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
            by = min(self.oracle.may_sign(number), default="ada")
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
            if known.newest(now):
                self.deeds.promote("mira", number, ALIASES[0])
            elif self.oracle.policy.terms.floor or known.waived(self.oracle.policy.number, now):
                self.deeds.submit("ada", number)
            elif Clock.near():
                self.deeds.waive(min(self.oracle.signers - known.hands, default="mira"), number)
        elif self.oracle.has_quorum(number) or not self.oracle.may_sign(number):
            return self.deeds.notary_round()
        else:
            self.deeds.sign(min(self.oracle.may_sign(number)), number, "approve")
        return []

    # Under two names, so that something comes of most runs.
    @rule(target=approvals, number=versions)
    def somebody_goes_on(self, number: int) -> Any:
        return multiple(*self._go_on(number))

    @rule(target=approvals)
    def somebody_goes_on_with_the_first(self) -> Any:
        return multiple(*self._go_on(1))

    # --- Approvals ---------------------------------------------------------------------------

    @rule(number=versions, by=st.sampled_from(("mira", "mira", "nina")), alias=alias)
    def promote(self, number: int, by: str, alias: str) -> None:
        self._step()
        self.deeds.promote(by, number, alias)

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
        ended = self.site.rotate_keys()
        self.counts["keys ended" if ended else "keys introduced"] += 1

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

    # --- Attacks -----------------------------------------------------------------------------

    @rule(number=versions)
    def damage(self, number: int) -> None:
        self._step()
        if not self.oracle.versions[number].damaged:
            self.deeds.damage(number)

    @rule(statement=st.sampled_from(FORBIDDEN))
    def sql_that_is_refused(self, statement: str) -> None:
        self._step()
        self.deeds.sql_that_is_refused(statement)

    @rule(number=versions, alias=alias)
    def sql_moves_alias(self, number: int, alias: str) -> None:
        self._step()
        self.deeds.sql_moves_alias(number, alias)

    @precondition(lambda self: self.oracle.in_review())
    @rule(data=st.data())
    def sql_claims_quorum(self, data: Any) -> None:
        self._step()
        self.deeds.sql_claims_quorum(data.draw(st.sampled_from(self.oracle.in_review())))
        self.deeds.notary_round()

    @rule(number=versions, name=st.sampled_from(("ben", "cleo")))
    def sql_adds_hand(self, number: int, name: str) -> None:
        self._step()
        review = self.oracle.versions[number].review
        self.deeds.sql_adds_hand(
            number, min(review.approved_by if review else [name], default=name)
        )
        self.deeds.notary_round()

    @rule(approval=approvals)
    def forge_an_envelope(self, approval: str) -> None:
        """Whoever owns the database puts other bytes in its place: the gate opens to none."""
        self._step()
        for envelope in forgeries_of(self.site, approval):
            with self.site.forged(approval, envelope):
                assert not self.site.passes_gate(approval), envelope
            self.counts["forged envelope"] += 1

    @rule()
    def ask_the_gate(self) -> None:
        """Whatever a table says: it opens to what is on, and to nothing else that ever was."""
        self._step()
        now = timezone.now()
        for known in self.oracle.versions.values():
            for given in known.approvals:
                holds = given.is_on(now) and not given.is_too_stale(now) and not known.damaged
                assert self.site.passes_gate(given.id) == holds, (given, known)
        for grant in self.oracle.grants:
            known = self.oracle.versions[grant.number]
            if grant.signed and not grant.maybe_ended:
                holds = grant.is_on(now) and not known.damaged
                assert self.site.passes_emergency_gate(grant.id) == holds, grant
        self.counts["gate asked"] += 1

    # --- What always holds -------------------------------------------------------------------

    @invariant()
    def nothing_else_is_served(self) -> None:
        """Each alias and each number answers as the oracle says, and no more is held open."""
        self.site.follower.look()
        self.site.follower.load_missing()
        now, table = timezone.now(), self.site.follower.table
        opened = self.oracle.opened(now)
        open_now = {str(key) for key in table.loaded}
        fine = {a for a, n in opened.items() if not self.oracle.versions[n].damaged}
        assert open_now <= fine | (self.oracle.open_before_damage & set(opened)), open_now
        on = {grant.id for grant in self.oracle.grants if grant.is_on(now)}
        assert {str(key) for key in table.in_emergency} <= on
        for name in ALIASES:
            self._judge(self.site.ask(alias=name), self.oracle.answers_alias(name, now))
        for number in self.oracle.versions:
            answer = self.site.ask(alias=ALIASES[0], number=number)
            self._judge(answer, self.oracle.answers_number(number, now), number)

    def _judge(self, answer: Answer | None, allowed: set[str], number: int = 0) -> None:
        given = answer.approval if answer else NOBODY
        assert given in allowed, (answer, allowed, self.oracle)
        if answer is None:
            return
        number = number or answer.body["version"]
        known: Known = self.oracle.versions[number]
        assert (answer.body["version"], answer.version_digest) == (number, f"sha256:{known.digest}")
        probabilities = [list(p["probabilities"].values()) for p in answer.body["predictions"]]
        assert np.allclose(probabilities, tiny.answers(2, known.strength), atol=1e-6)
        self.is_served |= not answer.in_emergency
        self.is_served_in_emergency |= answer.in_emergency
        if given not in self.judged:
            self.judged.add(given)
            rows: Any = EmergencyAttestation if answer.in_emergency else Approval
            envelope = bytes(rows.objects.get(pk=given).envelope)
            model, now = tiny.model_bytes(known.strength), timezone.now()
            keys, digest = self.site.keys, known.digest
            assert why_not(envelope, keys, version=digest, model=model, now=now) == ""

    @invariant()
    def every_new_event_is_sound(self) -> None:
        for event in AuditEvent.objects.filter(pk__gt=self.checked).order_by("pk"):
            assert not list(defects_of(event))
            self.checked = event.pk

    def teardown(self) -> None:
        """Everything ends, so nothing answers; the log is whole and begins with what was kept."""
        try:
            if sys.exc_info()[0]:  # The run was broken off.
                return
            self.counts["runs, served"] += self.is_served
            self.counts["runs, served in emergency"] += self.is_served_in_emergency
            self.ask_the_gate()
            self._let_everything_end()
            kept = check_the_log(self.site)
            self.counts["logs verified"] += 1
            if self.counts["runs"] % EXPORT_EVERY == 1:
                assert whole_export(self.site, kept) == 0
                self.counts["bundles verified"] += 1
        finally:
            self.site.end()

    def _let_everything_end(self) -> None:
        """All is revoked, or all its time goes by."""
        if self.ends_by_revoking:
            for number in self.oracle.versions:
                self.deeds.revoke("cora", number)
        else:
            self.deeds.time_passes(A_LONG_TIME)
        self.nothing_else_is_served()
        self.ask_the_gate()
