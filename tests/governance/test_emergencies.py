"""An emergency grant: by two managers, for some hours, under one alias, and reviewed afterwards."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from pytest_django import Settings

from accounts.models import SecondFactor
from accounts.proposals.services import propose
from audit.models import AuditEvent
from common.errors import Conflict, DomainError, Invalid, NotAllowed
from compliance.verification.check import check_records
from governance.approvals.releases import promote, retire
from governance.emergencies.selectors import in_force, state_of
from governance.emergencies.services import (
    end_emergencies,
    end_emergency,
    review_emergency,
)
from governance.models import (
    EmergencyAttestation,
    EmergencyCause,
    EmergencyEnd,
    EmergencyGrant,
    EmergencyReview,
)
from governance.selectors import approval_keys, trusted_keys
from inference.loading import LoadRefused, load_in_emergency
from inference.predicting import NotApproved
from inference.records import read_record
from inference.selectors import emergencies
from registry.models import VersionContributor
from tests.cast import password_of, user_of, who
from tests.factories import serving, verbs
from tests.factories.damage import by_force
from tests.factories.emergencies import (
    HOURS,
    allow,
    confirmed,
    grant_again,
    granted,
    granted_template,
    proposed,
    stop,
)
from tests.factories.factors import enrol
from tests.stage import MODEL, Stage, copied, version_of
from trust.approval import verify_approval
from trust.emergency import read_emergency
from trust.emergency_issuing import sign_emergency
from trust.key_files import generate_key

__all__ = ["granted", "granted_template"]


def the_grant() -> EmergencyGrant:
    return grant_again(EmergencyGrant.objects.get())


def told(action: str) -> AuditEvent:
    return AuditEvent.objects.filter(action=action).latest("pk")


def loaded(**now: Any) -> Any:
    (candidate,) = emergencies(timezone.now()).values()
    return load_in_emergency(
        candidate, keys=trusted_keys(), now=now.get("now", timezone.now()), threads=1
    )


class TestGranting:
    def test_takes_a_policy_that_allows_it(self, approved: Stage) -> None:
        stop(approved)
        enrol("mira")

        with pytest.raises(Conflict, match="allows no emergency grants"):
            proposed()

    def test_is_for_an_alias_that_nothing_approved_answers(self, approved: Stage) -> None:
        allow()
        with pytest.raises(Conflict, match="answered by an approved version"):
            proposed()

    @pytest.mark.parametrize(
        ("wish", "error", "match"),
        [
            ({"hours": 49}, Invalid, "at most 48 hours"),
            ({"hours": 73}, Invalid, "from 1 to 72"),
            ({"hours": 0}, Invalid, "from 1 to 72"),
            ({"alias": "a b"}, Invalid, "An alias has"),
            ({"version": "1"}, Invalid, "whole number"),
        ],
    )
    def test_stays_within_the_policy(
        self, approved: Stage, wish: dict[str, Any], error: type[DomainError], match: str
    ) -> None:
        allow()
        stop(approved)
        with pytest.raises(error, match=match):
            proposed(**wish)

    def test_takes_two_managers_with_second_factors_who_did_not_work_on_it(
        self, approved: Stage
    ) -> None:
        allow()
        stop(approved)
        enrol("cora")
        with pytest.raises(NotAllowed, match="Only managers"):
            proposed("cora")
        proposal = proposed()
        with pytest.raises(NotAllowed, match="another person must confirm"):
            confirmed(proposal, "mira")
        with pytest.raises(NotAllowed, match="Only managers"):
            confirmed(proposal, "cora")
        VersionContributor.objects.create(
            version=approved.version, person=user_of("dan").person, reason="card"
        )
        with pytest.raises(Conflict, match="has changed since"):
            confirmed(proposal)
        with pytest.raises(NotAllowed, match="You are a contributor"):
            proposed("dan")
        assert not EmergencyGrant.objects.exists()

    def test_without_an_app_nobody_proposes_one(self, approved: Stage) -> None:
        allow()
        stop(approved)
        SecondFactor.objects.filter(person=user_of("mira").person).delete()
        with pytest.raises(NotAllowed, match="second factor"):
            propose(
                caller=who("mira"),
                kind="emergency",
                wish={"model": MODEL, "version": 1, "alias": "champion", "hours": 1},
                reason="Now.",
                password=password_of("mira"),
            )

    def test_is_signed_by_the_notary_bound_to_all_of_it(self, granted: Stage) -> None:
        grant = the_grant()
        emergency = loaded().emergency

        assert emergency.id == str(grant.pk)
        assert emergency.version_digest == f"sha256:{granted.version.digest}"
        assert (emergency.alias, emergency.reason) == ("champion", "Loans wait.")
        persons = [str(user_of(name).person_id) for name in ("mira", "dan")]
        assert list(emergency.persons) == persons
        length = emergency.not_after - told("proposal.confirmed").occurred_at
        assert length <= timedelta(hours=4)
        event = told("emergency.granted")
        assert event.payload["envelope_digest"] == f"sha256:{grant.attestation.envelope_digest}"
        assert event.payload["proposal_digest"] == f"sha256:{grant.proposal.digest}"

    def test_is_never_taken_for_an_approval(self, granted: Stage) -> None:
        verdict = verify_approval(
            bytes(the_grant().attestation.envelope),
            approval_keys(trusted_keys()),
            version_digest=f"sha256:{granted.version.digest}",
            artifact_digests={},
            now=timezone.now(),
        )
        assert "not an approval" in verdict.reason

    def test_is_sound_for_fsck(self, granted: Stage) -> None:
        keys = approval_keys(trusted_keys())
        assert list(check_records(keys, blobs=False)) == []


class TestServing:
    def test_answers_under_the_alias_alone_and_says_so(
        self, granted: Stage, tmp_path: Path
    ) -> None:
        grant = the_grant()
        with serving.follower() as made:
            answer = serving.answer(made, "carl", tmp_path)
            with pytest.raises(NotApproved):
                serving.answer(made, "carl", tmp_path, number=1)
            with pytest.raises(NotApproved):
                serving.answer(made, "carl", tmp_path, alias="challenger")

        assert answer.in_emergency
        assert answer.body["emergency"] == str(grant.pk)
        assert "approval" not in answer.body
        (segment,) = tmp_path.iterdir()
        record = read_record(segment.read_bytes().splitlines(keepends=True)[0])
        assert (record.emergency, record.approval) == (grant.pk, None)
        assert told("emergency.loaded").payload["emergency"] == str(grant.pk)

    def test_ends_by_the_clock_in_the_envelope(self, granted: Stage) -> None:
        late = the_grant().attestation.not_after
        with pytest.raises(LoadRefused, match="is over"):
            loaded(now=late)

    def test_ends_when_somebody_ends_it(self, granted: Stage, tmp_path: Path) -> None:
        with serving.follower() as made:
            end_emergency(caller=who("cora"), grant=the_grant(), reason="Enough.")
            made.look()
            with pytest.raises(NotApproved):
                serving.answer(made, "carl", tmp_path)
        assert told("emergency.ended").payload["cause"] == "stopped"

    def test_ends_when_the_version_is_retired(self, granted: Stage, tmp_path: Path) -> None:
        with serving.follower() as made:
            granted.version.aliases.all().delete()
            retire(caller=who("mira"), version=granted.version, reason="It is old.")
            made.look()
            with pytest.raises(NotApproved):
                serving.answer(made, "carl", tmp_path)
        assert told("emergency.ended").payload["cause"] == "stopped"

    def test_is_not_for_another_environment(self, granted: Stage, settings: Settings) -> None:
        settings.ENVIRONMENT = "elsewhere"
        with pytest.raises(LoadRefused, match="another environment"):
            loaded()

    def test_gives_way_to_an_approval(
        self, granted_template: Stage, backstage: Any, postgres: Any, tmp_path: Path
    ) -> None:
        with backstage(copied(postgres, granted_template, tmp_path / "stage")) as stage:
            other = verbs.another(who("ada"), stage.version.model, strength=2.0)
            verbs.make_ready(who("ada"), other, strength=2.0)
            verbs.signed(other)
            assert stage.notary_round() == 1
            promote(
                caller=who("mira"), version=version_of(MODEL, 2), alias="champion", reason="Good."
            )
            with serving.follower() as made:
                answer = serving.answer(made, "carl", tmp_path / "segments")
            assert not answer.in_emergency

            assert [end_emergencies(), end_emergencies()] == [1, 0]
            assert EmergencyEnd.objects.get().cause == EmergencyCause.APPROVAL
            assert not in_force(timezone.now()).exists()
        postgres.drop([stage.database])


class TestForgeries:
    """By SQL, with the app role's or the owner's rights."""

    def test_a_grant_without_two_persons_is_no_row(self, granted: Stage) -> None:
        with pytest.raises(DatabaseError, match="Two persons grant"), transaction.atomic():
            _sql(
                "INSERT INTO governance_emergencygrant (id, proposal_id, version_id, policy_id, "
                "alias, at) SELECT gen_random_uuid(), p.id, version_id, policy_id, alias, now() "
                "FROM governance_emergencygrant g, accounts_proposal p WHERE p.id NOT IN "
                "(SELECT proposal_id FROM governance_emergencygrant) LIMIT 1"
            )

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE governance_emergencyattestation SET not_after = now() + interval '1 year'",
            "INSERT INTO governance_emergencyattestation SELECT * FROM "
            "governance_emergencyattestation",
            "DELETE FROM governance_emergencyend",
            "UPDATE governance_emergencygrant SET alias = 'challenger'",
        ],
    )
    def test_the_app_role_changes_none_of_it(self, granted: Stage, statement: str) -> None:
        with (
            granted.database.connect("app") as link,
            pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.RestrictViolation)),
        ):
            link.execute(statement)

    def test_a_stretched_row_or_another_alias_serves_nothing(
        self, granted_template: Stage, backstage: Any, postgres: Any, tmp_path: Path
    ) -> None:
        stage = copied(postgres, granted_template, tmp_path / "stage")

        def is_found() -> bool:
            found = check_records(approval_keys(trusted_keys()), blobs=False)
            return "emergency grant" in {finding.thing for finding in found}

        with backstage(stage):
            assert not is_found()
            late = the_grant().attestation.not_after + timedelta(minutes=1)
            by_force(
                stage.database,
                "governance_emergencyattestation",
                "UPDATE governance_emergencyattestation SET not_after = now() + interval '1 year'",
            )
            with pytest.raises(LoadRefused, match="is over"):
                loaded(now=late)
            assert is_found()
            by_force(
                stage.database,
                "governance_emergencygrant",
                "UPDATE governance_emergencygrant SET alias = 'challenger'",
            )
            with pytest.raises(LoadRefused, match="another alias"):
                loaded()
            emergency = _read(EmergencyAttestation.objects.get())
            forged = sign_emergency(emergency, generate_key("forger"))
            by_force(
                stage.database,
                "governance_emergencyattestation",
                "UPDATE governance_emergencyattestation SET envelope = %s",
                forged,
            )
            with pytest.raises(LoadRefused, match="cannot be trusted"):
                loaded()
            assert is_found()
        postgres.drop([stage.database])

    def test_the_notary_signs_nothing_that_the_log_does_not_carry(
        self, postgres: Any, backstage: Any, approved_template: Stage, tmp_path: Path
    ) -> None:
        """The columns say two persons; the log's bytes tell of no second factor."""
        stage = copied(postgres, approved_template, tmp_path / "stage")
        with backstage(stage):
            allow()
            stop(stage)
            first = confirmed(proposed())
            by_force(
                stage.database,
                "audit_auditevent",
                "UPDATE audit_auditevent SET leaf = convert_to(replace(convert_from(leaf, 'UTF8'), "
                "'password+totp', 'password'), 'UTF8') WHERE action LIKE 'proposal.%%'",
            )
            stage.notary_round()
            end = grant_again(first).end
            assert (end.cause, "no two persons" in end.reason) == ("refused", True)
            assert not EmergencyAttestation.objects.exists()
            assert told("emergency.refused").payload["emergency"] == str(first.pk)
        postgres.drop([stage.database])


class TestReviewing:
    def test_waits_for_a_third_person_once_it_is_over(self, granted: Stage) -> None:
        with pytest.raises(Conflict, match="when it is over"):
            _review("cora")
        end_emergency(caller=who("mira"), grant=the_grant(), reason="Enough.")
        for name in ("mira", "dan"):
            with pytest.raises(NotAllowed, match="third person"):
                _review(name)
        with pytest.raises(NotAllowed, match="Only managers and compliance"):
            _review("cleo")

        review = _review("cora")

        assert review.outcome == "justified"
        assert told("emergency.reviewed").payload["outcome"] == "justified"
        with pytest.raises(Conflict, match="already"):
            _review("cora")

    def test_no_row_makes_one_of_the_two_the_third(self, granted: Stage) -> None:
        dan = user_of("dan")
        with pytest.raises(DatabaseError, match="third person"), transaction.atomic():
            EmergencyReview.objects.create(
                grant=the_grant(),
                outcome="justified",
                reason="Mine.",
                person=dan.person,
                user=dan,
                at=timezone.now(),
            )

    def test_the_clock_ends_what_is_over(self, granted: Stage) -> None:
        assert state_of(the_grant(), timezone.now() + timedelta(hours=HOURS)) == "over"
        assert end_emergencies() == 0


def _review(name: str) -> EmergencyReview:
    return review_emergency(
        caller=who(name), grant=the_grant(), outcome="justified", reason="There was no other way."
    )


def _read(row: EmergencyAttestation) -> Any:
    return read_emergency(bytes(row.envelope), approval_keys(trusted_keys()))


def _sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
