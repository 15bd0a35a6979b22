"""The machine of `test_any_sequence`: the verbs, and the two judges of what would be served."""

import random
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
from django.db import transaction
from django.test import TestCase
from django.utils import timezone

from accounts.services import remove_role
from audit.integrator import Integrator
from audit.models import AuditEvent
from audit.verification import LogCheck, defects_of
from common.errors import DomainError
from governance.approvals.expiry import end_expired, remind
from governance.approvals.releases import promote, retire, revoke
from governance.keys.store import load_notary_keys
from governance.models import Approval, Review, ReviewState, Waiver
from governance.notary import sign_waiting_approvals
from governance.services import submit, withdraw
from governance.waivers.services import withdraw_waiver
from inference.follower import Follower
from inference.table import Loaded
from registry.models import ModelVersion
from registry.services import edit_card
from tests.cast import give, password_of, the_team, user_of, who
from tests.factories import tiny, verbs, waivers
from tests.factories.damage import flip_a_byte
from tests.inference.acts import FOR_NONE, SIGNERS, VERBS, WHO_MAY, at_any_time
from tests.inference.ledger import Given, Known, Ledger, Submitted
from tests.stage import MODEL, Stage, version_of
from trust.approval import verify_approval
from trust.digests import digest_of
from trust.keys import TrustedKeys, approvals_name

Result = TypeVar("Result")
VALID_DAYS, WAIVED_DAYS = 365, 30


class Sequence:
    """One run: begins with a version that is ready for review, and ends as if it had never been.

    `stage` is set before the first run. `counts` tells of all runs together.
    """

    stage: ClassVar[Stage]
    counts: ClassVar[Counter[str]]
    ahead: ClassVar[timedelta] = timedelta()
    ledger: Ledger
    strict: bool

    def __init__(self) -> None:
        type(self).ahead = timedelta()
        self.counts["runs"] += 1
        self.cleanup = ExitStack()
        self.cleanup.enter_context(transaction.atomic())
        self.cleanup.callback(transaction.set_rollback, True)
        folder = self.stage.folder
        log_key, self.approvals_key = load_notary_keys(folder / "notary", "assay.local")
        self.keys = TrustedKeys([log_key.verifier, self.approvals_key.verifier])
        memory = folder / "memory.txt"
        memory.unlink(missing_ok=True)
        self.integrator = Integrator(key=log_key, memory=memory)
        assert self.integrator.start()
        self.follower = Follower()
        self.loaded_before_damage: set[str] = set()
        self.whole: dict[Path, bytes] = {}
        self.checked = 0
        self.was_served = False
        self.ledger = Ledger(signers=set(SIGNERS))

    def end(self) -> None:
        """Everything as it was: rows, files, the clock."""
        self.counts["served"] += self.was_served
        for one in self.follower.table.loaded.values():
            one.model.close()
        for path, body in self.whole.items():
            path.write_bytes(body)
        self.cleanup.close()
        type(self).ahead = timedelta()

    def somebody_acts(self, seed: int) -> None:
        """One verb that makes sense now, whoever thinks of it."""
        chance = random.Random(seed)
        possible = [verb for verb in VERBS if verb.versions(self)]
        (verb,) = chance.choices(possible, [verb.weight for verb in possible])
        wishes = {name: chance.choice(values) for name, values in verb.wishes.items()}
        if verb.versions is not at_any_time and verb.name not in FOR_NONE:
            wishes["number"] = chance.choice(verb.versions(self))
        getattr(self, verb.name)(**wishes)
        self.counts["steps"] += 1
        self.nothing_else_is_served()
        self.every_new_event_is_sound()

    # --- The verbs ---------------------------------------------------------------------------

    def begin(self, strict: bool) -> None:
        """The team's policy is one that nothing meets without a waiver, or the usual one."""
        self.strict = strict
        if strict:
            waivers.strict_policy()
        first = self._version(1)
        self.ledger.versions[1] = Known(first.digest, 1.0, {"ada"})

    def upload(self, by: str, strength: float, ready: bool) -> None:
        made = self._does(
            "upload",
            lambda: verbs.another(who(by), self._version(1).model, strength=strength),
        )
        assert made is not None
        # The true bytes have come again, so they are whole for whoever has the same.
        for other in self.ledger.versions.values():
            other.damaged &= other.strength != strength
        known = Known(made.digest, strength, {by})
        if ready:
            verbs.make_ready(who("ada"), made, strength=strength)
            known.hands.add("ada")
        self.ledger.versions[made.number] = known

    def measure(self, by: str, number: int) -> None:
        known = self.ledger.versions[number]
        if self._does("measure", lambda: self._measured(who(by), number, known.strength)):
            known.hands.add(by)
            known.touch(certainly=False)

    def _measured(self, caller: Any, number: int, strength: float) -> bool:
        version = self._version(number)
        verbs.evaluate(caller, version, strength=strength)
        verbs.explain(caller, version, strength=strength)
        return True

    def describe(self, by: str, number: int, text: str) -> None:
        known, card = self.ledger.versions[number], tiny.CARD | {"intended_use": text}
        if self._does(
            "describe",
            lambda: edit_card(caller=who(by), version=self._version(number), content=card),
        ):
            known.hands.add(by)
            known.card = text
            known.touch(certainly=False)

    def ask(self, by: str, number: int) -> None:
        known = self.ledger.versions[number]
        if self._does("submit", lambda: submit(caller=who(by), version=self._version(number))):
            known.review = Submitted(VALID_DAYS, known.waived_until, known.card)

    def sign(self, by: str, number: int, decision: str) -> None:
        known, review = self.ledger.versions[number], self._review(number)
        if by == WHO_MAY:
            by = min(self.ledger.may_sign(number), default="ben")
        if self._does("sign", lambda: verbs.put(by, review, decision=decision)):
            assert by in self.ledger.signers - known.hands
            assert known.review is not None
            assert by not in known.review.approved_by
            assert known.reads_as_submitted() or decision != "approve"
            known.review.approved_by.add(by)
            if decision == "reject":
                known.review = None

    def take_back(self, by: str, number: int) -> None:
        known, review = self.ledger.versions[number], self._review(number)
        if (
            known
            and review
            and self._does("withdraw", lambda: withdraw(caller=who(by), review=review))
        ):
            known.review = None

    def waive(self, by: str, number: int) -> None:
        known = self.ledger.versions[number]
        until = waivers.in_days(WAIVED_DAYS + self.ahead.days)
        if self._does("waive", lambda: waivers.give(by, self._version(number), expires_on=until)):
            assert by not in known.hands
            midnight = datetime.min.time()
            known.waived_until = datetime.combine(until, midnight, tzinfo=timezone.now().tzinfo)
            known.touch(certainly=True)

    def withdraw_waiver(self, number: int) -> None:
        known = self.ledger.versions[number]
        waiver = Waiver.objects.filter(version__number=number, withdrawal=None).first()
        if (
            known
            and waiver
            and self._does(
                "withdraw waiver",
                lambda: withdraw_waiver(caller=who("mira"), waiver=waiver, reason="No longer."),
            )
        ):
            known.waived_until = None
            known.touch(certainly=False)
            if known.rests_on_a_waiver(timezone.now()):
                self._end(known)

    def promote(self, by: str, number: int) -> None:
        known = self.ledger.versions[number]
        if self._does(
            "promote",
            lambda: promote(
                caller=who(by), version=self._version(number), alias="champion", reason="Better."
            ),
        ):
            assert known.in_force(timezone.now())

    def revoke(self, by: str, number: int) -> None:
        known = self.ledger.versions[number]
        if self._does(
            "revoke",
            lambda: revoke(
                caller=who(by),
                version=self._version(number),
                reason="It is wrong.",
                password=password_of(by),
            ),
        ):
            self._end(known)

    def retire(self, number: int) -> None:
        known = self.ledger.versions[number]
        if self._does(
            "retire",
            lambda: retire(caller=who("mira"), version=self._version(number), reason="Old."),
        ):
            known.retired = True
            self._end(known)

    def demote(self, name: str) -> None:
        if self._does("demote", lambda: self._taken(name)):
            self.ledger.signers.discard(name)

    def reinstate(self) -> None:
        for name in sorted(set(SIGNERS) - self.ledger.signers):
            if self._does("reinstate", partial(self._given_back, name)):
                self.ledger.signers.add(name)

    def _taken(self, name: str) -> bool:
        remove_role(caller=who("root"), team=the_team(), user=user_of(name), role=SIGNERS[name])
        return True

    def _given_back(self, name: str) -> bool:
        give([(name, SIGNERS[name])])
        return True

    def notary_round(self) -> None:
        """What the notary approves, the ledger would approve, and the other way round."""
        due = [n for n in self.ledger.versions if self.ledger.must_be_approved(n)]
        may = [n for n in self.ledger.versions if self.ledger.may_be_approved(n)]
        given = self.notary_looks()
        self.counts["notary"] += 1
        assert set(due) <= set(given) <= set(may)

    def notary_looks(self) -> list[int]:
        """One round of both of the notary's tasks; the versions that were approved."""
        sign_waiting_approvals(self.approvals_key)
        with TestCase.captureOnCommitCallbacks(execute=True):
            self.integrator.run_once()
        return self._note_approvals()

    def time_passes(self, days: int) -> None:
        type(self).ahead += timedelta(days=days)
        end_expired()
        remind()
        self.counts["time"] += 1

    def damage(self, number: int) -> None:
        """A byte of the stored model changes."""
        known = self.ledger.versions[number]
        version = self._version(number)
        name = version.artifacts.get(role="model").blob_id
        path = self.stage.folder / "blobs" / name[:2] / name[2:4] / name
        self.whole[path] = path.read_bytes()
        flip_a_byte(self.stage, version)
        self.loaded_before_damage |= {str(key) for key in self.follower.table.loaded}
        for other in self.ledger.versions.values():
            other.damaged |= other.strength == known.strength
            other.was_damaged |= other.damaged
        self.counts["damage"] += 1

    def serving_restarts(self) -> None:
        for one in self.follower.table.loaded.values():
            one.model.close()
        self.follower = Follower()
        self.loaded_before_damage.clear()
        self.counts["restarts"] += 1

    # --- The judges --------------------------------------------------------------------------

    def nothing_else_is_served(self) -> None:
        """The follower looks; everything that it would answer with stands before both judges."""
        self.follower.look()
        self.follower.load_missing()
        served = self.follower.table.loaded
        expected = self.ledger.served(timezone.now())
        must = {a for a, number in expected.items() if not self.ledger.versions[number].damaged}
        may = must | (self.loaded_before_damage & set(expected))
        assert must <= {str(key) for key in served} <= may
        for one in served.values():
            self._judge(one, expected[one.approval.id])
        self.was_served |= bool(served)

    def _judge(self, one: Loaded, number: int) -> None:
        known = self.ledger.versions[number]
        assert (one.number, one.digest) == (number, f"sha256:{known.digest}")
        envelope = Approval.objects.get(pk=one.approval.id).envelope
        verdict = verify_approval(
            bytes(envelope),
            self.keys.named(approvals_name("assay.local")),
            version_digest=f"sha256:{known.digest}",
            artifact_digests={("model", "model.onnx"): digest_of(tiny.model_bytes(known.strength))},
            now=timezone.now(),
        )
        assert verdict.ok, verdict.reason
        rows = tiny.rows("test")[0][:2].astype(np.float32)
        answered = one.model.run({"x": rows})["y"]
        assert np.allclose(answered, tiny.answers(2, known.strength), atol=1e-6)

    def every_new_event_is_sound(self) -> None:
        for event in AuditEvent.objects.filter(pk__gt=self.checked).order_by("pk"):
            assert not list(defects_of(event))
            self.checked = event.pk

    def somebody_checks_the_log(self) -> None:
        found = list(LogCheck(self.keys.named("assay.local")).findings())
        assert found == []
        self.counts["log checks"] += 1

    # --- Helpers -----------------------------------------------------------------------------

    def _does(self, verb: str, act: Callable[[], Result]) -> Result | None:
        """What the verb gives, None where it is refused; both are counted."""
        try:
            done = act()
        except DomainError:
            self.counts[f"{verb}, refused"] += 1
            return None
        self.counts[verb] += 1
        return done

    def _version(self, number: int) -> ModelVersion:
        return version_of(MODEL, number)

    def _review(self, number: int) -> Review:
        open_ones = Review.objects.filter(
            version__number=number, state__in=(ReviewState.OPEN, ReviewState.QUORUM)
        )
        return open_ones.select_related("version__model", "policy", "opened_by").get()

    def damaged(self, strength: float) -> bool:
        return any(v.damaged for v in self.ledger.versions.values() if v.strength == strength)

    def _end(self, known: Known) -> None:
        known.review = None
        for approval in known.approvals:
            approval.revoked = True

    def _note_approvals(self) -> list[int]:
        told = {given.id for known in self.ledger.versions.values() for given in known.approvals}
        new = []
        for row in Approval.objects.exclude(pk__in=told).select_related("version"):
            known = self.ledger.versions[row.version.number]
            review = known.review
            assert self.ledger.may_be_approved(row.version.number), (row.version.number, known)
            assert review is not None
            issued = timezone.now()
            ends = issued + timedelta(days=review.validity_days)
            if review.waived_until:
                ends = min(ends, review.waived_until)
            known.approvals.append(Given(str(row.pk), issued, ends, bool(review.waived_until)))
            known.review = None
            new.append(row.version.number)
            self.counts["approved"] += 1
        return new
