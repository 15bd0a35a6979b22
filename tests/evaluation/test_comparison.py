"""Two models are compared on the same rows, and a difference is named only if it is clear."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score

from evaluation.metrics.rows import Rows
from evaluation.reporting import Contender
from evaluation.reporting.comparison import delong, delong_covariance, verdict
from evaluation.reporting.contender import in_order_of
from evaluation.reporting.intervals import Interval
from runtimes.schema import Signature
from tests.evaluation import onnx_models as real
from tests.evaluation.test_report import (
    cancer_contender,
    cancer_report,
    held_out,
    probabilities,
    report_on,
)


def test_a_model_against_itself_shows_no_clear_change() -> None:
    report = report_on(cancer_contender(), *held_out(), champion=cancer_contender())
    for name, entry in report["comparison"]["metrics"].items():
        assert entry["verdict"] == "no clear change", name
        assert entry["difference"] == entry["low"] == entry["high"] == 0
    assert report["comparison"]["mcnemar"]["p_value"] is None
    assert report["comparison"]["delong"]["state"] == "not measured"


def test_a_hardly_trained_champion_is_beaten_where_higher_and_where_lower_is_better() -> None:
    comparison = cancer_report()["comparison"]
    assert comparison["champion"]["digest"] == "sha256:0.0001"
    assert comparison["metrics"]["accuracy"]["verdict"] == "better"
    assert comparison["metrics"]["accuracy"]["low"] > 0
    assert comparison["metrics"]["log_loss"]["verdict"] == "better"
    assert comparison["metrics"]["log_loss"]["high"] < 0


def test_and_it_is_worse_the_other_way_round() -> None:
    report = report_on(cancer_contender(1e-4), *held_out(), champion=cancer_contender())
    entry = report["comparison"]["metrics"]["log_loss"]
    assert entry["verdict"] == "worse"
    forward = cancer_report()["comparison"]["metrics"]["log_loss"]
    assert entry["difference"] == pytest.approx(-forward["difference"])


@pytest.mark.parametrize(
    ("low", "high", "higher", "expected"),
    [
        (0.1, 0.2, True, "better"),
        (0.1, 0.2, False, "worse"),
        (-0.2, -0.1, True, "worse"),
        (-0.2, -0.1, False, "better"),
        (-0.1, 0.1, True, "no clear change"),
        (0.0, 0.1, True, "no clear change"),
        (1e-8, 2e-8, True, "no clear change"),
    ],
)
def test_a_change_is_clear_only_on_one_side_of_zero(
    low: float, high: float, higher: bool, expected: str
) -> None:
    assert verdict(Interval(low, high), higher_is_better=higher) == expected


def test_mcnemar_counts_the_rows_where_only_one_is_right() -> None:
    features, target = held_out()
    new = probabilities(real.cancer_model(), features).argmax(1) == target
    old = probabilities(real.cancer_model(1e-4), features).argmax(1) == target
    gained, lost = int((new & ~old).sum()), int((old & ~new).sum())
    found = cancer_report()["comparison"]["mcnemar"]
    assert (found["only_candidate_right"], found["only_champion_right"]) == (gained, lost)
    assert found["p_value"] == binomtest(gained, gained + lost).pvalue


def test_delong_has_the_areas_of_scikit_learn_and_about_the_bootstraps_interval() -> None:
    features, target = held_out()
    scores = np.stack([probabilities(real.cancer_model(c), features)[:, 1] for c in (1.0, 1e-4)])
    areas, covariance = delong_covariance(scores, target == 1)
    np.testing.assert_allclose(areas, [roc_auc_score(target, s) for s in scores])
    assert (np.diag(covariance) > 0).all()
    found = cancer_report()["comparison"]["delong"]
    paired = cancer_report()["comparison"]["metrics"]["roc_auc"]
    assert found["difference"] == pytest.approx(paired["difference"])
    width = paired["high"] - paired["low"]
    assert found["high"] - found["low"] == pytest.approx(width, rel=0.25)


def test_delong_variance_is_right_in_the_long_run() -> None:
    random = np.random.default_rng(5)
    positive = np.arange(120) < 60
    areas, variances = [], []
    for _ in range(400):
        scores = random.normal(size=(2, 120)) + positive
        area, covariance = delong_covariance(scores, positive)
        areas.append(area[0])
        variances.append(covariance[0, 0])
    assert np.mean(variances) == pytest.approx(np.var(areas), rel=0.2)


def test_delong_needs_two_rows_of_each_class() -> None:
    rows = Rows.of(
        "binary",
        np.array([0, 0, 1]),
        np.array([0, 0, 1]),
        probabilities=np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]),
        classes=("no", "yes"),
    )
    assert "fewer than two rows" in delong(rows, rows)["note"]


def test_a_champion_with_its_classes_in_another_order_is_compared_by_name() -> None:
    weights, bias = real.cancer_weights()
    turned = real.OrtModel(real.layers([(weights[:, ::-1], bias[::-1])], [30], real.SOFTMAX))
    signature = Signature.parse(real.CANCER.as_dict() | {"classes": real.CANCER_CLASSES[::-1]})
    features, target = held_out()
    named = np.array(real.CANCER_CLASSES)[target]
    champion = Contender(turned, signature, "sha256:t", 1)
    report = report_on(cancer_contender(), features, named, champion=champion)
    for entry in report["comparison"]["metrics"].values():
        assert entry["difference"] == pytest.approx(0, abs=1e-6)
        assert entry["verdict"] == "no clear change"


def test_reordering_keeps_each_probability_with_its_class() -> None:
    rows = Rows.of(
        "multiclass",
        np.array([0, 2]),
        np.array([1, 2]),
        probabilities=np.array([[0.1, 0.7, 0.2], [0.0, 0.1, 0.9]]),
        classes=("a", "b", "c"),
    )
    moved = in_order_of(rows, ("c", "a", "b"))
    assert moved.truth.tolist() == [1, 0]
    assert moved.predicted.tolist() == [2, 0]
    assert moved.probabilities is not None
    assert moved.probabilities.tolist() == [[0.2, 0.1, 0.7], [0.9, 0.0, 0.1]]


def test_a_champion_that_cannot_take_these_rows_is_not_compared_but_does_not_stop_the_report() -> (
    None
):
    other = Contender(real.digits_model(), real.DIGITS, "sha256:d", 1)
    report = report_on(cancer_contender(), *held_out(), champion=other)
    assert report["comparison"]["note"] == "The champion has another task."
    assert report["comparison"]["metrics"] == {}
    assert report["metrics"]["accuracy"]["state"] == "measured"


def test_a_closed_champion_is_not_compared_but_does_not_stop_the_report() -> None:
    model = real.cancer_model()
    model.opened.close()
    report = report_on(cancer_contender(), *held_out(), champion=cancer_contender(model=model))
    assert "closed" in report["comparison"]["note"]
    assert report["metrics"]["accuracy"]["state"] == "measured"


def test_a_champion_without_probabilities_is_compared_on_labels_only() -> None:
    champion = cancer_contender(model=real.cancer_label_model(), signature=real.CANCER_LABELS)
    report = report_on(cancer_contender(), *held_out(), champion=champion)
    entries = report["comparison"]["metrics"]
    assert entries["accuracy"]["verdict"] == "no clear change"
    assert entries["roc_auc"]["state"] == "not measured"
    assert report["metrics"]["roc_auc"]["state"] == "measured"
