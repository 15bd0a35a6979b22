"""The machine of `test_any_sequence`: attacks between the steps, and what must hold after each."""

import sys
from datetime import datetime
from typing import Any

import numpy as np
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from audit.models import AuditEvent
from audit.verification import defects_of
from governance.models import Approval, EmergencyAttestation
from inference.predicting import Answer
from tests.factories import tiny
from tests.inference.judge import why_not
from tests.inference.oracle import NOBODY, WHOLE, Call, Known
from tests.inference.outside import check_the_log, forgeries_of, whole_export
from tests.inference.site import FORBIDDEN
from tests.inference.steps import ALIASES, Steps, alias

EXPORT_EVERY, A_LONG_TIME, LAST = 10, 24 * 1000, 99
versions, approvals = Steps.versions, Steps.approvals


class AnySequence(Steps):
    """One run: the steps, attacks among them, and what always holds."""

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

    @precondition(lambda self: self.oracle.splits)
    @rule(data=st.data(), by_force=st.booleans())
    def sql_raises_a_share(self, data: Any, by_force: bool) -> None:
        self._step()
        name = data.draw(st.sampled_from(sorted(self.oracle.splits)))
        (self.deeds.force_share if by_force else self.deeds.sql_raises_share)(name)

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
                holds = given.is_on(now) and not given.is_too_stale(now)
                opens = holds and not known.damaged and not known.elsewhere
                assert self.site.passes_gate(given.id) == opens, (given, known)
                if known.elsewhere:
                    assert self.site.stands(given.id, serving=False) == holds, given
                    assert not self.site.stands(given.id, serving=True), given
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
        shares = {name: (one.number, one.percent) for name, one in self.oracle.splits.items()}
        assert self.site.shares() == shares
        for name in ALIASES:
            self._ask(name, shares[name][1] if name in shares else 0, now)
        for number in self.oracle.versions:
            answer = self.site.ask(ALIASES[0], number)
            self._judge(answer, self.oracle.answers_number(number, now), number)
        assert self.site.ask_for_a_sheet(ALIASES[0]) is None

    def _ask(self, name: str, percent: int, now: datetime) -> None:
        """The first and the last call of a hundred, and those on both sides of the share."""
        for place in {0, percent - 1, percent, LAST} if percent else {0}:
            answer = self.site.ask(name, place=place)
            self._judge(answer, self.oracle.answers_alias(name, place, now))
            self.is_shared |= answer is not None and answer.body["share"] == percent

    def _judge(self, answer: Answer | None, allowed: set[Call], number: int = 0) -> None:
        given = answer.approval if answer else NOBODY
        share = answer.body.get("share", WHOLE) if answer else 0
        assert (given, share) in allowed, (answer, allowed, self.oracle)
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
            self.counts["runs, with a challenger that answered"] += self.is_shared
            self.ask_the_gate()
            self._force_every_share()
            self._let_everything_end()
            kept = check_the_log(self.site)
            self.counts["logs verified"] += 1
            if self.counts["runs"] % EXPORT_EVERY == 1:
                assert whole_export(self.site, kept) == 0
                self.counts["bundles verified"] += 1
        finally:
            self.site.end()

    def _force_every_share(self) -> None:
        for name in self.oracle.splits:
            self.deeds.force_share(name)
        self.nothing_else_is_served()

    def _let_everything_end(self) -> None:
        """All is revoked, or all its time goes by."""
        if self.ends_by_revoking:
            for number in self.oracle.versions:
                self.deeds.revoke("cora", number)
        else:
            self.deeds.time_passes(A_LONG_TIME)
            self.nothing_else_is_served()
            self.deeds.clock_ticks()
        assert not self.oracle.splits
        self.nothing_else_is_served()
        self.ask_the_gate()
