"""Gates against the champion, of licence, size, time, confinement and age, up to the approval."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.actions import Action
from audit.models import AuditEvent
from common.errors import Conflict
from evaluation.reporting import Contender, evaluate
from governance.approvals.releases import promote
from governance.evidence import subjects
from governance.models import Approval, Review
from governance.services import dry_run, submit
from registry.models import ModelVersion
from registry.services import add_evidence, change_model, edit_card
from runtimes.schema import Signature
from runtimes.session import open_model
from tests.cast import who
from tests.factories import tiny, verbs
from tests.factories.waivers import strict_policy
from tests.stage import Stage

PARTS: dict[str, Any] = {
    "metrics": [],
    "no_regression": [{"metric": "accuracy", "margin": 0.2}],
    "mcnemar": 0.05,
    "latency_ms": 1000.0,
    "size_bytes": 10**6,
    "licences": ["Apache-2.0", "MIT"],
    "sandbox": "rlimits-only",
    "evidence_days": 30,
}
ASKED = {
    "no_regression:accuracy",
    "mcnemar",
    "latency",
    "size",
    "licence",
    "sandbox",
    "evidence_age",
}


def contender(version: ModelVersion, strength: float) -> Contender:
    body = tiny.model_bytes(strength)
    signature = Signature.parse(tiny.SIGNATURE)
    return Contender(open_model(body), signature, f"sha256:{version.digest}", len(body))


def measured_against(champion: ModelVersion, version: ModelVersion) -> None:
    """A real report of the version beside another one."""
    features, target = tiny.rows("test")
    report = evaluate(
        contender(version, 0.5),
        features,
        target,
        dataset={"id": "", "name": "tumours", "split": "test", "digest": "", "rows": len(target)},
        seed=1,
        resamples=100,
        champion=contender(champion, 1.0),
        on_progress=lambda news: None,
        should_stop=lambda: False,
    )
    add_evidence(version=version, kind="evaluation", document=report)
    add_evidence(version=version, kind="golden", document=tiny.reports(0.5)["golden"])
    add_evidence(version=version, kind="explanation", document=tiny.reports(0.5)["explanation"])
    edit_card(caller=who("ada"), version=version, content=tiny.CARD)


@pytest.fixture
def second(approved: Stage) -> ModelVersion:
    """A version measured beside the champion, under a policy that asks for all of it."""
    return made_on(approved)


@pytest.fixture
def second_copy(approved_copy: Stage) -> ModelVersion:
    """The same where commits are real, for the notary."""
    return made_on(approved_copy)


def made_on(stage: Stage) -> ModelVersion:
    strict_policy(**PARTS)
    first = stage.version
    version = verbs.another(who("ada"), first.model, strength=0.5)
    measured_against(first, version)
    return version


def states(version: ModelVersion) -> dict[str, str]:
    return {gate.gate: gate.state for gate in dry_run(version) if gate.gate in ASKED}


def test_all_pass_on_a_version_that_is_as_good_and_the_notary_approves(
    approved_copy: Stage, second_copy: ModelVersion
) -> None:
    assert states(second_copy) == dict.fromkeys(ASKED, "passed")

    verbs.signed(second_copy)

    assert approved_copy.notary_round() == 1
    assert Approval.objects.filter(version=second_copy).exists()


def test_each_finding_names_the_evidence_that_it_used(second: ModelVersion) -> None:
    kinds = {row.digest: row.kind for row in second.evidence.all()}
    used = {
        gate.gate: kinds[gate.evidence[7:]]
        for gate in dry_run(second)
        if gate.gate in ASKED and gate.evidence
    }

    assert used == {
        "no_regression:accuracy": "evaluation",
        "mcnemar": "evaluation",
        "latency": "evaluation",
        "sandbox": "sandbox",
        "evidence_age": used["evidence_age"],
    }


def test_the_champion_itself_is_compared_with_nothing(approved: Stage) -> None:
    strict_policy(**PARTS)

    gates = {gate.gate: gate for gate in dry_run(approved.version)}

    assert not gates["mcnemar"].required
    assert not gates["no_regression:accuracy"].required


def test_another_champion_must_be_measured_against_again(
    approved_copy: Stage, second_copy: ModelVersion
) -> None:
    review = submit(caller=who("ada"), version=second_copy)
    third = verbs.another(who("ada"), second_copy.model, strength=0.25)
    measured_against(approved_copy.version, third)
    verbs.signed(third)
    approved_copy.notary_round()
    promote(caller=who("mira"), version=third, alias="champion", reason="It is faster.")

    assert states(second_copy)["mcnemar"] == "not measured"
    with pytest.raises(Conflict, match="gates"):
        verbs.put("ben", Review.objects.get(pk=review.pk))


def test_another_licence_is_another_finding_and_the_log_says_which(second: ModelVersion) -> None:
    review = submit(caller=who("ada"), version=second)

    change_model(caller=who("ada"), model=second.model, changes={"licence": "GPL-3.0-only"})

    event = AuditEvent.objects.filter(action=Action.MODEL_CHANGED.value).latest("pk")
    assert event.payload["licence"] == "GPL-3.0-only"
    assert states(ModelVersion.objects.get(pk=second.pk))["licence"] == "failed"
    with pytest.raises(Conflict, match="gates"):
        verbs.put("ben", Review.objects.get(pk=review.pk))


class TestTheAge:
    def test_is_asked_at_every_signature(
        self, second: ModelVersion, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        review = submit(caller=who("ada"), version=second)
        verbs.put("ben", review)
        self.later(monkeypatch)

        with pytest.raises(Conflict, match="gates"):
            verbs.put("cleo", Review.objects.get(pk=review.pk))

    def test_is_asked_by_the_notary(
        self, approved_copy: Stage, second_copy: ModelVersion, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        review = verbs.signed(second_copy)
        self.later(monkeypatch)

        assert approved_copy.notary_round() == 0
        review.refresh_from_db()
        assert "gates" in review.notary_note

    def later(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A month and a day go by."""

        class Clock:
            @staticmethod
            def now() -> Any:
                return timezone.now() + timedelta(days=31)

        monkeypatch.setattr(subjects, "timezone", Clock)
