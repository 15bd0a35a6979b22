"""The notary believes no status: it looks at every record again before it signs."""

import base64
import json
from collections.abc import Callable
from hashlib import sha256

import pytest
from django.utils import timezone

from accounts.models import Membership, User
from audit.actions import Action
from audit.models import AuditEvent
from common.errors import Conflict
from governance.models import Approval, Review, ReviewState
from governance.selectors import standing, trusted_keys
from governance.services import withdraw
from registry.models import Status
from registry.services import add_evidence, edit_card
from tests.cast import user_of, who
from tests.factories import tiny, verbs
from tests.factories.damage import approved_statement, by_force, flip_a_byte
from tests.stage import Stage, review_again
from trust.approval import verify_approval
from trust.canonical import canonical

Damage = Callable[[Stage, Review], object]


def _sql(table: str, statement: str) -> Damage:
    def damage(stage: Stage, review: Review) -> None:
        by_force(stage.database, table, statement)

    return damage


DAMAGES: dict[str, tuple[Damage, str]] = {
    "the statement's bytes were changed": (
        _sql(
            "governance_review",
            "UPDATE governance_review SET statement ="
            " convert_to(replace(convert_from(statement, 'UTF8'), '\"signers_required\":2',"
            " '\"signers_required\":1'), 'UTF8')",
        ),
        "statement's bytes are not those of its digest",
    ),
    "the policy's bytes were changed": (
        _sql("governance_policyversion", "UPDATE governance_policyversion SET body = body || ' '"),
        "policy's bytes are not those of its digest",
    ),
    "the policy's document was changed": (
        _sql(
            "governance_policyversion",
            "UPDATE governance_policyversion"
            " SET document = jsonb_set(document, '{signers,count}', '1')",
        ),
        "policy's document is not",
    ),
    "the manifest was changed": (
        _sql(
            "registry_modelversion", "UPDATE registry_modelversion SET manifest = manifest || ' '"
        ),
        "manifest's bytes are not those of the version digest",
    ),
    "an event of a signature was removed": (
        _sql(
            "audit_auditevent",
            "DELETE FROM audit_auditevent WHERE id ="
            " (SELECT max(id) FROM audit_auditevent WHERE action = 'review.signed')",
        ),
        "A signature has no event in the log",
    ),
    "a signature was removed": (
        _sql(
            "governance_signature",
            "DELETE FROM governance_signature WHERE at ="
            " (SELECT max(at) FROM governance_signature)",
        ),
        "Fewer persons",
    ),
    "a signature's record was changed": (
        _sql("governance_signature", "UPDATE governance_signature SET record = record || ' '"),
        "Fewer persons",
    ),
    "a no was turned into a yes": (
        _sql(
            "governance_signature",
            "UPDATE governance_signature SET person_id = (SELECT id FROM accounts_person"
            " WHERE name = 'Mira') WHERE at = (SELECT max(at) FROM governance_signature)",
        ),
        "Fewer persons",
    ),
    "a report's bytes were changed": (
        _sql(
            "registry_evidence",
            "UPDATE registry_evidence SET body = convert_to(replace(convert_from(body, 'UTF8'),"
            " '0.9', '0.8'), 'UTF8') WHERE kind = 'evaluation'",
        ),
        "bytes of the evaluation are not those",
    ),
    "the card's fields were changed": (
        _sql(
            "registry_cardrevision",
            "UPDATE registry_cardrevision SET content = jsonb_set(content, '{contact}', '\"me\"')",
        ),
        "card's fields are not those",
    ),
    "a stored byte was changed": (
        lambda stage, review: flip_a_byte(stage, stage.version),
        "",
    ),
    "a stored file was removed": (
        lambda stage, review: flip_a_byte(stage, stage.version).unlink(),
        "",
    ),
    "a signer lost the role": (
        lambda stage, review: Membership.objects.filter(
            person=user_of("ben").person_id, role="reviewer"
        ).delete(),
        "Fewer persons",
    ),
    "a signer's login was closed": (
        lambda stage, review: User.objects.filter(username="cleo").update(is_active=False),
        "Fewer persons",
    ),
    "a new card was written": (
        lambda stage, review: edit_card(
            caller=who("ada"), version=stage.version, content=tiny.CARD | {"caveats": "New."}
        ),
        "this has changed: evidence",
    ),
    "a new report came": (
        lambda stage, review: add_evidence(
            version=stage.version, kind="golden", document={"type": "assay/golden/1"}
        ),
        "this has changed: evidence",
    ),
    "the status alone says quorum": (
        lambda stage, review: None,
        "Fewer persons",
    ),
}


class TestRefuses:
    @pytest.mark.parametrize("what", list(DAMAGES))
    def test_when(self, ready_copy: Stage, what: str) -> None:
        damage, reason = DAMAGES[what]
        alone = what == "the status alone says quorum"
        review = verbs.signed(ready_copy.version, ["ben"] if alone else ["ben", "cleo"])
        Review.objects.filter(pk=review.pk).update(state=ReviewState.QUORUM)
        damage(ready_copy, review)

        assert ready_copy.notary_round() == 0

        review = review_again(review)
        assert review.state == ReviewState.OPEN
        assert reason in review.notary_note
        assert review.notary_note
        assert not Approval.objects.exists()
        assert ready_copy.version.status == Status.IN_REVIEW
        refused = AuditEvent.objects.get(action=Action.REVIEW_QUORUM_REFUSED.value)
        assert refused.payload["reason"] == review.notary_note[:500]

    def test_what_was_withdrawn_meanwhile(self, ready_copy: Stage) -> None:
        review = verbs.signed(ready_copy.version)
        withdraw(caller=who("ada"), review=review)

        assert ready_copy.notary_round() == 0
        assert review_again(review).state == ReviewState.WITHDRAWN


class TestApproves:
    def test_exactly_what_was_signed(self, approved: Stage) -> None:
        approval, version = approved.approval, approved.version
        review = approval.review
        statement = tiny.parsed(bytes(review.statement))

        predicate = approved_statement(bytes(approval.envelope))["predicate"]

        assert predicate["approval"] == str(approval.pk)
        assert predicate["statement_digest"] == f"sha256:{review.statement_digest}"
        assert predicate["policy_digest"] == statement["policy"]["digest"]
        assert predicate["artifacts"] == statement["artifacts"]
        assert predicate["evidence"] == statement["evidence"]
        assert predicate["signatures"] == [
            f"sha256:{signature.digest}" for signature in review.signatures.order_by("at")
        ]
        assert set(predicate["signers"]) == {str(who(n).person_id) for n in ("ben", "cleo")}
        assert (approval.not_after - approval.issued_at).days == statement["validity_days"]
        assert version.status == Status.APPROVED
        verdict = standing(version, approval, keys=trusted_keys(), now=timezone.now())
        assert verdict.ok

    def test_with_no_name_of_a_person_in_it(self, approved: Stage) -> None:
        payload = base64.b64decode(json.loads(bytes(approved.approval.envelope))["payload"])

        assert b"Ben" not in payload
        assert b"Cleo" not in payload
        assert b"example.org" not in payload

    def test_once(self, approved_copy: Stage) -> None:
        assert approved_copy.notary_round() == 0
        assert Approval.objects.count() == 1

    def test_after_what_was_wrong_is_right_again(self, ready_copy: Stage) -> None:
        review = verbs.signed(ready_copy.version)
        User.objects.filter(username="cleo").update(is_active=False)
        assert ready_copy.notary_round() == 0

        verbs.put("mira", review_again(review))

        assert ready_copy.notary_round() == 1
        signers = approved_statement(bytes(ready_copy.approval.envelope))["predicate"]["signers"]
        assert set(signers) == {str(who(n).person_id) for n in ("ben", "mira")}

    def test_for_these_bytes_only(self, approved: Stage) -> None:
        verdict = verify_approval(
            bytes(approved.approval.envelope),
            trusted_keys(),
            version_digest="sha256:" + "0" * 64,
            artifact_digests={},
            now=timezone.now(),
        )

        assert not verdict.ok


def test_one_broken_review_does_not_hold_up_the_others(ready_copy: Stage) -> None:
    broken = verbs.signed(ready_copy.version)
    other = verbs.another(who("ada"), ready_copy.version.model, strength=2.0)
    verbs.make_ready(who("ada"), other, strength=2.0)
    sound = verbs.signed(other)
    by_force(
        ready_copy.database,
        "governance_review",
        "UPDATE governance_review SET statement = 'no JSON', statement_digest = %s WHERE id = %s",
        sha256(b"no JSON").hexdigest(),
        broken.pk,
    )

    assert ready_copy.notary_round() == 1
    assert review_again(sound).state == ReviewState.APPROVED
    assert review_again(broken).state == ReviewState.OPEN


FORGED = {
    "a longer validity": ("validity_days", 1825),
    "a longer outage grace": ("outage_grace_s", 86400),
    "fewer signers": ("signers_required", 1),
    "another number": ("number", 2),
    "a waiver": ("waivers", [{"gate": "admission"}]),
}


@pytest.mark.parametrize("what", list(FORGED))
def test_a_statement_written_past_the_service_is_refused(ready_copy: Stage, what: str) -> None:
    """Two persons may have signed it; it still does not follow from version and policy."""
    part, value = FORGED[what]
    made = verbs.signed(ready_copy.version, [])
    statement = tiny.parsed(bytes(made.statement)) | {part: value}
    by_force(
        ready_copy.database,
        "governance_review",
        "UPDATE governance_review SET statement = %s, statement_digest = %s WHERE id = %s",
        canonical(statement),
        sha256(canonical(statement)).hexdigest(),
        made.pk,
    )

    for name in ("ben", "cleo"):
        with pytest.raises(Conflict, match=f"this has changed: {part}"):
            verbs.put(name, review_again(made))
    Review.objects.filter(pk=made.pk).update(state=ReviewState.QUORUM)

    assert ready_copy.notary_round() == 0
    assert f"this has changed: {part}" in review_again(made).notary_note
