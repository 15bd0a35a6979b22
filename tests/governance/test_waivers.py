"""Who may waive which gate, for what, how long; and what a waiver does to an approval."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.roles import Scope
from accounts.services import deactivate_user, remove_role
from audit.actions import Action
from audit.models import AuditEvent
from common.errors import Conflict, Invalid, NotAllowed
from governance.evidence.gates import blocking
from governance.models import ReviewState, Waiver
from governance.policy.documents import Policy
from governance.selectors import policy_for, statement_of
from governance.services import dry_run, submit, withdraw
from governance.waivers.services import withdraw_waiver
from registry.models import Status
from registry.services import add_evidence, edit_card, show_status
from tests.cast import the_team, user_of, who
from tests.factories import tiny, verbs
from tests.factories.damage import approved_statement
from tests.factories.policies import publish_policy
from tests.factories.waivers import (
    ACCURACY,
    REASON,
    WAIVABLE,
    gate_of,
    give,
    in_days,
    strict_policy,
)
from tests.governance.test_currentness import newer, worse
from tests.governance.test_reviews import EVERYBODY, OK, expect
from tests.stage import Stage, review_again
from trust.times import format_moment

CARD = tiny.CARD | {"caveats": "Read the intervals."}
ROLE = "A gate is waived by one of"
MAY_WAIVE = {name: OK if name in ("ben", "cleo", "mira") else ROLE for name in EVERYBODY}
WITHDRAWERS = ("ben", "mira", "cora")
MAY_WITHDRAW = {
    name: OK if name in WITHDRAWERS else "Only whoever gave the waiver" for name in EVERYBODY
}


@pytest.fixture
def strict(ready: Stage) -> Stage:
    """A version whose accuracy is below the limit of a policy that lets it be waived."""
    strict_policy()
    return ready


def open_gates(stage: Stage) -> list[str]:
    return [gate.gate for gate in blocking(dry_run(stage.version))]


class TestGiving:
    @pytest.mark.parametrize("name", EVERYBODY)
    def test_by_role(self, strict: Stage, name: str) -> None:
        expect(MAY_WAIVE[name], NotAllowed, lambda: give(name, strict.version))
        assert open_gates(strict) == ([] if MAY_WAIVE[name] == OK else [ACCURACY])

    def test_not_by_a_contributor_whatever_the_role(self, strict: Stage) -> None:
        edit_card(caller=who("mira"), version=strict.version, content=CARD)

        with pytest.raises(NotAllowed, match=r"contributor to this version \(edited its card\)"):
            give("mira", strict.version)

    @pytest.mark.parametrize("scope", [s for s in Scope if s != Scope.SIGN])
    def test_a_token_needs_the_scope(self, strict: Stage, scope: Scope) -> None:
        with pytest.raises(NotAllowed, match="This token may not waive"):
            give("ben", strict.version, caller=verbs.with_scopes(who("ben"), scope.value))

    def test_wants_the_password_in_the_same_request(self, strict: Stage) -> None:
        with pytest.raises(NotAllowed, match="password is wrong"):
            give("ben", strict.version, password="wrong")

        assert not Waiver.objects.exists()
        assert AuditEvent.objects.filter(action=Action.PASSWORD_REFUSED.value).exists()

    @pytest.mark.parametrize(
        ("wishes", "field"),
        [
            ({"gate": "metric:beauty"}, "gate"),
            ({"gate": "admission"}, None),
            ({"reason": "  "}, "reason"),
            ({"reason": "x" * 4001}, "reason"),
            ({"expires_on": in_days(0)}, "expires_on"),
            ({"expires_on": in_days(-1)}, "expires_on"),
            ({"expires_on": in_days(367)}, "expires_on"),
        ],
    )
    def test_names_the_field(
        self, strict: Stage, wishes: dict[str, str], field: str | None
    ) -> None:
        with pytest.raises((Invalid, Conflict)) as refusal:
            give("ben", strict.version, **wishes)

        assert refusal.value.field == field

    @pytest.mark.parametrize("days", [1, 364])
    def test_ends_within_the_validity_of_the_policy(self, strict: Stage, days: int) -> None:
        waiver = give("ben", strict.version, expires_on=in_days(days))

        assert waiver.not_after.date() == in_days(days)
        assert waiver.not_after.hour == 0

    @pytest.mark.parametrize("waivable", [[], ["card"], ["metric:f1_macro"]])
    def test_not_of_a_gate_that_the_policy_keeps(self, strict: Stage, waivable: list[str]) -> None:
        strict_policy(waivable=waivable, validity_days=100)

        with pytest.raises(Invalid, match="does not let this gate be waived") as refusal:
            give("ben", strict.version)

        assert refusal.value.field == "gate"

    @pytest.mark.parametrize("gate", ["golden", "admission"])
    def test_never_of_what_makes_the_bytes_safe_and_known(self, strict: Stage, gate: str) -> None:
        bare = verbs.another(who("ada"), strict.version.model, strength=0.5)
        add_evidence(version=bare, kind="sandbox", document={"ok": False, "level": "none"})

        assert not gate_of(bare, gate).waivable
        with pytest.raises(Invalid, match="does not let this gate be waived"):
            give("ben", bare, gate=gate)

    def test_not_of_what_has_passed(self, strict: Stage) -> None:
        with pytest.raises(Conflict, match="nothing to waive"):
            give("ben", strict.version, gate="card")

    def test_only_of_the_finding_that_was_shown(self, strict: Stage) -> None:
        shown = gate_of(strict.version).digest
        worse(strict.version)

        with pytest.raises(Conflict, match="not the finding that was shown"):
            give("ben", strict.version, gate_digest=shown)

    def test_once(self, strict: Stage) -> None:
        give("ben", strict.version)

        with pytest.raises(Conflict, match="waived already"):
            give("cleo", strict.version)

    @pytest.mark.parametrize("status", [Status.RETIRED, Status.QUARANTINED])
    def test_not_of_what_is_out_of_use(self, strict: Stage, status: Status) -> None:
        show_status(strict.version, status)

        with pytest.raises(Conflict, match="needs no waiver"):
            give("ben", strict.version)

    def test_leaves_a_record_that_says_everything_but_the_name(self, strict: Stage) -> None:
        found = gate_of(strict.version)

        waiver = give("ben", strict.version)

        said = tiny.parsed(bytes(waiver.record))
        assert said["type"] == "assay/waiver/1"
        assert said["finding"] == found.finding
        assert said["finding"]["measured"] == waiver.measured
        assert said["version_digest"] == f"sha256:{strict.version.digest}"
        assert said["policy_digest"] == f"sha256:{policy_for(strict.version.model).digest}"
        assert said["reason"] == REASON
        assert said["role"] == waiver.role == "reviewer"
        assert said["not_after"] == format_moment(waiver.not_after)
        assert waiver.printed_name == "Ben"
        assert b"Ben" not in bytes(waiver.record)

    def test_leaves_an_event(self, strict: Stage) -> None:
        waiver = give("ben", strict.version)

        event = AuditEvent.objects.get(action=Action.WAIVER_GIVEN.value)
        assert event.subject_id == str(strict.version.pk)
        assert event.person_id == who("ben").person_id
        assert event.payload["waiver"] == f"sha256:{waiver.digest}"
        assert event.payload["gate"] == ACCURACY
        assert f"model:{strict.version.model_id}" in event.related


class TestWithdrawing:
    @pytest.mark.parametrize("name", EVERYBODY)
    def test_by_role(self, strict: Stage, name: str) -> None:
        waiver = give("ben", strict.version)

        expect(
            MAY_WITHDRAW[name],
            NotAllowed,
            lambda: withdraw_waiver(caller=who(name), waiver=waiver, reason="It was wrong."),
        )
        assert open_gates(strict) == ([ACCURACY] if name in WITHDRAWERS else [])

    def test_a_token_needs_the_scope(self, strict: Stage) -> None:
        waiver = give("ben", strict.version)
        caller = verbs.with_scopes(who("ben"), "write")

        with pytest.raises(NotAllowed, match="This token may not withdraw"):
            withdraw_waiver(caller=caller, waiver=waiver, reason="It was wrong.")

    def test_once_with_a_reason_and_an_event(self, strict: Stage) -> None:
        waiver = give("ben", strict.version)
        with pytest.raises(Invalid, match="reason"):
            withdraw_waiver(caller=who("ben"), waiver=waiver, reason=" ")
        withdraw_waiver(caller=who("ben"), waiver=waiver, reason="It was wrong.")

        with pytest.raises(Conflict, match="withdrawn already"):
            withdraw_waiver(caller=who("ben"), waiver=waiver, reason="Again.")
        event = AuditEvent.objects.get(action=Action.WAIVER_WITHDRAWN.value)
        assert event.payload == {"waiver": f"sha256:{waiver.digest}", "gate": ACCURACY}

    def test_makes_room_for_another(self, strict: Stage) -> None:
        first = give("ben", strict.version)
        withdraw_waiver(caller=who("ben"), waiver=first, reason="Too long.")

        second = give("cleo", strict.version)

        assert gate_of(strict.version).waiver == second


ENDS: dict[str, Callable[[Stage], object]] = {
    "another evaluation": lambda stage: newer("evaluation")(stage.version),
    "a worse evaluation": lambda stage: worse(stage.version),
    "another limit": lambda stage: strict_policy(0.99999),
    "another policy with the same limit": lambda stage: strict_policy(validity_days=100),
    "a policy that keeps the gate": lambda stage: strict_policy(waivable=["card"]),
    "the role taken away": lambda stage: remove_role(
        caller=who("root"), team=the_team(), user=user_of("ben"), role="reviewer"
    ),
    "the login closed": lambda stage: deactivate_user(caller=who("root"), user=user_of("ben")),
}


class TestHolding:
    @pytest.mark.parametrize("what", list(ENDS))
    def test_ends_with(self, strict: Stage, what: str) -> None:
        give("ben", strict.version)
        assert open_gates(strict) == []

        ENDS[what](strict)

        assert open_gates(strict) == [ACCURACY]

    def test_ends_when_its_person_contributes(self, strict: Stage) -> None:
        give("mira", strict.version)

        edit_card(caller=who("mira"), version=strict.version, content=CARD)

        assert open_gates(strict) == [ACCURACY]

    def test_ends_with_its_time(self, strict: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        waiver = give("ben", strict.version)
        moments = [waiver.not_after - timedelta(seconds=1), waiver.not_after]
        held = []
        for moment in moments:
            monkeypatch.setattr(timezone, "now", lambda moment=moment: moment)
            held.append(gate_of(strict.version).waiver is not None)

        assert held == [True, False]

    def test_is_of_one_version_only(self, strict: Stage) -> None:
        other = verbs.another(who("ada"), strict.version.model, strength=2.0)
        verbs.make_ready(who("ada"), other, strength=1.0)

        give("ben", strict.version)

        assert gate_of(other).waiver is None

    def test_survives_a_policy_that_says_the_same_again(self, strict: Stage) -> None:
        give("ben", strict.version)
        strict_policy(validity_days=100)
        strict_policy()

        assert open_gates(strict) == []

    def test_two_floors_of_one_metric_are_two_findings(self, strict: Stage) -> None:
        floors = [
            {"metric": "accuracy", "limit": limit, "bound": "value"} for limit in (0.9999, 0.99999)
        ]
        strict_policy(metrics=floors)
        first, second = (g for g in dry_run(strict.version) if g.gate == ACCURACY)
        give("ben", strict.version, gate_digest=first.digest)
        assert open_gates(strict) == [ACCURACY]

        give("ben", strict.version, gate_digest=second.digest)

        assert open_gates(strict) == []

    def test_is_looked_at_in_as_many_queries_however_many_there_are(
        self, strict: Stage, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        waiver = give("ben", strict.version)
        with django_assert_max_num_queries(20) as one:
            dry_run(strict.version)
        withdraw_waiver(caller=who("ben"), waiver=waiver, reason="Again.")
        strict_policy(
            metrics=[{"metric": "accuracy", "limit": 0.999 + n / 10000} for n in range(8)]
        )
        for gate in [gate for gate in dry_run(strict.version) if gate.waivable]:
            give("cleo", strict.version, gate_digest=gate.digest)

        with django_assert_max_num_queries(len(one)):
            dry_run(strict.version)


class TestTheReview:
    def test_is_of_the_waivers_that_held_at_the_submission(self, strict: Stage) -> None:
        waiver = give("ben", strict.version)

        review = submit(caller=who("ada"), version=strict.version)

        assert statement_of(review)["waivers"] == [
            {
                "gate": ACCURACY,
                "digest": f"sha256:{waiver.digest}",
                "not_after": format_moment(waiver.not_after),
            }
        ]
        event = AuditEvent.objects.get(action=Action.REVIEW_OPENED.value)
        assert event.payload["gates_waived"] == 1
        assert event.payload["gates_passed"] == event.payload["gates"] - 1

    def test_that_was_open_before_the_waiver_must_be_submitted_again(self, strict: Stage) -> None:
        review = submit(caller=who("ada"), version=strict.version)
        give("ben", strict.version)

        with pytest.raises(Conflict, match="this has changed: waivers"):
            verbs.put("cleo", review)
        withdraw(caller=who("ada"), review=review)

        again = verbs.signed(strict.version)
        assert again.state == ReviewState.QUORUM

    def test_cannot_be_signed_after_the_waiver_was_withdrawn(self, strict: Stage) -> None:
        waiver = give("ben", strict.version)
        review = verbs.signed(strict.version, ["ben"])
        withdraw_waiver(caller=who("ben"), waiver=waiver, reason="It was wrong.")

        with pytest.raises(Conflict, match="this has changed: waivers"):
            verbs.put("cleo", review)

    def test_counts_persons_though_one_of_them_has_waived(self, strict: Stage) -> None:
        give("ben", strict.version)

        assert verbs.signed(strict.version, ["ben"]).state == ReviewState.OPEN
        verbs.put("cleo", strict.version.reviews.get())
        assert strict.version.reviews.get().state == ReviewState.QUORUM


class TestTheApproval:
    @pytest.mark.parametrize(("days", "ends"), [(30, 30), (365, 365)])
    def test_ends_with_the_first_of_its_waivers(
        self, ready_copy: Stage, days: int, ends: int
    ) -> None:
        strict_policy()
        waiver = give("ben", ready_copy.version, expires_on=in_days(days))
        review = verbs.signed(ready_copy.version)

        assert ready_copy.notary_round() == 1

        approval = ready_copy.approval
        assert review_again(review).state == ReviewState.APPROVED
        longest = approval.issued_at + timedelta(days=365)
        assert approval.not_after == min(waiver.not_after, longest)
        predicate = approved_statement(bytes(approval.envelope))["predicate"]
        assert predicate["waivers"] == statement_of(review)["waivers"]


class TestThePolicy:
    def test_names_what_may_be_waived(self) -> None:
        policy = Policy.read(strict_document(["metric:accuracy", "card", "card"]))

        assert policy.waivable == ("metric:accuracy", "card")
        assert Policy.read(policy.as_dict()) == policy

    def test_from_before_there_were_waivers_keeps_its_form(self, ready: Stage) -> None:
        policy = policy_for(ready.version.model)

        assert "waivable" not in policy.document
        assert Policy.read(policy.document).waivable == ()
        assert Policy.read(policy.document).as_dict() == policy.document
        with pytest.raises(Conflict, match="says this already"):
            publish_policy(
                caller=who("root"),
                name=policy.name,
                tier="medium",
                team=None,
                document=policy.document | {"waivable": []},
            )


def strict_document(waivable: list[str] = WAIVABLE) -> dict[str, object]:
    return {
        "signers": {"count": 1, "roles": ["reviewer"]},
        "validity_days": 90,
        "outage_grace_s": 0,
        "waivable": waivable,
    }
