"""The 95 % intervals hold the true value about 95 times in 100."""

import numpy as np
import pytest

from common.steering import Steering
from evaluation.metrics.catalogue import BY_NAME
from evaluation.metrics.rows import Floats, Rows
from evaluation.reporting.intervals import interval, resample, weight_blocks
from evaluation.reporting.measured import measured

QUIET = Steering(lambda _: None, lambda: False)


def drawn(rows: Rows, name: str, *, seed: int = 3, resamples: int = 400) -> Floats:
    measures = {"one": {name: BY_NAME[name].measure}}
    found = resample({"one": rows}, measures, resamples=resamples, seed=seed, steering=QUIET)
    return found["one"][name]


def coin(random: np.random.Generator, rows: int, accuracy: float) -> Rows:
    truth = random.integers(0, 2, rows)
    right = random.random(rows) < accuracy
    return Rows.of("binary", truth, np.where(right, truth, 1 - truth), classes=("tails", "heads"))


def test_intervals_cover_the_true_accuracy() -> None:
    random = np.random.default_rng(11)
    covered = 0
    for trial in range(300):
        found = interval(drawn(coin(random, 120, 0.8), "accuracy", seed=trial))
        assert found is not None
        covered += found.low <= 0.8 <= found.high
    assert 0.90 <= covered / 300 <= 0.985


def test_four_times_the_rows_make_the_interval_half_as_wide() -> None:
    random = np.random.default_rng(2)
    widths = []
    for rows in (200, 800):
        found = interval(drawn(coin(random, rows, 0.8), "accuracy", resamples=2000))
        assert found is not None
        widths.append(found.high - found.low)
    assert widths[0] / widths[1] == pytest.approx(2, rel=0.2)


def test_every_draw_has_as_many_rows_as_there_are() -> None:
    blocks = list(weight_blocks(3_000_000, 2, seed=1))
    assert [block.shape for block in blocks] == [(1, 3_000_000), (1, 3_000_000)]
    assert all((block.sum(axis=1) == 3_000_000).all() for block in blocks)
    assert not np.array_equal(blocks[0], blocks[1])


def test_a_metric_that_most_resamples_lack_has_a_value_without_an_interval() -> None:
    truth = np.array([1] + [0] * 19)
    scores = np.linspace(0.9, 0.1, 20)
    rows = Rows.of(
        "binary",
        truth,
        (scores > 0.5).astype(np.int64),
        probabilities=np.stack([1 - scores, scores], axis=1),
        classes=("no", "yes"),
    )
    entry = measured(1.0, drawn(rows, "roc_auc"))
    assert entry["state"] == "measured"
    assert entry["low"] is None
    assert "no interval" in entry["note"]


def test_an_interval_without_width_says_what_it_is_worth() -> None:
    truth = np.array([0, 1, 0, 1])
    rows = Rows.of("binary", truth, truth, classes=("no", "yes"))
    entry = measured(1.0, drawn(rows, "accuracy"))
    assert (entry["low"], entry["high"]) == (1.0, 1.0)
    assert "too few rows" in entry["note"]
