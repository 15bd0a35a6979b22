"""The time machine: answers about a moment come from what was written by then."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.roles import Role
from accounts.services import create_team
from audit.models import AuditEvent
from compliance.past.alias import AliasThen, alias_then
from compliance.past.datasets import decisions_on, read_place, snapshots_of, write_place
from governance.approvals.releases import promote, revoke
from governance.approvals.staleness import find_stale
from governance.models import Approval, Signature, Staleness
from governance.policy.documents import DEFAULTS
from registry.models import AliasMove, DatasetSnapshot
from registry.services import edit_card, quarantine
from tests.cast import give, password_of, the_team, user_of, who
from tests.factories import tiny, verbs, waivers
from tests.factories.people import create_user
from tests.factories.policies import publish_policy
from tests.stage import MODEL, Stage
from training.models import TrainingRun

API = "/api/v1"


def then(moment: datetime, username: str = "cora", alias: str = "champion") -> AliasThen:
    return alias_then(who(username), MODEL, alias, moment)


def keeper_of_another_team() -> Client:
    """Compliance of a team that has nothing to do with the model."""
    root = who("root")
    team = create_team(caller=root, slug="fraud", name="Fraud")
    create_user(caller=root, username="hugo", name="Hugo", email="", password=password_of("hugo"))
    give([("hugo", Role.COMPLIANCE)], team)
    return client_of("hugo")


def client_of(username: str) -> Client:
    client = Client()
    client.force_login(user_of(username))
    return client


class TestAnAlias:
    def test_was_live_with_whoever_approved_on_what_under_which_policy(
        self, approved: Stage
    ) -> None:
        found = then(timezone.now())
        approval = approved.approval
        assert (found.state, found.reason, found.contradictions) == ("live", "", ())
        assert found.version == approved.version
        assert found.approval == approval
        assert found.behind is not None
        assert [s.row.printed_name for s in found.behind.signatures] == ["Ben", "Cleo"]
        assert {s.method for s in found.behind.signatures} == {"password"}
        assert all(s.meaning.startswith("I have read") for s in found.behind.signatures)
        kinds = {"card", "evaluation", "explanation", "golden", "sandbox"}
        assert {entry["kind"] for entry in found.behind.evidence} == kinds
        assert found.policy is not None
        assert found.policy["digest"] == f"sha256:{approval.review.policy.digest}"
        assert [event.action for event in found.events] == ["alias.moved", "version.approved"]
        assert found.since == AliasMove.objects.get().at
        assert (found.served_since, found.served_until) == (found.since, None)

    def test_did_not_exist_before_it_was_set_and_the_answer_says_when_it_was(
        self, approved: Stage
    ) -> None:
        move = AliasMove.objects.get()
        found = then(move.at - timedelta(microseconds=1))
        assert (found.state, found.version, found.approval) == ("unset", None, None)
        assert found.reason.startswith("No alias of this name existed at that time; it was first")
        assert then(move.at).state == "live"
        never = then(timezone.now(), alias="never")
        assert never.reason.endswith("and none has been set since.")
        model = approved.version.model
        assert "not registered at that time" in then(model.created_at - timedelta(days=1)).reason

    def test_is_answered_as_of_then_and_not_as_of_now(self, approved: Stage) -> None:
        before = timezone.now()
        revoke(
            caller=who("cora"),
            version=approved.version,
            reason="It drifts.",
            password=password_of("cora"),
        )
        revoked_at = Approval.objects.get().revocation.at
        assert (then(before).state, then(before).revoked) == ("live", False)
        assert then(before).served_until == revoked_at
        assert then(revoked_at - timedelta(microseconds=1)).state == "live"
        assert (then(revoked_at).state, then(revoked_at).revoked) == ("revoked", True)
        assert "approval.revoked" in [event.action for event in then(timezone.now()).events]

    def test_that_was_moved_on_stood_there_until_then(self, approved_copy: Stage) -> None:
        before = timezone.now()
        other = verbs.another(who("ada"), approved_copy.version.model, strength=0.5)
        verbs.make_ready(who("ada"), other, strength=0.5)
        verbs.signed(other)
        assert approved_copy.notary_round() == 1
        promote(caller=who("mira"), version=other, alias="champion", reason="Better.")
        moved = AliasMove.objects.latest("pk").at
        assert (then(before).version, then(before).until) == (approved_copy.version, moved)
        assert then(before).served_until == moved
        assert (then(moved).version, then(moved).since) == (other, moved)

    def test_whose_approval_went_stale_was_served_for_the_grace(self, approved_copy: Stage) -> None:
        ada, document = who("ada"), DEFAULTS["medium"].as_dict() | {"stale_grace_s": 0}
        publish_policy(
            caller=who("mira"), name="brief", tier="medium", team=the_team(), document=document
        )
        version = verbs.another(ada, approved_copy.version.model, strength=0.5)
        verbs.make_ready(ada, version, strength=0.5)
        verbs.signed(version)
        assert approved_copy.notary_round() == 1
        promote(caller=who("mira"), version=version, alias="champion", reason="Better.")
        before = timezone.now()
        edit_card(caller=ada, version=version, content=tiny.CARD | {"caveats": "Newer."})
        assert find_stale() == 1
        stale = Staleness.objects.get()
        assert (then(before).state, then(before).served_until) == ("live", stale.until)
        assert then(stale.at).state == "stale"

    def test_with_damaged_bytes_was_served_until_that_was_found(self, approved: Stage) -> None:
        before = timezone.now()
        quarantine(version=approved.version, reason="Other bytes.")
        at = AuditEvent.objects.get(action="version.quarantined").occurred_at
        assert (then(before).state, then(before).served_until) == ("live", at)
        assert then(timezone.now()).state == "quarantined"

    def test_whose_move_the_log_tells_otherwise_is_a_contradiction(self, approved: Stage) -> None:
        AliasMove.objects.create(
            model=approved.version.model,
            alias="forged",
            to_version=approved.version,
            approval_id=approved.approval.pk,
            reason="Past the service.",
            by=user_of("mira"),
        )
        found = then(timezone.now(), alias="forged")
        assert found.contradictions == ("The log has no event of this move.",)

    def test_is_asked_about_by_readers_of_the_evidence_and_of_the_log(
        self, approved: Stage
    ) -> None:
        path = f"{API}/models/{MODEL}/aliases/champion/past"
        got = {name: client_of(name).get(path).status_code for name in ("cora", "ada", "root")}
        assert got == {"cora": 200, "ada": 200, "root": 200}
        assert client_of("carl").get(path).status_code == 403
        assert client_of("dan").get(path).status_code == 404

    @pytest.mark.parametrize(
        ("alias", "at", "field"),
        [
            ("champion", "2999-01-01", "at"),
            ("champion", "soon", "at"),
            ("champion", "", "at"),
            ("latest", "2026-01-01", "alias"),
            ("a" * 65, "2026-01-01", "alias"),
        ],
    )
    def test_is_refused_with_the_field_at_fault(
        self, approved: Stage, alias: str, at: str, field: str
    ) -> None:
        reply = client_of("cora").get(f"{API}/models/{MODEL}/aliases/{alias}/past", {"at": at})
        assert (reply.status_code, reply.json()["field"]) == (422, field)

    def test_has_the_same_answer_over_rest(self, approved: Stage) -> None:
        shown = client_of("cora").get(f"{API}/models/{MODEL}/aliases/champion/past").json()
        assert shown["state"] == "live"
        assert shown["version"]["digest"] == f"sha256:{approved.version.digest}"
        assert shown["approval"]["id"] == str(approved.approval.pk)
        signed = set(Signature.objects.values_list("digest", flat=True))
        assert {s["digest"] for s in shown["signatures"]} == {f"sha256:{d}" for d in signed}
        assert (shown["moved_by"], shown["moved_for"]) == ("Mira", "It is the first.")
        assert shown["contradictions"] == []


class TestAPerson:
    def acts(self, username: str, of: str) -> list[Any]:
        person = user_of(of).person_id
        reply = client_of(username).get(f"{API}/audit/persons/{person}/acts")
        assert reply.status_code == 200
        found: list[Any] = reply.json()["results"]
        return found

    def test_signed_waived_and_released_these(self, approved: Stage) -> None:
        (signed,) = self.acts("cora", "ben")
        row = Signature.objects.get(person=user_of("ben").person_id)
        assert signed["event"]["action"] == "review.signed"
        assert signed["digest"] == f"sha256:{row.digest}"
        assert signed["said"]["printed_name"] == "Ben"
        assert signed["said"]["decision"] == "approve"
        assert [act["event"]["action"] for act in self.acts("cora", "mira")] == ["alias.moved"]
        assert self.acts("cora", "carl") == []

    def test_waived_with_the_record(self, approved: Stage) -> None:
        waivers.strict_policy()
        waiver = waivers.give("ben", approved.version)
        (act,) = [a for a in self.acts("cora", "ben") if a["event"]["action"] == "waiver.given"]
        assert (act["digest"], act["said"]["decision"]) == (f"sha256:{waiver.digest}", "waive")

    def test_is_shown_as_far_as_the_log_is_read(self, approved: Stage) -> None:
        granted = [act["event"]["action"] for act in self.acts("root", "root")]
        assert "role.granted" in granted
        for username, status in {"ada": 403, "ben": 403, "carl": 403, "mira": 200}.items():
            path = f"{API}/audit/persons/{user_of('ben').person_id}/acts"
            assert client_of(username).get(path).status_code == status
        nobody = "00000000-0000-4000-8000-000000000000"
        assert client_of("cora").get(f"{API}/audit/persons/{nobody}/acts").status_code == 404


def test_another_team_learns_nothing(approved: Stage) -> None:
    hugo, person = keeper_of_another_team(), user_of("ben").person_id
    assert hugo.get(f"{API}/models/{MODEL}/aliases/champion/past").status_code == 404
    assert hugo.get(f"{API}/audit/persons/{person}/acts").json()["results"] == []
    digest = DatasetSnapshot.objects.get(name="tumours").blob_id
    assert hugo.get(f"{API}/audit/datasets/{digest}/decisions").status_code == 404
    assert decisions_on(who("hugo"), digest) == []


class TestADataset:
    def digest(self) -> str:
        return str(DatasetSnapshot.objects.get(name="tumours").blob_id)

    def test_was_used_in_these_decisions(self, approved: Stage) -> None:
        found = decisions_on(who("cora"), self.digest())
        kinds = [used.kind for used in found]
        assert kinds == ["approval", "review", "explanation", "evaluation", "registered"]
        assert [used.how for used in found[:3]] == [("measured",), ("measured",), ("explained",)]
        assert found[0].digest == f"sha256:{approved.approval.envelope_digest}"
        assert {used.version for used in found if used.version} == {approved.version}

    def test_counts_under_whatever_name(self, approved: Stage) -> None:
        ada, digest = who("ada"), self.digest()
        verbs.new_dataset(ada, name="other-name")
        assert [row.name for row in snapshots_of(who("cora"), digest)] == ["tumours", "other-name"]
        assert [used.kind for used in decisions_on(who("cora"), digest)].count("registered") == 2

    def test_is_no_part_of_a_review_that_rests_on_other_reports(self, approved: Stage) -> None:
        other = verbs.another(who("ada"), approved.version.model, strength=0.5)
        verbs.signed(other, signers=())
        reviews = [u for u in decisions_on(who("cora"), self.digest()) if u.kind == "review"]
        assert [used.version for used in reviews] == [approved.version]

    def test_goes_on_where_the_page_ended(self, approved: Stage) -> None:
        whole = [used.key for used in decisions_on(who("cora"), self.digest())]
        seen, after = [], None
        while page := decisions_on(who("cora"), self.digest(), after=after, size=2):
            seen += [used.key for used in page]
            after = read_place(write_place(page[-1].key), "after")
        assert seen == whole

    def test_over_rest_pages_and_refuses_what_is_no_digest(self, approved: Stage) -> None:
        path = f"{API}/audit/datasets/sha256:{self.digest()}/decisions"
        first = client_of("cora").get(path, {"limit": 3}).json()
        second = client_of("cora").get(first["next"]).json()
        assert [u["kind"] for u in first["results"] + second["results"]] == [
            used.kind for used in decisions_on(who("cora"), self.digest())
        ]
        assert second["next"] is None
        assert [row["name"] for row in first["snapshots"]] == ["tumours"]
        bad = client_of("cora").get(f"{API}/audit/datasets/abc/decisions")
        assert (bad.status_code, bad.json()["field"]) == (422, "digest")
        bad = client_of("cora").get(path, {"cursor": "x"})
        assert (bad.status_code, bad.json()["field"]) == (422, "cursor")
        unknown = f"{API}/audit/datasets/{'0' * 64}/decisions"
        assert client_of("cora").get(unknown).status_code == 404
        assert client_of("ada").get(path).status_code == 403

    def test_costs_no_more_queries_for_more_decisions(self, approved: Stage) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as seen:
                found = decisions_on(who("cora"), self.digest())
                assert {used.by for used in found} == {"Ada", None}
                assert all(used.digest for used in found)
            return len(seen)

        before = queries()
        for _ in range(3):
            verbs.evaluate(who("ada"), approved.version)
        assert queries() == before


def test_a_version_that_learned_from_rows_carries_them_to_its_children(approved: Stage) -> None:
    ada = who("ada")
    rows = verbs.register_dataset(
        ada, upload=verbs.send(ada, "t.csv", tiny.table("train")), name="learn", split="train"
    )
    model = approved.version.model
    parent = verbs.another(ada, model, strength=0.4)
    TrainingRun.objects.create(
        model=model, recipe="mlp", params={}, dataset=rows, requested_by=ada.user, version=parent
    )
    child = verbs.another(ada, model, strength=0.3, kind="compressed", parent=parent)
    verbs.signed(child, signers=())
    found = decisions_on(who("cora"), rows.blob_id)
    assert (found[0].kind, found[0].how, found[0].version) == ("review", ("trained",), child)
    assert ("training", ("dataset",)) in [(used.kind, used.how) for used in found]
