"""Packs are read by people who know no name of this program: what they print is in words."""

import json
from typing import Any, get_args

import pytest
from django.utils import timezone

from common.errors import DomainError
from compliance.packs import about_line, printing, words
from compliance.packs.csv_file import as_csv
from compliance.packs.found import MISSING
from compliance.packs.line import Line
from compliance.packs.subject import Report, Subject
from governance.policy.fields import KINDS_OF_EVIDENCE, WAIVABLE
from inference import loading, predicting
from registry.models import Alias
from runtimes.schema import Task
from tests.cast import who
from tests.factories import verbs
from tests.factories.elsewhere import SHEET, a_sheet, approved_elsewhere
from tests.past.test_pack_forms import lines_of
from tests.past.test_pack_kinds import made as made_of_kind
from tests.past.test_pack_sources import found, rows, text
from tests.past.test_packs import document_of, file_of, made
from tests.stage import MODEL, Stage
from trust.methods import METHODS
from trust.waivers import EVERY_METRIC


class TestWords:
    def test_are_there_for_every_gate_report_method_and_task(self) -> None:
        assert [name for name in WAIVABLE if words.gate(name) == name] == [EVERY_METRIC]
        assert set(KINDS_OF_EVIDENCE) <= set(words.REPORTS)
        assert set(METHODS) == set(words.METHODS)
        assert set(get_args(Task)) == set(words.TASKS)

    def test_are_there_for_every_refusal_of_a_prediction(self) -> None:
        mine = (loading.__name__, predicting.__name__, DomainError.__module__)
        slugs = {one.slug for one in DomainError.__subclasses__() if one.__module__ in mine}
        of_others = {"two-persons", "outdated", "load-refused"}
        assert slugs - of_others <= set(words.REFUSALS)

    def test_tell_a_limit_with_its_direction_and_what_it_is_of(self) -> None:
        assert words.limit("accuracy", 0.8, "value") == "value at least 0.8"
        assert words.limit("log_loss", 0.5, "interval") == (
            "worse end of the 95 % interval at most 0.5"
        )

    def test_show_a_list_without_its_brackets(self) -> None:
        assert words.plain([16, 8]) == "16, 8"


class TestAPack:
    def test_tells_events_by_sentences_beside_their_names(self, approved: Stage) -> None:
        said = {
            row["name in the log"]: row["event"] for row in rows("log.events", approved.version)
        }
        assert said["review.signed"] == "A review was signed"
        assert not [sentence for sentence in said.values() if "." in str(sentence)]

    def test_tells_gates_by_their_titles(self, approved: Stage) -> None:
        said = [str(row["gate"]) for row in rows("evaluation.gates", approved.version)]
        assert "Accuracy" in said
        assert not [name for name in said if ":" in name.replace(": ", "") or "_" in name]

    def test_tells_figures_by_class_under_their_titles(self, approved: Stage) -> None:
        for row in rows("evaluation.by_class", approved.version):
            assert set(row) == {"class", "rows", "F1", "Precision", "Recall"}

    def test_tells_what_a_policy_wants(self, approved: Stage) -> None:
        said = {row["what"]: row["value"] for row in rows("approval.policy", approved.version)}
        assert str(said["Accuracy"]).startswith("value at least ")
        assert "answers frozen for replay" in str(said["reports that it wants"])

    def test_tells_where_a_field_of_an_image_lies(
        self, approved: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        body: dict[str, Any] = {
            "grid": {"rows": 8, "columns": 8, "height": 8, "width": 8},
            "global": [{"feature": "2,5", "mean_abs": 0.1}],
        }
        report = Report("sha256:0", body, timezone.now())
        monkeypatch.setattr(Subject, "report", lambda _self, _kind: report)
        (row,) = rows("explanation.features", approved.version)
        assert row["feature"] == "row 3 of 8, column 6 of 8"

    def test_says_since_when_a_hand_is_on_record(self, approved: Stage) -> None:
        """That of a parent is written down when its child is derived, not when it was at work."""
        for row in rows("version.contributors", approved.version):
            assert set(row) == {"person", "did", "on record since"}

    def test_says_which_side_of_a_confusion_matrix_is_which(self, approved: Stage) -> None:
        for row in rows("evaluation.confusion", approved.version):
            assert next(iter(row)) == "label (down), prediction (across)"

    def test_says_of_a_sheet_that_it_was_declared(self, approved_copy: Stage) -> None:
        version = approved_elsewhere(approved_copy).version
        facts = [str(row["what"]) for row in rows("approval.facts", version)]
        assert not [name for name in facts if name.startswith("seconds that it goes on")]
        facts = [str(row["what"]) for row in rows("approval.facts", approved_copy.version)]
        assert [name for name in facts if name.startswith("seconds that it goes on")]
        said = {row["what"]: row["value"] for row in rows("model.identity", version)}
        assert said["kind"] == "declared, run elsewhere"
        (row,) = rows("version.relations", version)
        assert row["kind"] == "declared, run elsewhere"

    def test_says_in_which_zone_its_moments_are(self, approved: Stage) -> None:
        assert "in UTC" in file_of(made("model-card"), "html").decode()
        assert "in UTC" in printing.FIGURES


class TestWhatNeedNotBeThere:
    def test_no_approval_of_what_was_never_approved_can_have_ended(self, approved: Stage) -> None:
        bare = verbs.another(who("ada"), approved.version.model, strength=0.5)
        assert text("approval.ended", bare) == "No approval of this version was ever given."

    @pytest.mark.parametrize("source", ["serving.loads", "serving.predictions", "serving.callers"])
    def test_of_a_model_that_runs_elsewhere_says_why(
        self, approved_copy: Stage, source: str
    ) -> None:
        said = found(source, approved_elsewhere(approved_copy).version)
        assert said
        assert said.status == MISSING
        assert "not served here" in str(said.value)
        bare = verbs.another(who("ada"), approved_copy.version.model, strength=0.5)
        assert found(source, bare) is None

    def test_reasons_end_in_one_full_stop(self, approved_copy: Stage) -> None:
        approved_elsewhere(approved_copy)
        pack = made_of_kind("eu-ai-act", model=SHEET, number=1)
        assert "for use elsewhere" in json.dumps(document_of(pack)["gaps"])
        assert ".. Owner" not in file_of(pack, "html").decode()

    def test_an_approval_under_no_alias_is_told_as_one(
        self, approved_copy: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Such a version answers calls that name its number."""
        monkeypatch.setattr(Line, "witness", ("sha256:0",))
        model = approved_copy.version.model
        line = Line(model, timezone.now())
        monkeypatch.setattr(line.shelf, "aliases", {})
        assert Alias.objects.filter(model=model).exists()
        released, until = about_line.released(line), about_line.approved_until(line)
        assert released
        assert released.value == "No alias is live; v1 holds an approval."
        assert until
        assert str(until.value).startswith("v1, under no alias, until 20")
        assert until.evidence == (f"sha256:{approved_copy.approval.envelope_digest}",)


class TestASpreadsheet:
    def test_says_yes_and_no_as_the_print_does(self, approved: Stage) -> None:
        lines = lines_of(as_csv(document_of(made("sr-26-2"))))
        assert "what: holds now; value: yes" in [line["value"] for line in lines]


def test_a_rating_is_told_by_its_title(approved_copy: Stage) -> None:
    approved_elsewhere(approved_copy)
    a_sheet("bare")
    said = document_of(made_of_kind("ss1-23-model", model=SHEET))
    reports = json.dumps([field for part in said["sections"] for field in part["fields"]])
    assert '"fit"' not in reports
    assert MODEL not in said["subject"]["title"]
