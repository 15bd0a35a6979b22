"""Findings settled by those who may not, or past the program; and reviews signed out of date."""

from hashlib import sha256
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from governance.findings.records import record_of_move
from governance.findings.services import close_finding
from governance.models import Finding, FindingMove, Review, ReviewState, Signature
from governance.services import submit
from tests.cast import password_of, user_of, who
from tests.factories import verbs
from tests.factories.damage import by_force
from tests.factories.findings import annex_now, found
from tests.stage import Stage, review_again
from trust.canonical import canonical


def closed_past_the_program(finding: Finding, name: str) -> None:
    """The row that the service would write, and no event."""
    user = user_of(name)
    move = FindingMove(
        finding=finding,
        position=1,
        move="closed",
        text="Fine.",
        person=user.person,
        user=user,
        at=timezone.now(),
    )
    move.record = canonical(record_of_move(move, None, []))
    move.digest = sha256(move.record).hexdigest()
    move.save()


def test_the_notary_believes_no_closing_without_its_event(ready_copy: Stage) -> None:
    review = verbs.signed(ready_copy.version)
    closed_past_the_program(found("mira", ready_copy.version), "cora")

    assert ready_copy.notary_round() == 0
    assert "not those of which the log tells" in review_again(review).notary_note


def test_the_notary_believes_no_row_that_says_otherwise_than_its_record(
    ready_copy: Stage,
) -> None:
    review = verbs.signed(ready_copy.version)
    finding = found("mira", ready_copy.version)
    change = "UPDATE governance_finding SET effect = 'condition' WHERE id = %s"
    by_force(ready_copy.database, "governance_finding", change, finding.pk)

    assert ready_copy.notary_round() == 0
    assert "not what its row says" in review_again(review).notary_note


def test_the_notary_believes_no_closing_by_somebody_with_a_hand_in_it(ready_copy: Stage) -> None:
    review = verbs.signed(ready_copy.version)
    finding = found("mira", ready_copy.version)
    close_finding(caller=who("cora"), finding=finding, text="Fine.")
    columns = "(version_id, person_id, reason, at) VALUES (%s, %s, 'evaluation', now())"
    values = [ready_copy.version.pk, user_of("cora").person_id]
    insert = f"INSERT INTO registry_versioncontributor {columns}"
    by_force(ready_copy.database, "registry_versioncontributor", insert, *values)

    assert ready_copy.notary_round() == 0
    assert "contributor to the version closed" in review_again(review).notary_note


@pytest.fixture
def review(ready: Stage) -> Review:
    """An open review."""
    return submit(caller=who("ada"), version=ready.version)


class TestIfMatch:
    """A signature over the API that names what was shown by its entity tag."""

    def ask(self, review: Review, tag: str | None, **wishes: str) -> Any:
        client = Client()
        client.force_login(user_of("ben"))
        body = {
            "statement_digest": f"sha256:{review.statement_digest}",
            "annex_digest": annex_now(review.version),
            "decision": "approve",
            "reason": "I read it.",
            "password": password_of("ben"),
        }
        headers = {} if tag is None else {"If-Match": tag}
        return client.post(
            f"/api/v1/reviews/{review.pk}/signatures",
            body | wishes,
            content_type="application/json",
            headers=headers,
        )

    def tag(self, review: Review) -> str:
        client = Client()
        client.force_login(user_of("ben"))
        return str(client.get(f"/api/v1/reviews/{review.pk}")["ETag"])

    def test_of_what_stands_there_is_taken(self, review: Review) -> None:
        assert self.ask(review, self.tag(review)).status_code == 201

    def test_goes_on_with_the_conditions(self, review: Review) -> None:
        before = self.tag(review)
        found("cleo", review.version, effect="condition")

        refused = self.ask(review, before)

        assert refused.status_code == 412
        assert refused.json()["type"] == "urn:assay:problem:outdated"
        assert not Signature.objects.exists()
        assert self.ask(review, f'"other", {self.tag(review)}').status_code == 201

    @pytest.mark.parametrize(
        ("tag", "status"),
        [
            ("*", 201),
            ('"' + "0" * 64 + '"', 412),
            ('W/"weak"', 412),
            ("no quotes", 422),
            ('"a" "b"', 422),
            ("", 422),
            ('"x",' * 3000, 422),
        ],
    )
    def test_of_anything_else_is_refused(self, review: Review, tag: str, status: int) -> None:
        reply = self.ask(review, tag)

        assert reply.status_code == status, reply.content
        if status == 422:
            assert reply.json()["field"] == "If-Match"

    def test_a_weak_form_of_the_right_tag_does_not_match(self, review: Review) -> None:
        assert self.ask(review, f"W/{self.tag(review)}").status_code == 412

    def test_says_nothing_for_the_field_beside_it(self, review: Review) -> None:
        digest = "sha256:" + "0" * 64

        reply = self.ask(review, self.tag(review), statement_digest=digest)

        assert reply.status_code == 409
        assert review_again(review).state == ReviewState.OPEN
