"""Whoever holds the database or the notary's keys: what he can, and who sees it afterwards.

The rows are written past the services; what verify.md says that he can is shown as well.
"""

import uuid
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.proving import Proof
from audit.actions import Action
from audit.actors import SYSTEM
from audit.models import AuditEvent
from audit.services import record
from compliance.verification.check import check_records
from governance.findings.records import Annex
from governance.models import Approval, Review, Signature
from governance.reviewing.signing import make_record, words_to_sign
from governance.selectors import approval_keys, statement_of, trusted_keys
from governance.services import submit
from tests.cast import user_of, who
from tests.factories import serving, verbs
from tests.servers import Database
from tests.stage import Stage, review_again
from trust.digests import digest_of
from trust.issuing import build_approval, sign_approval
from trust.methods import PASSWORD

_UPDATE, _DELETE = "UPDATE governance_signature", "DELETE FROM governance_signature"


def signature_of(name: str, review: Review) -> Signature:
    """An approving signature that its person knows nothing of, as it would be stored."""
    now, digest = timezone.now(), f"sha256:{review.statement_digest}"
    before = review.signatures.order_by("-at").first()
    made = make_record(
        words_to_sign(who(name), digest, "approve", "I agree.", Annex({})),
        role="reviewer",
        at=now,
        printed_name=name.title(),
        previous=before.digest if before else None,
        proof=Proof(PASSWORD),
    )
    return Signature(
        review=review,
        statement_digest=review.statement_digest,
        person=user_of(name).person,
        user=user_of(name),
        role="reviewer",
        decision="approve",
        reason="I agree.",
        record=made.body,
        digest=made.digest,
        salt=made.salt,
        printed_name=name.title(),
        at=now,
    )


def tell_of(signature: Signature) -> None:
    """The event that belongs to it, in the name of its person."""
    review = signature.review
    payload = {
        "signature": f"sha256:{signature.digest}",
        "statement_digest": f"sha256:{review.statement_digest}",
        "decision": "approve",
        "role": "reviewer",
        "method": PASSWORD,
    }
    record(
        actor=who(signature.user.username).actor,
        action=Action.REVIEW_SIGNED,
        subject=("review", review.pk),
        payload=payload,
        related=[("version", review.version_id), ("model", review.version.model_id)],
    )


@transaction.atomic
def forge(name: str, review: Review) -> Signature:
    """A signature in the name of somebody, with the event that tells of it."""
    signature = signature_of(name, review)
    signature.save()
    tell_of(signature)
    return signature


def triggers(database: Database, table: str, word: str) -> None:
    """The owner switches a table's triggers: ENABLE or DISABLE."""
    with database.connect("owner") as owner:
        owner.execute(f"ALTER TABLE {table} {word} TRIGGER USER".encode())


def found() -> list[str]:
    """What fsck says of the records."""
    return [str(f) for f in check_records(approval_keys(trusted_keys()), blobs=False)]


class TestTheOwnerOfTheDatabase:
    def test_lets_a_contributor_sign_only_without_triggers_and_fsck_finds_it(
        self, ready_copy: Stage
    ) -> None:
        review = submit(caller=who("ada"), version=ready_copy.version)
        with ready_copy.database.as_role("owner"):
            with pytest.raises(DatabaseError, match="contributor"):
                forge("ada", review)
            assert found() == []
            triggers(ready_copy.database, "governance_signature", "DISABLE")
            forge("ada", review)
            triggers(ready_copy.database, "governance_signature", "ENABLE")

        assert any("had a hand in the version" in finding for finding in found())


class TestTheRoleOfTheWebProcess:
    def test_can_forge_signatures_that_the_log_keeps_for_ever(self, ready_copy: Stage) -> None:
        """The notary believes records, and so does fsck. What Ben and Cleo can deny stands in the
        log."""
        review = submit(caller=who("ada"), version=ready_copy.version)
        forged = [forge(name, review) for name in ("ben", "cleo")]
        Review.objects.filter(pk=review.pk).update(state="quorum")

        assert ready_copy.notary_round() == 1
        assert found() == []
        serving.loaded()

        told = AuditEvent.objects.filter(action=Action.REVIEW_SIGNED.value).order_by("pk")
        assert [event.payload["signature"] for event in told] == [
            f"sha256:{signature.digest}" for signature in forged
        ]
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            told.delete()

    def test_cannot_forge_them_without_events(self, ready_copy: Stage) -> None:
        review = submit(caller=who("ada"), version=ready_copy.version)
        for name in ("ben", "cleo"):
            signature_of(name, review).save()
        Review.objects.filter(pk=review.pk).update(state="quorum")

        assert ready_copy.notary_round() == 0
        assert "no event in the log" in review_again(review).notary_note


class TestAThiefOfTheKeys:
    def test_has_served_what_nobody_signed_and_fsck_finds_it(self, ready_copy: Stage) -> None:
        """With the approvals key and the notary's role: the gate opens, for it trusts the key."""
        review = submit(caller=who("ada"), version=ready_copy.version)
        with ready_copy.database.as_role("notary"):
            approve_alone(ready_copy, review)

        serving.loaded()
        assert any("approval" in finding for finding in found())

    def test_cannot_rewrite_the_signatures_that_there_are(self, ready_copy: Stage) -> None:
        verbs.signed(ready_copy.version, ["ben"])
        for change in (f"{_UPDATE} SET reason = ''", _DELETE):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                ready_copy.database.rows(change, role="notary")


@transaction.atomic
def approve_alone(stage: Stage, review: Review) -> None:
    """An approval in the names of Ben and Cleo, who signed nothing, and its event."""
    statement, identity, now = statement_of(review), uuid.uuid4(), timezone.now()
    golden = {item["kind"]: item["digest"] for item in statement["evidence"]}["golden"]
    said: dict[str, Any] = build_approval(
        statement,
        approval=str(identity),
        statement_digest=f"sha256:{review.statement_digest}",
        signatures=[digest_of(b"one"), digest_of(b"two")],
        signers=[str(user_of(name).person_id) for name in ("ben", "cleo")],
        golden_digest=golden,
        issued_at=now,
        not_after=now + timedelta(days=1),
        annex={},
    )
    envelope = sign_approval(said, stage.approval_key)
    row = Approval.objects.create(
        id=identity,
        review=review,
        version=review.version,
        envelope=envelope,
        envelope_digest=digest_of(envelope).removeprefix("sha256:"),
        issued_at=now,
        not_after=now + timedelta(days=1),
    )
    record(
        actor=SYSTEM,
        action=Action.VERSION_APPROVED,
        subject=("version", review.version_id),
        payload={
            "approval": str(identity),
            "envelope_digest": f"sha256:{row.envelope_digest}",
            "version_digest": f"sha256:{review.version.digest}",
            "statement_digest": f"sha256:{review.statement_digest}",
        },
        related=[("review", review.pk), ("model", review.version.model_id)],
    )
