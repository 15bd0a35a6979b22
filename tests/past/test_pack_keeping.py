"""What packs tell of the keeping of records: rule, oldest, what was deleted, what is held."""

from datetime import timedelta

import pytest
from django.utils import timezone

from compliance.packs import words
from compliance.packs.found import DECLARED, MEASURED, Table
from compliance.packs.several import Period
from compliance.packs.sources import PERIOD, SOURCES
from compliance.retention.selectors import Thing
from compliance.retention.services import lift_hold, place_hold
from registry.models import RegisteredModel
from registry.services import change_model
from tests.cast import give, password_of, who
from tests.factories import verbs
from tests.past.test_pack_kinds import sealed
from tests.past.test_pack_sources import found, rows, text
from tests.retention.deleting import confirmed, proposed, retired, rows_proposed, rule
from tests.stage import Stage

__all__ = ["sealed"]

FOR_EVER = "for ever, there is no rule"


def days(stage: Stage) -> dict[str, object]:
    """What is kept -> for how long, as a pack about the version says it."""
    said = rows("retention.rule", stage.version)
    assert {row["tier"] for row in said} == {stage.version.model.risk_tier, "every"}
    return {str(row["kept"]): row["days at least"] for row in said}


class TestTheRule:
    def test_without_one_everything_is_kept_for_ever(self, sealed: Stage) -> None:
        said = days(sealed)
        assert said.pop("events of the log") == "for ever"
        assert set(said.values()) == {FOR_EVER}

    def test_is_the_newest_revision_of_the_models_tier(self, sealed: Stage) -> None:
        tier = sealed.version.model.risk_tier
        rule(days=30, tier=tier)
        agreed = rule(days=20, tier=tier)
        other = "low" if tier != "low" else "high"
        rule(days=10, tier=other)
        assert days(sealed)["files of versions that were never approved"] == 20
        said = found("retention.rule", sealed.version)
        assert said
        assert f"sha256:{agreed.digest}" in said.evidence

    def test_of_a_period_is_the_one_that_held_at_its_end(self, sealed: Stage) -> None:
        tier = sealed.version.model.risk_tier
        rule(days=30, tier=tier)
        end = timezone.now()
        rule(days=20, tier=tier)
        period = Period(RegisteredModel.objects.all(), end - timedelta(days=1), end, timezone.now())
        said = SOURCES[PERIOD]["retention.rule"](period)
        assert said
        assert isinstance(said.value, Table)
        assert [row[2] for row in said.value.rows if row[3]] == [30]


class TestWhatWasDeleted:
    def test_is_told_of_the_version_that_it_was_deleted_of(self, sealed: Stage) -> None:
        assert text("retention.deletions", sealed.version) == "Nothing was deleted."
        rule(tier=sealed.version.model.risk_tier)
        gone = retired(sealed)
        agreed = confirmed(proposed(gone))
        (row,) = rows("retention.deletions", gone)
        assert row["deleted"].endswith(" files of a version")
        assert (row["confirmed by"], row["proposal"]) == ("Cora", f"sha256:{agreed.digest}")
        assert text("retention.deletions", sealed.version) == "Nothing was deleted."

    def test_is_told_of_each_version_that_used_rows_that_are_gone(self, sealed: Stage) -> None:
        rule("datasets", tier=sealed.version.model.risk_tier)
        agreed = confirmed(rows_proposed(verbs.dataset()))
        (row,) = rows("retention.deletions", sealed.version)
        assert row["deleted"] == "rows of a dataset snapshot"
        assert row["proposal"] == f"sha256:{agreed.digest}"
        other = verbs.another(who("ada"), sealed.version.model, strength=0.7)
        assert text("retention.deletions", other) == "Nothing was deleted."


class TestHolds:
    def test_are_told_while_they_are_in_force(self, sealed: Stage) -> None:
        assert text("retention.holds", sealed.version) == "No legal hold is in force."
        other = verbs.another(who("ada"), sealed.version.model, strength=0.5)
        held = place_hold(
            caller=who("cora"),
            thing=Thing("version", model=other.model, version=other),
            reference="Case 12",
            reason="The regulator asks.",
        )
        (row,) = rows("retention.holds", other)
        assert (row["on"], row["reference"], row["by"]) == (str(other), "Case 12", "Cora")
        assert text("retention.holds", sealed.version) == "No legal hold is in force."
        give([("ben", "compliance")])
        lift_hold(caller=who("ben"), hold=held, reason="It is over.", password=password_of("ben"))
        assert text("retention.holds", other) == "No legal hold is in force."


class TestTheOldestRecords:
    def test_of_a_version_are_its_own(self, sealed: Stage) -> None:
        bare = verbs.another(who("ada"), sealed.version.model, strength=0.5)
        said = {row["what"]: row["value"] for row in rows("retention.kept_since", bare)}
        registered = {row["what"]: row["value"] for row in rows("model.identity", bare)}
        assert str(said["events since"])[:16] == str(registered["registered"])[:16]
        assert said["recorded answers since"] == "no answer is recorded"


class TestHowItWasMade:
    def test_names_each_stage_by_digest(self, approved: Stage) -> None:
        model = approved.version.model
        lineage = {"source": "training", "recipe": "mlp"}
        root = verbs.another(who("ada"), model, strength=0.7, kind="trained", lineage=lineage)
        child = verbs.another(who("ada"), model, strength=0.6, kind="compressed", parent=root)
        digests = [row["digest"] for row in rows("making.stages", child)]
        assert digests == [f"sha256:{root.digest}", f"sha256:{child.digest}"]
        assert "The recipe mlp learns from rows" in text("making.feedback", child)

    @pytest.mark.parametrize("lineage", [{"source": "upload", "recipe": "mlp"}, {}])
    def test_of_a_version_from_elsewhere_nobody_knows(
        self, approved: Stage, lineage: dict[str, str]
    ) -> None:
        brought = verbs.another(who("ada"), approved.version.model, strength=0.7, lineage=lineage)
        assert brought.kind != "trained"
        assert found("making.feedback", brought) is None

    def test_lists_every_report_with_its_moment(self, approved: Stage) -> None:
        said = {
            row["digest"]: row["report"] for row in rows("evaluation.reports", approved.version)
        }
        kept = approved.version.evidence.values_list("digest", "kind")
        assert said == {f"sha256:{digest}": words.REPORTS[kind] for digest, kind in kept}


class TestWhatARegisterSays:
    @pytest.mark.parametrize("source", ["model.purpose", "model.licence", "model.tier"])
    def test_is_declared_with_the_event_that_tells_it(self, approved: Stage, source: str) -> None:
        before = found(source, approved.version)
        assert before
        assert (before.status, before.by) == (DECLARED, "Ada")
        assert before.evidence
        changes = {"purpose": "To sort better.", "licence": "MIT"}
        change_model(caller=who("ada"), model=approved.version.model, changes=changes)
        after = found(source, approved.version)
        assert after
        assert (after.evidence != before.evidence) == (source != "model.tier")

    def test_is_not_called_measured(self, approved: Stage) -> None:
        said = found("model.licence", approved.version)
        assert said
        assert said.status != MEASURED
