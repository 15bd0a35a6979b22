"""Packs about a model, a period and the register."""

import html
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.roles import Role
from accounts.services import create_team
from audit.models import AuditEvent, Checkpoint
from common.errors import DomainError, NotAllowed
from compliance.models import Pack
from compliance.packing import request_pack
from compliance.packs.document import build
from compliance.packs.seen import packs_seen_by
from compliance.packs.several import Register
from compliance.packs.templates import templates
from governance.approvals.releases import revoke
from governance.findings.services import amend_finding, close_finding
from registry.register.entries import NewEntry, enter, today
from tests.cast import give, password_of, the_team, user_of, who
from tests.factories import findings, verbs
from tests.past.test_packs import OTHERS, client_of, document_of, file_of, gaps_are_true
from tests.stage import MODEL, Stage

API = "/api/v1/packs"
DAY = timedelta(days=1)
GIVEN: dict[str, dict[str, Any]] = {
    "eu-ai-act-logs": {"since": datetime(2026, 1, 1, tzinfo=UTC), "until": timezone.now() + DAY},
    "register": {"team": "credit"},
    "sr-26-2-model": {"model": MODEL},
    "ss1-23-model": {"model": MODEL},
}


@pytest.fixture
def sealed(approved: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """The stage with a signed head of its log: it shows what did not happen."""
    head = Checkpoint(size=1, root=bytes(32), note="a note", signed_at=timezone.now())
    monkeypatch.setattr("compliance.packs.shelf.newest_checkpoint", lambda: head)
    return approved


def made(template: str, *, by: str = "cora", **given: Any) -> Pack:
    """A pack by request and job, in this process."""
    pack = request_pack(caller=who(by), template=template, **given)
    verbs.at_work(pack.job_id)
    return Pack.objects.prefetch_related("files__blob").get(pk=pack.pk)


def values(pack: Pack, each: str = "") -> dict[str, Any]:
    """Field -> its text, or its rows as dictionaries; of the section of a model, where named."""
    found = {}
    for section in document_of(pack)["sections"]:
        for field in section["fields"] if section["each"] == each else []:
            value = field["value"]
            if isinstance(value, dict):
                value = [dict(zip(value["columns"], row, strict=True)) for row in value["rows"]]
            found[field["name"]] = value
    return found


def stop(stage: Stage) -> None:
    revoke(
        caller=who("cora"), version=stage.version, reason="It drifts.", password=password_of("cora")
    )


@pytest.mark.parametrize("template", OTHERS)
def test_each_has_a_gap_list_that_is_true(sealed: Stage, template: str) -> None:
    pack = made(template, **GIVEN[template])
    document = document_of(pack)
    gaps_are_true(document)
    page = html.unescape(file_of(pack, "html").decode())
    assert page.index("Gaps: ") < page.index("<h2>Inventory" if "Inv" in page else "<h2>")
    assert file_of(pack, "pdf").startswith(b"%PDF-")
    assert document["signatures"]
    told = AuditEvent.objects.get(action="pack.made").payload
    assert told["scope"]["kind"] == pack.kind == document["subject"]["kind"]


class TestAModel:
    def test_is_told_with_all_its_versions_and_what_became_of_them(self, sealed: Stage) -> None:
        verbs.another(who("ada"), sealed.version.model, strength=0.5)
        found = values(made("sr-26-2-model", model=MODEL))
        assert [row["version"] for row in found["versions"]] == [2, 1]
        assert [(row["alias"], row["state"]) for row in found["live"]] == [("champion", "live")]
        assert found["approvals"][0]["signed by"] == "Ben, Cleo"
        assert found["ended"] == "No approval ended."
        stop(sealed)
        found = values(made("sr-26-2-model", model=MODEL))
        assert [(row["state"]) for row in found["live"]] == ["revoked"]
        assert found["approvals"][0]["state"] == "revoked"
        assert [(row["how"], row["by"]) for row in found["ended"]] == [("revoked", "Cora")]


class TestAPeriod:
    def test_holds_what_happened_in_it_as_it_stood_at_its_end(self, sealed: Stage) -> None:
        begin = timezone.now()
        raised = findings.found("ben", sealed.version)
        stop(sealed)
        end = timezone.now()
        amend_finding(
            caller=who("ben"),
            finding=raised,
            text="Ada is away.",
            revision=1,
            owner=user_of("mira").person_id,
            due_on=findings.in_days(3),
        )
        close_finding(caller=who("ben"), finding=raised, text="It was mended.")
        found = values(made("eu-ai-act-logs", model=MODEL, since=begin, until=end))
        assert found["approvals"] == "No approval was given."
        assert found["signatures"] == "Nobody signed."
        assert [row["how"] for row in found["ended"]] == ["revoked"]
        (still,) = found["open_findings"]
        due = findings.in_days(30).isoformat()
        assert (still["state"], still["owner"], still["due"]) == ("open", "Ada", due)
        assert [(row["state"], row["approval"]) for row in found["live"]] == [
            ("live", str(sealed.approval.pk)),
            ("revoked", str(sealed.approval.pk)),
        ]
        before = values(made("eu-ai-act-logs", team="credit", since=begin - DAY, until=begin))
        assert [row["version"] for row in before["approvals"]] == [f"{MODEL} v1"]
        assert {row["printed name"] for row in before["signatures"]} == {"Ben", "Cleo"}
        assert before["findings"] == "No finding was raised."
        assert [row["to version"] for row in before["moves"]] == [f"{MODEL} v1"]


class TestTheRegister:
    def test_owes_what_each_model_lacks_first(self, sealed: Stage) -> None:
        ada = user_of("ada").person_id
        sheet = verbs.new_model(who("ada"), "sheet")
        verbs.new_model(who("ada"), "idle")
        late = NewEntry(
            hosting="inventory",
            life="in_use",
            owner=ada,
            place="Finance share",
            technology="Spreadsheet",
            revalidate_on=today() - DAY,
        )
        enter(caller=who("mira"), model=sheet, new=late)
        served = NewEntry(hosting="served", life="in_use", owner=ada, revalidate_on=today() + DAY)
        enter(caller=who("mira"), model=sealed.version.model, new=served)
        stop(sealed)
        pack = made("register")
        gaps = {(gap["section"], gap["field"]): gap for gap in document_of(pack)["gaps"]}
        assert ("idle: entry", "Owner") in gaps
        assert ("sheet: entry", "Owner") not in gaps
        due = gaps["sheet: entry", "Next validation"]
        assert due["why"] == f"overdue since {(today() - DAY).isoformat()}"
        assert due["owner"] == "compliance of Credit"
        live = gaps[f"{MODEL}: entry", "Live"]
        assert live["why"] == "in use as its owner says, but nothing is live"
        assert values(pack, "sheet")["released"] == "Not served here: Spreadsheet, Finance share."
        assert values(pack, "idle")["released"] == "Nothing is live."
        assert [row["model"] for row in values(pack)["overview"]] == ["idle", "sheet", MODEL]
        assert due["why"] in html.unescape(file_of(pack, "html").decode())
        assert due["why"] in file_of(pack, "csv").decode()

    def test_asks_the_records_as_often_for_many_models_as_for_few(self, sealed: Stage) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as asked:
                covered = Register([the_team()], timezone.now())
                build(templates()["register"], covered, pack="one", asked_by="Cora")
            return len(asked)

        verbs.new_model(who("ada"), "first")
        few = queries()
        owner = user_of("ada").person_id
        ben = user_of("ben").person_id
        said = NewEntry("served", "in_use", owner, validator=ben, revalidate_on=today() + DAY)
        for name in ("second", "third", "fourth"):
            model = verbs.new_model(who("ada"), name)
            enter(caller=who("mira"), model=model, new=said)
        assert queries() == few


class TestAsking:
    @pytest.mark.parametrize(
        ("given", "status", "field"),
        [
            ({"template": "sr-26-2-model"}, 422, "model"),
            ({"template": "sr-26-2-model", "model": MODEL, "number": 1}, 422, "number"),
            ({"template": "model-card"}, 422, "model"),
            ({"template": "register", "model": MODEL}, 422, "model"),
            ({"template": "register", "team": "none"}, 404, "team"),
            ({"template": "eu-ai-act-logs", "since": "2026-01-01"}, 422, "until"),
            (
                {"template": "eu-ai-act-logs", "since": "2026-01-02", "until": "2026-01-02"},
                422,
                "until",
            ),
            (
                {"template": "eu-ai-act-logs", "since": "2999-01-02", "until": "2999-01-03"},
                422,
                "since",
            ),
            ({"template": "eu-ai-act-logs", "since": "soon", "until": "2026-01-02"}, 422, "since"),
            (
                {
                    "template": "eu-ai-act-logs",
                    "since": "2026-01-01",
                    "until": "2026-01-02",
                    "model": MODEL,
                    "team": "credit",
                },
                422,
                "team",
            ),
        ],
    )
    def test_is_refused_with_the_field_at_fault(
        self, approved: Stage, given: dict[str, Any], status: int, field: str
    ) -> None:
        reply = client_of("cora").post(API, given, content_type="application/json")
        assert reply.status_code == status, reply.content
        said = reply.json()
        assert field in (said.get("field"), *said.get("errors", {})), said
        assert not Pack.objects.exists()

    @pytest.mark.parametrize("template", OTHERS)
    def test_is_for_whoever_exports_the_records(self, approved: Stage, template: str) -> None:
        for username in ("ada", "ben", "carl", "dan"):
            with pytest.raises((NotAllowed, DomainError)):
                made(template, by=username, **GIVEN[template])
        assert not Pack.objects.exists()

    def test_of_several_teams_is_seen_by_keepers_of_all_of_them(self, approved: Stage) -> None:
        fraud = create_team(caller=who("root"), slug="fraud", name="Fraud")
        give([("cora", Role.COMPLIANCE)], fraud)
        both = made("register")
        own = made("register", team="credit")
        assert (both.teams, own.teams) == (["credit", "fraud"], ["credit"])
        assert set(packs_seen_by(who("cora"))) == {both, own}
        assert set(packs_seen_by(who("mira"))) == {own}
        told = AuditEvent.objects.filter(action="pack.made").order_by("id")
        related = told.values_list("related", flat=True)
        assert [f"team:{the_team().pk}" in one for one in related] == [False, True]

    def test_of_a_team_is_for_its_keepers(self, approved: Stage) -> None:
        fraud = create_team(caller=who("root"), slug="fraud", name="Fraud")
        give([("ada", Role.COMPLIANCE)], fraud)
        with pytest.raises(NotAllowed):
            made("register", by="ada", team="credit")
        assert made("register", by="ada").teams == ["fraud"]

    def test_says_over_rest_what_it_is_about(self, approved: Stage) -> None:
        body = {"template": "eu-ai-act-logs", "since": "2026-01-01", "until": "2027-01-01T00:00Z"}
        asked = client_of("cora").post(API, body, content_type="application/json").json()
        shown = client_of("cora").get(f"{API}/{asked['id']}").json()
        about = {"kind": "period", "model": None, "number": None, "version_digest": None}
        assert shown.items() >= (about | {"teams": ["credit"]}).items()
        assert (shown["since"], shown["until"]) == ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")
        assert json.loads(json.dumps(shown)) == shown

    def test_is_about_one_thing_in_the_database_too(self, approved: Stage) -> None:
        wrong: list[dict[str, Any]] = [
            {"kind": "model"},
            {"kind": "register"},
            {"kind": "version", "version": approved.version, "teams": ["credit"]},
            {"kind": "period", "teams": ["credit"], "since": timezone.now()},
            {"kind": "other", "teams": ["credit"]},
        ]
        for given in wrong:
            with pytest.raises(IntegrityError), transaction.atomic():
                Pack.objects.create(
                    template="x", job_id=approved.version.pk, requested_by=user_of("cora"), **given
                )
