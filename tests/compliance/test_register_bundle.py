"""A bundle of the register: who answers for which model and what is live, proved by the log."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from accounts.services import create_team, grant_role
from common.errors import Invalid, NotAllowed
from compliance.selectors import exports_seen_by
from compliance.services import request_export
from governance.approvals.releases import promote
from registry.register.entries import NewEntry, enter, today
from tests.compliance.world import World, bundle_of
from tests.trust.bundle_factory import unpack
from tests.trust.verifier import run_verifier
from trust.bundle_members import BundleMembers
from trust.bundle_register import RegisterLog, check_register
from trust.bundle_report import BundleReport

MODEL = "0a0a0a0a-0000-4000-8000-000000000001"
OTHER = "0a0a0a0a-0000-4000-8000-000000000002"
ENTRY = {"revision": 2, "life": "in_use", "owner": "ada"}
ALIASES = {"champion": "sha256:" + "ab" * 32}
RECORD: dict[str, Any] = {
    "model": MODEL,
    "name": "loans",
    "risk_tier": "high",
    "origin": "in-house",
    "entry": ENTRY,
    "aliases": ALIASES,
}


class Held:
    """The members of a bundle of the register."""

    def __init__(self, records: dict[str, dict[str, Any]]) -> None:
        self.records = records

    def folder(self, prefix: str, suffix: str) -> list[tuple[str, str]]:
        return [(f"{prefix}{name}{suffix}", name) for name in self.records]

    def document(self, member: str) -> dict[str, Any]:
        return self.records[Path(member).stem]

    def has(self, member: str) -> bool:
        return Path(member).stem in self.records


def problems(records: dict[str, dict[str, Any]], kind: str = "register") -> list[str]:
    told = RegisterLog(
        registered={MODEL: {"name": "loans", "risk_tier": "high", "origin": "in-house"}},
        entered={MODEL: ENTRY},
        aliases={MODEL: dict(ALIASES)},
    )
    report = BundleReport()
    check_register(cast(BundleMembers, Held(records)), kind, told, report)
    return [finding.problem for finding in report.findings]


class TestARecord:
    def test_that_says_what_the_log_says_is_sound(self) -> None:
        assert problems({MODEL: RECORD}) == []

    @pytest.mark.parametrize(
        ("change", "problem"),
        [
            ({"name": "cards"}, "the log says otherwise of its name"),
            ({"risk_tier": "low"}, "the log says otherwise of its risk_tier"),
            ({"entry": ENTRY | {"owner": "ben"}}, "its entry is not the last one of the log"),
            ({"entry": None}, "its entry is not the last one of the log"),
            ({"aliases": {}}, "its aliases are not those of the log"),
            ({"model": OTHER}, "it is the record of another model"),
        ],
    )
    def test_that_says_otherwise_is_a_finding(self, change: dict[str, Any], problem: str) -> None:
        assert problems({MODEL: RECORD | change}) == [problem]

    def test_of_a_model_that_the_log_does_not_know_is_a_finding(self) -> None:
        forged = problems({MODEL: RECORD, OTHER: RECORD | {"model": OTHER}})
        assert forged == ["the log has no event that this model was registered"]

    def test_that_is_left_out_is_a_finding_in_a_bundle_of_the_register(self) -> None:
        assert problems({}) == ["the log tells of this model, but it is left out"]
        assert problems({}, kind="all") == []


def test_a_bundle_holds_what_is_live_and_is_sound(world: World, tmp_path: Path) -> None:
    loans, cards = world.model("loans"), world.model("cards")
    version = world.version(loans, b"loans")
    world.approve(version)
    promote(caller=world.caller("cleo"), version=version, alias="champion", reason="First.")
    new = NewEntry(
        hosting="served",
        life="in_use",
        owner=world.users["ada"].person_id,
        revalidate_on=today() + timedelta(days=9),
    )
    enter(caller=world.caller("cleo"), model=loans, new=new)
    bundle = bundle_of(world.export({"kind": "register", "team": "credit"}), tmp_path)
    key = tmp_path / "keys.txt"
    key.write_text(world.notary.keys.text(), encoding="utf-8")
    status, report = run_verifier(bundle, "--key", key)
    assert (status, report["findings"]) == (3, [])
    assert report["counts"]["models of the register"] == 2
    assert report["counts"]["approvals"] == 1
    members = unpack(bundle.read_bytes())
    record = json.loads(members[f"register/{loans.pk}.json"])
    assert record["entry"]["owner"] == str(world.users["ada"].person_id)
    assert record["aliases"] == {"champion": f"sha256:{version.digest}"}
    assert json.loads(members[f"register/{cards.pk}.json"])["entry"] is None
    assert not [name for name in members if name.startswith("predictions/")]


def test_it_is_for_whoever_exports_the_records_of_the_team(world: World) -> None:
    fraud = create_team(caller=world.root, slug="fraud", name="Fraud")
    fay = world.join("fay", "Fay", fraud, "compliance")
    grant_role(caller=world.root, team=world.team, user=fay, role="contributor")
    whole, own = {"kind": "register"}, {"kind": "register", "team": "credit"}
    with pytest.raises(NotAllowed):
        request_export(caller=world.caller("dora"), scope=whole)
    for wrong in ({"kind": "register", "team": "none"}, own | {"model": "loans"}):
        with pytest.raises(Invalid) as refused:
            request_export(caller=world.caller("dora"), scope=wrong)
        assert refused.value.field in wrong
    for username in ("ada", "ben", "emil", "fay"):
        with pytest.raises(NotAllowed):
            request_export(caller=world.caller(username), scope=own)
    export = request_export(caller=world.caller("dora"), scope=own)
    assert list(exports_seen_by(world.caller("cleo"))) == [export]
