"""Each single defect of a signed and sealed bundle is found, and named with its member."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.trust.bundle_factory import (
    AUTHOR,
    BATCH_ID,
    BEN,
    REVIEW_ID,
    BundleStory,
    Edit,
    unpack,
)
from tests.trust.verifier import report_of
from trust import bundle_seal
from trust.digests import digest_of

STATEMENT = f"reviews/{REVIEW_ID}/statement.json"
PREDICTIONS = f"predictions/{BATCH_ID}.jsonl"
OTHER = digest_of(b"other")
IMPOSSIBLE_DISCLOSURES: list[object] = [
    [5, 5],
    [6, 5],
    [-1],
    [9],
    [True],
    ["5"],
    None,
    "some",
    {},
]


def update(**changes: object) -> Edit:
    return lambda document: document.update(changes)


def update_predicate(**changes: object) -> Edit:
    return lambda statement: statement["predicate"].update(changes)


def first(**changes: object) -> Edit:
    return lambda records: records[0].update(changes)


def drop_event(action: str) -> Edit:
    def drop(events: list[Any]) -> None:
        events[:] = [event for event in events if event["action"] != action]

    return drop


def drop_files(start: str) -> Edit:
    def drop(files: dict[str, bytes]) -> None:
        for name in [name for name in files if name.startswith(start)]:
            del files[name]

    return drop


def rename_files(start: str, new_start: str) -> Edit:
    def rename(files: dict[str, bytes]) -> None:
        for name in [name for name in files if name.startswith(start)]:
            files[new_start + name.removeprefix(start)[1:]] = files.pop(name)

    return rename


DEFECTS: list[tuple[dict[str, Edit], str, str]] = [
    ({"edit_approval": update_predicate(approval="other")}, "approvals/", "another id"),
    ({"edit_approval": update_predicate(signatures=[])}, STATEMENT, "0 persons approved"),
    ({"edit_approval": update_predicate(signers=[BEN])}, STATEMENT, "are not those whom"),
    ({"edit_approval": update_predicate(statement_digest=OTHER)}, STATEMENT, "another digest"),
    ({"edit_approval": update_predicate(policy_digest=OTHER)}, STATEMENT, "the policy"),
    ({"edit_approval": update_predicate(evidence=[])}, STATEMENT, "the evidence"),
    ({"edit_approval": update_predicate(golden_digest=None)}, STATEMENT, "golden rows"),
    ({"edit_approval": update_predicate(runtime={})}, STATEMENT, "the runtime"),
    ({"edit_approval": update_predicate(scope={"aliases": ["champion"]})}, STATEMENT, "the scope"),
    ({"edit_approval": update_predicate(outage_grace_s=999)}, STATEMENT, "the outage grace"),
    ({"edit_approval": update_predicate(review="other")}, "reviews/other", "not in the bundle"),
    ({"edit_approval": update_predicate(predicate="x")}, "approvals/", "unknown 'predicate'"),
    (
        {"edit_approval": lambda s: s["subject"][0].update(name="other/1")},
        "approvals/",
        "not called as the version",
    ),
    (
        {"edit_approval": lambda s: s["subject"][0]["digest"].update(sha256="0" * 64)},
        "versions/000",
        "not in the bundle",
    ),
    (
        {"edit_approval": lambda s: s["predicate"]["artifacts"].pop()},
        "approvals/",
        "its artifacts",
    ),
    (
        {"edit_approval": update_predicate(not_after="2028-01-01T00:00:00.000000Z")},
        STATEMENT,
        "longer than was signed",
    ),
    ({"edit_statement": update(type="other")}, STATEMENT, "the type"),
    ({"edit_statement": update(number=4)}, STATEMENT, "the number"),
    ({"edit_statement": update(model={"id": "1", "name": "x"})}, STATEMENT, "the model"),
    ({"edit_statement": update(version_digest=OTHER)}, "versions/", "not in the bundle"),
    ({"edit_statement": update(contributors=[BEN])}, "signatures/", "contributed"),
    ({"edit_statement": update(signers_required=3)}, STATEMENT, "3 are required"),
    ({"edit_statement": update(waivers=[])}, STATEMENT, "'latency' is neither passed nor waived"),
    (
        {"edit_statement": lambda s: s["gates"][0].update(state="not measured")},
        STATEMENT,
        "'accuracy' is neither passed nor waived",
    ),
    ({"edit_statement": lambda s: s["gates"][0].update(required=1)}, STATEMENT, "required"),
    ({"edit_statement": update(validity_days="long")}, STATEMENT, "validity_days"),
    ({"edit_signatures": first(statement_digest=OTHER)}, "signatures/", "another statement"),
    ({"edit_signatures": first(decision="reject")}, "signatures/", "not to approve"),
    ({"edit_signatures": first(type="other")}, "signatures/", "type"),
    ({"edit_signatures": first(person=AUTHOR)}, "signatures/", "contributed"),
    ({"edit_signatures": lambda rs: rs[1].update(person=BEN)}, STATEMENT, "more than once"),
    ({"edit_signatures": lambda rs: rs.pop()}, STATEMENT, "1 persons approved, 2 are required"),
    ({"edit_signatures": first(name_commitment=OTHER)}, "disclosures/", "does not open"),
    ({"edit_disclosure": update(name="Cleo")}, "disclosures/", "does not open"),
    ({"edit_disclosure": update(salt="00")}, "disclosures/", "salt"),
    ({"edit_disclosure": update(salt="zz")}, "disclosures/", "hexadecimal"),
    ({"edit_disclosure": update(more="1")}, "disclosures/", "unknown"),
    ({"edit_manifest": update(type="other")}, "versions/", "type"),
    ({"edit_manifest": update(artifacts=[])}, "approvals/", "its artifacts"),
    ({"edit_manifest": update(artifacts=1)}, "versions/", "list"),
    ({"edit_events": drop_event("version.approved")}, "approvals/", "no event"),
    ({"edit_events": drop_event("review.signed")}, "signatures/", "no event"),
    ({"edit_events": drop_event("predictions.sealed")}, PREDICTIONS, "no event"),
    (
        {"edit_events": lambda es: es[5]["actor"].update(person="person-dan")},
        "signatures/",
        "another person",
    ),
    ({"edit_events": lambda es: es[5]["payload"].clear()}, "log/", "event 5: 'signature'"),
    ({"edit_events": lambda es: es[0].update(v=2)}, "log/", "event 0: .*version"),
    ({"edit_events": lambda es: es[0].update(at="now")}, "log/", "event 0: .*moment"),
    ({"edit_events": lambda es: es[0].pop("id")}, "log/", "event 0: .*'id'"),
    ({"edit_predictions": first(approval="other")}, PREDICTIONS, "record 1: its approval is not"),
    ({"edit_predictions": first(version_digest=OTHER)}, PREDICTIONS, "another version"),
    ({"edit_predictions": first(model="other")}, PREDICTIONS, "model and number"),
    ({"edit_predictions": first(number=4)}, PREDICTIONS, "model and number"),
    ({"edit_predictions": first(at="2026-02-28T00:00:00.000000Z")}, PREDICTIONS, "not issued"),
    ({"edit_predictions": first(at="2027-03-02T00:00:00.000000Z")}, PREDICTIONS, "expired"),
    ({"edit_predictions": first(input_digest="none")}, PREDICTIONS, "input_digest"),
    ({"edit_predictions": first(id="")}, PREDICTIONS, "'id'"),
    ({"edit_files": drop_files("versions/")}, "versions/", "not in the bundle"),
    ({"edit_files": drop_files("policies/")}, "policies/", "not in the bundle"),
    ({"edit_files": drop_files("reviews/")}, STATEMENT, "not in the bundle"),
    ({"edit_files": drop_files("signatures/")}, "disclosures/", "no such signature or waiver"),
    ({"edit_files": drop_files("approvals/")}, PREDICTIONS, "approval is not in the bundle"),
    ({"edit_files": rename_files("policies/", "policies/x")}, "policies/x", "called by"),
    ({"edit_files": rename_files("signatures/", "signatures/x")}, "signatures/x", "called by"),
    ({"edit_files": update(**{PREDICTIONS: b"{}\n"})}, PREDICTIONS, "no event"),
    ({"edit_files": update(**{PREDICTIONS: b"{}"})}, PREDICTIONS, "newline"),
    ({"edit_files": update(**{PREDICTIONS: b"x" * 18_000_000})}, PREDICTIONS, "longer"),
    ({"edit_files": update(**{"keys/keys.txt": b"none"})}, "keys/keys.txt", "verifier key"),
    ({"edit_files": update(**{"log/events.jsonl": b"0 {}\n"})}, "log/", "a tab"),
    ({"edit_files": update(**{"log/events.jsonl": b"00\t{}\n"})}, "log/", "a tab"),
    ({"edit_files": update(**{"log/events.jsonl": b"0\t{}\n"})}, "log/", "not the one"),
    ({"edit_files": update(**{"log/events.jsonl": b""})}, "log/", "left out"),
]


class TestABundle:
    def test_without_defect_is_sound(self, tmp_path: Path) -> None:
        report = report_of(BundleStory(), tmp_path)

        assert (report.exit_code, report.findings, report.notes) == (0, [], [])

    @pytest.mark.parametrize(("edits", "member", "problem"), DEFECTS)
    def test_with_one_defect_names_it(
        self, tmp_path: Path, edits: dict[str, Any], member: str, problem: str
    ) -> None:
        report = report_of(BundleStory(**edits), tmp_path)

        assert report.exit_code == 1
        found = [f for f in report.findings if f.member.startswith(member)]
        assert any(re.search(problem, f.problem) for f in found), report.findings

    def test_says_so_when_only_part_of_the_log_is_disclosed(self, tmp_path: Path) -> None:
        story = BundleStory(disclosed=[4, 5, 6, 7, 8])
        report = report_of(story, tmp_path)

        assert (report.exit_code, report.counts["events"]) == (0, 5)
        assert "part of the log" in report.notes[0]

    def test_must_disclose_the_events_that_it_lists(self, tmp_path: Path) -> None:
        story = BundleStory(disclosed=[4, 5, 6, 7, 8])
        story.edit_files = lambda files: files.update(
            {"log/events.jsonl": b"".join(files["log/events.jsonl"].splitlines(True)[1:])}
        )

        assert report_of(story, tmp_path).exit_code == 1

    def test_says_so_when_it_lacks_what_its_events_tell_of(self, tmp_path: Path) -> None:
        story = BundleStory(edit_files=drop_files("predictions/"))

        report = report_of(story, tmp_path)

        assert report.exit_code == 0
        assert "1 batches of predictions" in report.notes[0]

    def test_says_so_when_it_lacks_the_approvals_that_its_events_tell_of(
        self, tmp_path: Path
    ) -> None:
        # Predictions without their approval are a finding, so both are gone.
        def drop(files: dict[str, bytes]) -> None:
            drop_files("approvals/")(files)
            drop_files("predictions/")(files)

        report = report_of(BundleStory(edit_files=drop), tmp_path)

        assert report.exit_code == 0
        assert "1 approvals" in report.notes[0]

    @pytest.mark.parametrize(
        "edit",
        [
            update(type="assay/bundle/2"),
            update(more=1),
            lambda manifest: manifest.pop("origin"),
            update(created_at="today"),
            update(scope={"kind": "some"}),
            update(scope="all"),
            update(files={"README.txt": "none"}),
            update(files=[]),
            update(log={"size": -1, "disclosed": "all"}),
            update(log={"size": 9}),
            *(
                update(log={"size": 9, "disclosed": disclosed})
                for disclosed in IMPOSSIBLE_DISCLOSURES
            ),
        ],
    )
    def test_sealed_in_another_format_is_malformed(self, tmp_path: Path, edit: Edit) -> None:
        report = report_of(BundleStory(edit_bundle_manifest=edit), tmp_path)

        assert report.exit_code == 2
        assert report.malformed.startswith("manifest.json: ")

    @pytest.mark.parametrize("start", ["keys/", "log/"])
    def test_sealed_without_keys_or_log_is_malformed(self, tmp_path: Path, start: str) -> None:
        report = report_of(BundleStory(edit_files=drop_files(start)), tmp_path)

        assert report.exit_code == 2

    @pytest.mark.parametrize(
        ("story", "member", "problem"),
        [
            (BundleStory(seal_action="other.action"), "seal/event.json", "audit.exported"),
            (
                BundleStory(edit_seal_payload=update(manifest_digest=OTHER)),
                "seal/event.json",
                "seals another",
            ),
            (
                BundleStory(edit_seal_payload=lambda payload: payload.clear()),
                "seal/event.json",
                "manifest_digest",
            ),
            (
                BundleStory(edit_bundle_manifest=update(origin="other.example/log")),
                "seal/checkpoint.txt",
                "another log|not signed",
            ),
            (
                BundleStory(edit_bundle_manifest=lambda m: m["log"].update(size=11)),
                "seal/proof.txt",
                "older than the log",
            ),
            (
                BundleStory(edit_bundle_manifest=lambda m: m["log"].update(size=99)),
                "seal/leaves.bin",
                "number of leaves",
            ),
            (
                BundleStory(
                    edit_bundle_manifest=lambda m: m["files"].update({"seal/leaves.bin": OTHER})
                ),
                "seal/leaves.bin",
                "may not list",
            ),
        ],
    )
    def test_with_a_seal_that_does_not_fit_names_it(
        self, tmp_path: Path, story: BundleStory, member: str, problem: str
    ) -> None:
        report = report_of(story, tmp_path)

        assert report.exit_code == 1
        found = [f.problem for f in report.findings if f.member == member]
        assert any(re.search(problem, text) for text in found), report.findings

    def test_too_large_for_its_limits_is_malformed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bundle_seal, "MAX_LEAVES_BYTES", 32)

        report = report_of(BundleStory(), tmp_path)

        assert (report.exit_code, report.malformed) == (2, "larger than 32 bytes")

    def test_names_at_most_200_findings_and_counts_the_rest(self, tmp_path: Path) -> None:
        def many(files: dict[str, bytes]) -> None:
            files[PREDICTIONS] = b"{}\n" * 300

        report = report_of(BundleStory(edit_files=many), tmp_path)

        assert len(report.findings) == 200
        assert report.findings_left_out == 101
        assert "and 101 more findings" in report.as_text()


class TestARevokedApproval:
    def test_leaves_earlier_predictions_as_they_were(self, tmp_path: Path) -> None:
        story = BundleStory(revoked_after=timedelta(hours=4))

        assert report_of(story, tmp_path).exit_code == 0

    def test_covers_no_later_prediction(self, tmp_path: Path) -> None:
        story = BundleStory(revoked_after=timedelta(hours=2, minutes=30))

        report = report_of(story, tmp_path)

        assert [(f.member, f.problem) for f in report.findings] == [
            (PREDICTIONS, "record 3: The approval was revoked")
        ]

    def test_covers_predictions_within_the_grace_that_was_signed(self, tmp_path: Path) -> None:
        at = timedelta(hours=3)
        within = BundleStory(revoked_after=at - timedelta(seconds=61), outage_grace_s=60)
        beyond = BundleStory(revoked_after=at - timedelta(seconds=62), outage_grace_s=60)

        report = report_of(within, tmp_path)
        assert report.exit_code == 0
        assert "within the signed grace" in report.notes[0]
        assert report_of(beyond, tmp_path).exit_code == 1


def test_the_factory_puts_every_kind_of_member_in() -> None:
    members = unpack(BundleStory().build())

    folders = {name.split("/")[0] for name in members}
    assert folders == {
        "README.txt",
        "approvals",
        "disclosures",
        "keys",
        "log",
        "manifest.json",
        "policies",
        "predictions",
        "reviews",
        "seal",
        "signatures",
        "versions",
        "waivers",
    }
