"""What one person did alone counts for nothing: the notary and fsck derive it from the log."""

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.proposals.two_persons import standing_roles
from audit.models import AuditEvent
from compliance.verification.two_persons import two_persons
from governance.models import Approval, PolicyVersion, ReviewState
from governance.policy.changes import changes_between, relaxes
from governance.policy.documents import DEFAULTS
from governance.services import submit
from tests.cast import by_root_and_otto, give, the_team, user_of, who
from tests.factories import verbs
from tests.factories.damage import by_force
from tests.factories.factors import enrol
from tests.factories.policies import publish_policy
from tests.stage import Stage, review_again

_ALONE = "UPDATE accounts_membership SET proposal_id = NULL WHERE role = 'reviewer'"
_BEFORE = "UPDATE accounts_twopersonssince SET last_event = (SELECT max(id) FROM audit_auditevent)"


def found() -> list[str]:
    return [finding.thing for finding in two_persons()]


@pytest.fixture
def alone(ready_copy: Stage) -> Stage:
    """Ben and Cleo are reviewers, and no two persons made them so."""
    by_force(ready_copy.database, "accounts_membership", _ALONE)
    return ready_copy


class TestARoleThatNoTwoPersonsGave:
    def test_does_not_count_for_the_service(self, alone: Stage) -> None:
        review = verbs.signed(alone.version)
        assert review.state == ReviewState.OPEN

    def test_does_not_count_for_the_notary(self, ready_copy: Stage) -> None:
        review = verbs.signed(ready_copy.version)
        assert review.state == ReviewState.QUORUM
        by_force(ready_copy.database, "accounts_membership", _ALONE)

        assert ready_copy.notary_round() == 0

        assert "Fewer persons" in review_again(review).notary_note
        assert not Approval.objects.exists()

    def test_is_found_by_fsck(self, alone: Stage) -> None:
        assert found() == ["role", "role"]

    def test_stands_if_the_log_told_of_it_before_the_rule(self, alone: Stage) -> None:
        by_force(alone.database, "accounts_twopersonssince", _BEFORE)
        # That two persons agreed to something before they had to is found: the rule was put later.
        assert found() == ["event"]
        assert verbs.signed(alone.version).state == ReviewState.QUORUM

    def test_does_not_stand_by_another_persons_proposal(self, ready_copy: Stage) -> None:
        """The columns name a proposal; its document gives the role to others."""
        give([("dan", "reviewer")])
        by_force(
            ready_copy.database,
            "accounts_membership",
            "UPDATE accounts_membership m SET proposal_id = d.proposal_id FROM "
            "accounts_membership d JOIN accounts_user u ON u.person_id = d.person_id "
            "WHERE u.username = 'dan' AND m.role = 'manager'",
        )
        team, mira = the_team().pk, user_of("mira").person_id
        assert standing_roles(team, [mira]).get(mira, set()) == set()

    def test_does_not_stand_by_a_confirmation_that_the_log_does_not_tell(
        self, ready_copy: Stage
    ) -> None:
        by_force(
            ready_copy.database,
            "audit_auditevent",
            "UPDATE audit_auditevent SET leaf = convert_to(replace(convert_from(leaf, 'UTF8'), "
            "'proposal.confirmed', 'proposal.declined'), 'UTF8') WHERE action = "
            "'proposal.confirmed'",
        )
        assert set(found()) == {"role"}


class TestAPolicyThatNoTwoPersonsPublished:
    def test_leads_to_no_approval_and_is_found(self, ready_copy: Stage) -> None:
        changed = DEFAULTS["medium"].as_dict() | {"validity_days": 364}
        publish_policy(
            caller=who("root"), name="medium", tier="medium", team=None, document=changed
        )
        review = verbs.signed(ready_copy.version)
        by_force(
            ready_copy.database,
            "governance_policyversion",
            "UPDATE governance_policyversion SET proposal_id = NULL",
        )

        assert ready_copy.notary_round() == 0

        assert "two persons who published the policy" in review_again(review).notary_note
        assert found() == ["policy"]

    def test_is_none_of_those_that_the_instance_brings(self, ready: Stage) -> None:
        assert found() == []


@pytest.mark.parametrize("by", ["NULL", "published_by_id"])
def test_no_policy_is_written_past_the_program(by: str, ready: Stage) -> None:
    copied = "name || '-too', 1, tier, team_id, document, body, digest"
    with (
        pytest.raises(DatabaseError, match="Two persons publish"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "INSERT INTO governance_policyversion (id, name, revision, tier, team_id, document, "
            "body, digest, published_by_id, published_at) SELECT gen_random_uuid(), "
            f"{copied}, {by}, now() FROM governance_policyversion LIMIT 1"
        )


def test_a_reset_and_an_administrator_by_two_are_no_findings(ready: Stage) -> None:
    enrol("ben")
    by_root_and_otto("second_factor_reset", "ben")
    by_root_and_otto("administrator", "cora")
    assert found() == []


@pytest.mark.parametrize("action", ["factor.reset", "administrator.made"])
def test_one_by_one_person_is_found(action: str, ready_copy: Stage) -> None:
    enrol("ben")
    by_root_and_otto("second_factor_reset", "ben")
    by_root_and_otto("administrator", "cora")
    by_force(
        ready_copy.database,
        "audit_auditevent",
        "UPDATE audit_auditevent SET payload = '{}' WHERE action = %s",
        action,
    )
    assert found() == ["event"]
    assert AuditEvent.objects.filter(action=action).count() == 1


_FLOOR = {"metric": "accuracy", "limit": 0.8, "bound": "value"}
_BASE: dict[str, Any] = DEFAULTS["medium"].as_dict() | {
    "metrics": [_FLOOR, {"metric": "log_loss", "limit": 0.4, "bound": "value"}],
    "waivable": ["card"],
    "second_factor": True,
    "sealed_plan": True,
    "size_bytes": 2000,
    "licences": ["MIT"],
    "sandbox": "no-namespaces",
    "slices": [{"metric": "accuracy", "limit": 0.5}],
    "mcnemar": 0.05,
}


def _floors(*limits: float) -> list[dict[str, Any]]:
    return [floor | {"limit": limit} for floor, limit in zip(_BASE["metrics"], limits, strict=True)]


class TestWhatARevisionChanges:
    @pytest.mark.parametrize(
        "change",
        [
            {"metrics": _floors(0.7, 0.4)},
            {"metrics": _floors(0.8, 0.5)},
            {"metrics": _floors(0.9, 0.5)},
            {"metrics": [_FLOOR]},
            {"evidence": ["evaluation"]},
            {"signers": {"count": 1, "roles": ["reviewer", "manager"]}},
            {"signers": {"count": 2, "roles": ["reviewer", "manager", "compliance"]}},
            {"validity_days": 366},
            {"outage_grace_s": 3601},
            {"waivable": ["card", "parity"]},
            {"second_factor": False},
            {"size_bytes": 2001},
            {"licences": ["MIT", "BSD-3-Clause"]},
            {"licences": []},
            {"sandbox": "rlimits-only"},
            {"slices": []},
            {"mcnemar": 0.01},
            {"sealed_plan": False},
        ],
    )
    def test_relaxes(self, change: dict[str, Any]) -> None:
        assert relaxes(_BASE, _BASE | change)

    @pytest.mark.parametrize(
        "change",
        [
            {"metrics": _floors(0.9, 0.4)},
            {"metrics": _floors(0.8, 0.3)},
            {"metrics": [*_BASE["metrics"], {"metric": "r2", "limit": 0.1, "bound": "value"}]},
            {"signers": {"count": 3, "roles": ["reviewer", "manager"]}},
            {"signers": {"count": 2, "roles": ["reviewer"]}},
            {"validity_days": 30},
            {"outage_grace_s": 0},
            {"waivable": []},
            {"size_bytes": 100},
            {"latency_ms": 5.0},
            {"licences": ["MIT"], "lineage": True},
            {"sandbox": "full"},
        ],
    )
    def test_only_tightens(self, change: dict[str, Any]) -> None:
        assert not relaxes(_BASE, _BASE | change)
        assert changes_between(_BASE, _BASE | change)

    def test_is_nothing_where_nothing_changes(self) -> None:
        assert changes_between(_BASE, dict(_BASE)) == []

    @pytest.mark.parametrize("gone", ["size_bytes", "mcnemar", "slices", "sandbox", "licences"])
    def test_relaxes_by_leaving_out(self, gone: str) -> None:
        assert relaxes(_BASE, {name: part for name, part in _BASE.items() if name != gone})

    def test_relaxes_where_nothing_was_in_force(self) -> None:
        assert relaxes(None, _BASE)

    def test_says_so_in_the_log(self, ready: Stage) -> None:
        lax = DEFAULTS["medium"].as_dict() | {"validity_days": 900}
        row = publish_policy(
            caller=who("root"), name="medium", tier="medium", team=None, document=lax
        )
        event = AuditEvent.objects.get(action="policy.published", subject_id=str(row.pk))
        assert event.payload["relaxes"] is True
        assert PolicyVersion.objects.filter(proposal__isnull=False).count() == 1


def test_a_review_under_a_policy_by_two_is_approved(ready_copy: Stage) -> None:
    tight = DEFAULTS["medium"].as_dict() | {"validity_days": 30}
    publish_policy(caller=who("root"), name="medium", tier="medium", team=None, document=tight)
    review = submit(caller=who("ada"), version=ready_copy.version)
    for name in ("ben", "cleo"):
        verbs.put(name, review)
    assert ready_copy.notary_round() == 1
