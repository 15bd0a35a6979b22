"""Every metric is the textbook number, has a value only where one exists, and never warns."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics as sk

from evaluation.metrics.by_class import BY_CLASS, why_undefined
from evaluation.metrics.calibration import BINS, confidence_bins
from evaluation.metrics.catalogue import BY_NAME, METRICS, for_task
from evaluation.metrics.counts import confusion_matrix
from evaluation.metrics.rows import Rows

NAMES = ("ash", "birch", "cedar", "dogwood", "elm")
# Few distinct scores, so that ties are common.
SCORES = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0])
VALUES = st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda value: round(value, 3))


@st.composite
def classified(draw: st.DrawFn, classes: int | None = None) -> Rows:
    k = classes or draw(st.integers(2, 5))
    n = draw(st.integers(1, 30))
    label = st.integers(0, k - 1)
    truth = np.array(draw(st.lists(label, min_size=n, max_size=n)))
    raw = np.array(draw(st.lists(st.lists(SCORES, min_size=k, max_size=k), min_size=n, max_size=n)))
    probabilities = (raw + 0.01) / (raw + 0.01).sum(axis=1, keepdims=True)
    return Rows.of(
        "binary" if k == 2 else "multiclass",
        truth,
        probabilities.argmax(axis=1),
        probabilities=probabilities,
        classes=NAMES[:k],
    )


@st.composite
def measured(draw: st.DrawFn) -> Rows:
    pairs = draw(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=30))
    truth, predicted = np.array(pairs).T
    return Rows.of("regression", truth, predicted)


def value(name: str, rows: Rows) -> float:
    metric = BY_NAME[name]
    assert metric.why_not(rows) is None
    return float(metric.measure(rows)[0])


def repeated(rows: Rows, times: NDArray[np.int64]) -> Rows:
    def again(a: NDArray[Any]) -> NDArray[Any]:
        return np.repeat(a, times, axis=0)

    probabilities = None if rows.probabilities is None else again(rows.probabilities)
    return Rows.of(
        rows.task,
        again(rows.truth),
        again(rows.predicted),
        probabilities=probabilities,
        classes=rows.classes,
    )


@settings(max_examples=40, deadline=None)
@given(classified())
def test_accuracy_equals_scikit_learn(rows: Rows) -> None:
    assert value("accuracy", rows) == pytest.approx(sk.accuracy_score(rows.truth, rows.predicted))


@pytest.mark.parametrize("average", ["macro", "micro", "weighted"])
@settings(max_examples=40, deadline=None)
@given(rows=classified())
def test_averaged_precision_recall_and_f1_equal_scikit_learn(average: str, rows: Rows) -> None:
    expected = sk.precision_recall_fscore_support(
        rows.truth, rows.predicted, average=average, zero_division=0
    )
    for name, number in zip(("precision", "recall", "f1"), expected, strict=False):
        assert value(f"{name}_{average}", rows) == pytest.approx(number)


@settings(max_examples=40, deadline=None)
@given(classified())
def test_every_class_has_scikit_learns_numbers_or_a_reason(rows: Rows) -> None:
    expected = sk.precision_recall_fscore_support(
        rows.truth, rows.predicted, labels=range(len(rows.classes)), zero_division=np.nan
    )
    for name, numbers in zip(("precision", "recall", "f1"), expected, strict=False):
        ours = BY_CLASS[name](rows.counts)[0]
        np.testing.assert_allclose(ours, numbers)
        reasons = [why_undefined(name, rows, k) is None for k in range(len(rows.classes))]
        assert reasons == list(np.isfinite(ours))


@settings(max_examples=40, deadline=None)
@given(classified(classes=2))
def test_a_binary_model_is_judged_on_its_positive_class(rows: Rows) -> None:
    expected = sk.precision_recall_fscore_support(
        rows.truth, rows.predicted, average="binary", pos_label=1, zero_division=np.nan
    )
    for name, number in zip(("precision", "recall", "f1"), expected, strict=False):
        if np.isnan(number):
            assert BY_NAME[name].why_not(rows)
        else:
            assert value(name, rows) == pytest.approx(number)


@settings(max_examples=40, deadline=None)
@given(classified())
def test_roc_auc_equals_scikit_learn_or_names_the_absent_classes(rows: Rows) -> None:
    k = len(rows.classes)
    present = set(rows.truth.tolist())
    if len(present) < k:
        reason = BY_NAME["roc_auc"].why_not(rows)
        assert reason is not None
        assert all(rows.classes[i] in reason for i in range(k) if i not in present)
        assert np.isnan(BY_NAME["roc_auc"].measure(rows)).all()
        return
    assert rows.probabilities is not None
    scores = rows.probabilities[:, 1] if k == 2 else rows.probabilities
    expected = sk.roc_auc_score(rows.truth, scores, multi_class="ovr", average="macro")
    assert value("roc_auc", rows) == pytest.approx(expected)


@settings(max_examples=40, deadline=None)
@given(classified())
def test_log_loss_and_brier_equal_scikit_learn(rows: Rows) -> None:
    labels = list(range(len(rows.classes)))
    assert value("log_loss", rows) == pytest.approx(
        sk.log_loss(rows.truth, rows.probabilities, labels=labels)
    )
    assert value("brier", rows) == pytest.approx(
        sk.brier_score_loss(rows.truth, rows.probabilities, labels=labels)
    )


@settings(max_examples=40, deadline=None)
@given(classified())
def test_calibration_error_is_the_mean_gap_between_confidence_and_accuracy(rows: Rows) -> None:
    assert rows.probabilities is not None
    confidence = rows.probabilities.max(axis=1)
    expected = 0.0
    for index in range(BINS):
        low, high = np.linspace(0, 1, BINS + 1)[index : index + 2]
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            gap = (rows.predicted == rows.truth)[inside].mean() - confidence[inside].mean()
            expected += inside.mean() * abs(gap)
    assert value("ece", rows) == pytest.approx(expected)


def test_a_confidence_on_an_edge_belongs_to_the_bin_below_and_zero_to_the_first() -> None:
    assert confidence_bins(np.array([0.0, 0.2, 0.2001, 1.0]), bins=5).tolist() == [0, 0, 1, 4]


@settings(max_examples=40, deadline=None)
@given(measured())
def test_regression_metrics_equal_scikit_learn(rows: Rows) -> None:
    assert value("mse", rows) == pytest.approx(sk.mean_squared_error(rows.truth, rows.predicted))
    assert value("mae", rows) == pytest.approx(sk.mean_absolute_error(rows.truth, rows.predicted))
    if np.ptp(rows.truth) == 0:
        assert "no spread" in str(BY_NAME["r2"].why_not(rows))
    else:
        assert value("r2", rows) == pytest.approx(
            sk.r2_score(rows.truth, rows.predicted), rel=1e-6, abs=1e-6
        )


@settings(max_examples=40, deadline=None)
@given(classified())
def test_the_confusion_matrix_equals_scikit_learn(rows: Rows) -> None:
    k = len(rows.classes)
    ours = confusion_matrix(rows.truth.astype(np.int64), rows.predicted.astype(np.int64), k)
    expected = sk.confusion_matrix(rows.truth, rows.predicted, labels=range(k))
    np.testing.assert_array_equal(ours, expected)


@settings(max_examples=40, deadline=None)
@given(st.one_of(classified(), measured()), st.integers(0, 2**32 - 1))
def test_weighting_a_row_is_the_same_as_repeating_it(rows: Rows, seed: int) -> None:
    times = np.random.default_rng(seed).multinomial(len(rows), np.full(len(rows), 1 / len(rows)))
    weighted = rows.weighted(np.stack([times, np.ones(len(rows))]).astype(np.float64))
    copies = repeated(rows, times)
    for metric in for_task(rows.task):
        expected = metric.measure(copies)[0]
        if metric.why_not(copies):
            assert np.isnan(metric.measure(weighted)[0]), metric.name
        else:
            # R² divides by a spread that may be tiny, so two orders of adding differ most there.
            assert metric.measure(weighted)[0] == pytest.approx(expected, rel=1e-4, abs=1e-4)


@settings(max_examples=40, deadline=None)
@given(st.one_of(classified(), measured()))
def test_a_metric_has_a_finite_value_exactly_when_it_has_no_excuse(rows: Rows) -> None:
    for metric in for_task(rows.task):
        assert np.isfinite(metric.measure(rows)[0]) == (metric.why_not(rows) is None), metric.name


def test_without_probabilities_only_metrics_of_labels_are_measured() -> None:
    rows = Rows.of("binary", np.array([0, 1]), np.array([0, 1]), classes=("no", "yes"))
    refused = {metric.name for metric in for_task("binary") if metric.why_not(rows)}
    assert refused == {"roc_auc", "log_loss", "brier", "ece"}


def test_each_metric_says_its_name_once_and_explains_itself() -> None:
    assert len(BY_NAME) == len(METRICS)
    for metric in METRICS:
        assert metric.direction in ("higher", "lower")
        assert metric.tasks
        assert metric.definition.endswith(".")


def test_errors_and_losses_are_better_low() -> None:
    low = {metric.name for metric in METRICS if metric.direction == "lower"}
    assert low == {"log_loss", "brier", "ece", "mse", "mae"}
