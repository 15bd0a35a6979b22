"""The audit log on pages: who reads it, search, one event with its proof, exports."""

import hashlib
import html
from typing import Any

import pytest
import yaml
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.actions import Action
from audit.models import AuditEvent
from audit.services import record
from compliance.models import Export
from compliance.services import request_export
from tests.audit.notary import Notary
from tests.cast import user_of, who
from tests.stage import MODEL, Stage
from tests.web.conftest import As
from trust.proofs import parse_proof, verify_proof
from web.audit.sentences import SENTENCES
from worker.models import Job


def text(response: Any) -> str:
    """The page as its reader sees it."""
    return html.unescape(response.content.decode())


def search(as_: As, **query: str) -> list[Any]:
    """The lines that compliance finds."""
    response = as_("cora").get(reverse("web:audit"), query)
    assert response.status_code == 200
    found: list[Any] = response.context["entries"]
    return found


def test_every_event_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Action)
    assert all("%(actor)s" in str(words) for words in SENTENCES.values())


class TestWhoReadsTheLog:
    @pytest.mark.parametrize("username", ["cora", "mira", "root"])
    def test_compliance_managers_and_administrators_do(
        self, approved: Stage, as_: As, username: str
    ) -> None:
        assert as_(username).get(reverse("web:audit")).status_code == 200

    @pytest.mark.parametrize("username", ["ada", "ben", "carl", "dan"])
    def test_others_do_not_and_are_told_why(self, approved: Stage, as_: As, username: str) -> None:
        response = as_(username).get(reverse("web:audit"))
        assert response.status_code == 403
        assert "Only compliance, managers and administrators read the log." in text(response)

    def test_readers_of_a_model_see_the_events_of_that_model(
        self, approved: Stage, as_: As
    ) -> None:
        event = AuditEvent.objects.get(action="version.approved")
        address = reverse("web:audit-event", args=[event.uuid])
        assert as_("ada").get(address).status_code == 200
        assert as_("dan").get(address).status_code == 404


class TestTheSearch:
    def test_says_each_event_in_a_sentence_with_the_name(self, approved: Stage, as_: As) -> None:
        sentences = [entry.text for entry in search(as_)]
        assert "Ben signed a review" in sentences
        assert "Mira moved an alias" in sentences
        assert "The instance approved a version" in sentences

    def test_links_what_an_event_is_about(self, approved: Stage, as_: As) -> None:
        subject = search(as_, action="version.approved")[0].subject
        assert (subject.name, subject.text) == ("version", f"{MODEL} v1")

    def test_filters_by_action_person_subject_and_text(self, approved: Stage, as_: As) -> None:
        assert {e.action for e in search(as_, action="review.signed")} == {"review.signed"}
        for name in ("Ben", "BEN", str(user_of("ben").person_id)):
            assert {e.text for e in search(as_, person=name)} == {"Ben signed a review"}
        about = {"subject_type": "version", "subject_id": str(approved.version.pk)}
        assert "review.signed" in {e.action for e in search(as_, **about)}
        assert "team.created" not in {e.action for e in search(as_, **about)}
        digest = approved.approval.envelope_digest
        assert [e.action for e in search(as_, text=digest)] == ["version.approved"]

    def test_filters_by_period(self, approved: Stage, as_: As) -> None:
        assert search(as_, since="2020-01-01")
        assert not search(as_, since="2999-01-01")
        assert not search(as_, until="2020-01-01T00:00:00Z")

    @pytest.mark.parametrize(
        ("field", "query"),
        [
            ("person", {"person": "nobody at all"}),
            ("action", {"action": "no.event"}),
            ("since", {"since": "yesterday"}),
            ("subject_type", {"subject_id": "x"}),
        ],
    )
    def test_names_the_filter_that_is_wrong(
        self, approved: Stage, as_: As, field: str, query: dict[str, str]
    ) -> None:
        response = as_("cora").get(reverse("web:audit"), query)
        assert response.status_code == 422
        assert list(response.context["form"].errors) == [field]

    def test_goes_on_where_the_page_ended(self, approved: Stage, as_: As) -> None:
        first = as_("cora").get(reverse("web:audit"))
        second = as_("cora").get(reverse("web:audit"), {"after": first.context["next"]})
        pages = [[e.uuid for e in r.context["entries"]] for r in (first, second)]
        newest = AuditEvent.objects.order_by("-id").values_list("uuid", flat=True)
        assert pages[0] + pages[1] == list(newest[: len(pages[0]) + len(pages[1])])
        assert len(pages[0]) == 30

    def test_asks_no_more_queries_for_thirty_rows_than_for_three(
        self, approved: Stage, as_: As
    ) -> None:
        client = as_("cora")

        def queries(rows: int) -> int:
            for number in range(rows):
                with transaction.atomic():
                    record(
                        actor=who("ada").actor,
                        action=Action.MODEL_CHANGED,
                        subject=("model", approved.version.model_id),
                        payload={"mark": f"mark {rows}", "number": number},
                    )
            with CaptureQueriesContext(connection) as seen:
                response = client.get(reverse("web:audit"), {"text": f"mark {rows}"})
            assert len(response.context["entries"]) == rows
            return len(seen)

        assert queries(3) == queries(30)


class TestAnEvent:
    def test_shows_the_bytes_that_are_hashed(self, approved: Stage, as_: As) -> None:
        event = AuditEvent.objects.get(action="version.approved")
        shown = text(as_("cora").get(reverse("web:audit-event", args=[event.uuid])))
        assert bytes(event.leaf).decode() in shown
        assert bytes(event.leaf_hash).hex() in shown
        body = as_("cora").get(reverse("web:audit-leaf", args=[event.uuid])).content
        assert hashlib.sha256(b"\0" + body).digest() == bytes(event.leaf_hash)

    def test_says_that_it_waits_while_no_checkpoint_covers_it(
        self, approved: Stage, as_: As
    ) -> None:
        event = AuditEvent.objects.get(action="version.approved")
        shown = text(as_("cora").get(reverse("web:audit-event", args=[event.uuid])))
        assert "waits for the notary" in shown
        response = as_("cora").get(reverse("web:audit-proof", args=[event.uuid]))
        assert response.status_code == 409

    def test_hands_out_a_proof_that_holds(
        self, approved_copy: Stage, as_: As, tmp_path: Any
    ) -> None:
        notary = Notary(approved_copy.database, tmp_path)
        notary.work()
        event = AuditEvent.objects.get(action="version.approved")
        response = as_("cora").get(reverse("web:audit-proof", args=[event.uuid]))
        proof = parse_proof(response.content)
        checkpoint = verify_proof(proof, bytes(event.leaf_hash), notary.keys)
        page = as_("cora").get(reverse("web:audit-event", args=[event.uuid]))
        assert page.context["entry"].index == proof.index
        assert page.context["checkpoint"].size == checkpoint.size


class TestExports:
    def post(self, as_: As, username: str, **given: str) -> Any:
        return as_(username).post(reverse("web:audit-export"), given)

    def test_are_asked_for_and_made_by_a_job(self, approved: Stage, as_: As) -> None:
        response = self.post(as_, "cora", kind="version", model=MODEL, number="1")
        assert response.status_code == 302
        export = Export.objects.get()
        assert export.scope == {"kind": "version", "model": MODEL, "number": 1}
        assert Job.objects.filter(pk=str(export.job_id), kind="compliance.export").exists()
        shown = text(as_("cora").get(reverse("web:audit-export")))
        assert f"{MODEL} v1" in shown
        assert "every 2s" in shown

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"kind": "model", "model": "none"}, "model"),
            ({"kind": "model"}, "model"),
            ({"kind": "version", "model": MODEL, "number": "9"}, "number"),
            ({"kind": "version", "model": MODEL}, "number"),
            ({"kind": "period", "since": "x", "until": "2026-01-01"}, "since"),
            ({"kind": "period", "since": "2026-01-01", "until": "2026-01-01"}, "until"),
            ({"kind": "some"}, "kind"),
        ],
    )
    def test_are_refused_with_the_field_at_fault(
        self, approved: Stage, as_: As, given: dict[str, str], field: str
    ) -> None:
        response = self.post(as_, "cora", **given)
        assert response.status_code == 422
        assert list(response.context["form"].errors) == [field]
        assert not Export.objects.exists()

    @pytest.mark.parametrize("username", ["ada", "carl", "dan"])
    def test_are_closed_to_others(self, approved: Stage, as_: As, username: str) -> None:
        assert as_(username).get(reverse("web:audit-export")).status_code == 403
        assert self.post(as_, username, kind="all").status_code == 403

    def test_are_not_handed_out_before_they_are_finished(self, approved: Stage, as_: As) -> None:
        export = request_export(caller=who("cora"), scope={"kind": "all"})
        response = as_("cora").get(reverse("web:audit-export-file", args=[export.pk]))
        assert response.status_code == 409


def test_the_api_page_offers_a_schema_that_can_be_read(ready: Stage, as_: As) -> None:
    client = as_("ben")
    page = text(client.get(reverse("web:api-docs")))
    address = reverse("api:schema")
    assert f'data-schema="{address}"' in page
    assert yaml.safe_load(client.get(address).content)["openapi"].startswith("3.1")
