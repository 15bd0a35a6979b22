"""Rows written past the program, as the role of the web process: the log and the notary go on."""

import json
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from django.utils import timezone

from accounts.proving import Proof
from governance.findings.records import Annex
from governance.models import Review, ReviewState
from governance.reviewing.signing import Record, make_record, words_to_sign
from governance.services import submit
from tests.cast import user_of, who
from tests.factories import verbs
from tests.stage import MODEL, Stage, review_again
from trust.merkle import leaf_hash
from trust.methods import PASSWORD

Link = psycopg.Connection
_EVENT = """
    INSERT INTO audit_auditevent (uuid, occurred_at, action, person_id, via, subject_type,
        subject_id, related, payload, leaf, leaf_hash)
    VALUES (gen_random_uuid(), %s, 'review.signed', %s, 'session', 'review', %s, '[]', %s, %s, %s)
"""
_SIGNATURE = """
    INSERT INTO governance_signature (id, review_id, statement_digest, person_id, user_id, role,
        decision, reason, record, digest, salt, printed_name, at)
    VALUES (%s, %s, %s, %s, %s, 'reviewer', 'approve', 'r', %s, %s, %s, 'Cleo', %s)
"""
_QUORUM = "UPDATE governance_review SET state = 'quorum' WHERE id = %s"


@pytest.fixture
def link(ready_copy: Stage) -> Iterator[Link]:
    """A connection of the app's role, outside the program."""
    with ready_copy.database.connect("app") as link:
        yield link


@pytest.mark.parametrize("hashed", [b"", b"\x00", leaf_hash(b"something else"), b"\x00" * 32])
def test_no_event_is_stored_whose_hash_is_not_that_of_its_bytes(hashed: bytes, link: Link) -> None:
    """A short hash would stop the notary for good; another's would accuse every bundle for good."""
    with pytest.raises(psycopg.errors.RestrictViolation, match="hash of an event"):
        link.execute(_EVENT, [timezone.now(), None, "1", "{}", b"{}", hashed])


def test_no_event_happens_at_a_moment_that_nobody_can_read(link: Link) -> None:
    with pytest.raises(psycopg.errors.RestrictViolation, match="at a moment"):
        link.execute(_EVENT, ["infinity", None, "1", "{}", b"{}", leaf_hash(b"{}")])


def test_no_event_hides_from_the_notary_behind_an_old_transaction(link: Link) -> None:
    """It would be believed at once, and stand in the log only after the notary's next start."""
    forged = _EVENT.replace("leaf_hash)", "leaf_hash, transaction)").replace("%s)", "%s, 1)")
    own = "RETURNING transaction = pg_current_xact_id()::text::bigint"
    values = [timezone.now(), None, "1", "{}", b"{}", leaf_hash(b"{}")]
    assert link.execute((forged + own).encode(), values).fetchone() == (True,)


def _forged_by_cleo(link: Link, review: Review, at: object, salt: str | None = None) -> Record:
    cleo = user_of("cleo")
    made = make_record(
        words_to_sign(who("cleo"), f"sha256:{review.statement_digest}", "approve", "r", Annex({})),
        role="reviewer",
        at=timezone.now(),
        printed_name="Cleo",
        previous=None,
        proof=Proof(PASSWORD),
    )
    link.execute(
        _SIGNATURE,
        [
            *(uuid.uuid4(), review.pk, review.statement_digest, cleo.person_id, cleo.pk),
            *(made.body, made.digest, made.salt if salt is None else salt, at),
        ],
    )
    return made


@pytest.mark.parametrize("salt", ["", "no hex", "0" * 63, "A" * 64])
def test_no_signature_is_stored_whose_salt_no_export_can_read(
    salt: str, ready_copy: Stage, link: Link
) -> None:
    review = submit(caller=who("ada"), version=ready_copy.version)

    with pytest.raises(psycopg.errors.CheckViolation, match="signature_salt_is_hex"):
        _forged_by_cleo(link, review, timezone.now(), salt)


def test_a_signature_counts_only_by_the_bytes_of_its_event(ready_copy: Stage, link: Link) -> None:
    """The columns name the signature; the bytes, which the log keeps and outsiders see, do not."""
    review = verbs.signed(ready_copy.version, ["ben"])
    made = _forged_by_cleo(link, review, timezone.now())
    leaf = json.dumps(
        {
            "v": 1,
            "id": str(uuid.uuid4()),
            "at": "2026-01-01T00:00:00.000000Z",
            "action": "review.signed",
            "actor": {"person": str(who("cleo").person_id)},
            "subject": {"type": "review", "id": str(review.pk)},
            "payload": {"decision": "request_changes"},
        }
    ).encode()
    payload = json.dumps({"signature": f"sha256:{made.digest}"})
    person = who("cleo").person_id
    link.execute(_EVENT, [timezone.now(), person, str(review.pk), payload, leaf, leaf_hash(leaf)])
    link.execute(_QUORUM, [review.pk])
    link.commit()

    assert ready_copy.notary_round() == 0
    assert "A signature has no event in the log" in review_again(review).notary_note


def test_a_review_that_cannot_be_read_holds_up_no_other(ready_copy: Stage, link: Link) -> None:
    second = verbs.make_ready(who("ada"), verbs.another(who("ada"), ready_copy.version.model))
    first = submit(caller=who("ada"), version=ready_copy.version)
    _forged_by_cleo(link, first, "infinity")
    link.execute(_QUORUM, [first.pk])
    link.commit()
    verbs.signed(second)

    assert ready_copy.notary_round() == 1
    assert review_again(first).state == ReviewState.QUORUM
    assert second.model.name == MODEL
