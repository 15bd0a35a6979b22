"""Figures are pure functions of a report: what they draw, say and list is the report's."""

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import translation
from django.utils.safestring import SafeString

from web import figures
from web.figures import strips, svg

CURVE = [{"x": i / 10, "y": math.sqrt(i / 10)} for i in range(11)]
SWARM = [
    {"feature": "radius", "points": [{"value": v, "shap": v * 2.0} for v in range(-5, 6)]},
    {"feature": "texture", "points": [{"value": v, "shap": v * -0.5} for v in range(-5, 6)]},
]
LOCAL = {
    "base": 0.5,
    "output": 0.9,
    "contributions": [
        {"feature": "radius", "value": 17.99, "shap": 0.5},
        {"feature": "texture", "value": 10.4, "shap": -0.1},
    ],
}
HISTORY = [
    {"epoch": e, "train_loss": 1 / e, "validation_loss": abs(e - 3) * 0.1 + 0.2}
    for e in range(1, 6)
]
CONFUSION = {"labels": ["benign", "malignant"], "counts": [[70, 1], [3, 40]]}
VERSIONS: list[dict[str, Any]] = [
    {"number": 1, "value": 0.91, "low": 0.88, "high": 0.94},
    {"number": 3, "value": 0.95, "low": None, "high": None},
]
IMAGE = {"pixels": [[0.0, 1.0], [0.5, 0.0]], "shap": [[0.2, -0.1], [0.0, 0.3]]}

EVERY: dict[str, Callable[[], SafeString]] = {
    "roc_curve": lambda: figures.roc_curve(CURVE, champion=CURVE),
    "pr_curve": lambda: figures.pr_curve(CURVE, operating={"x": 0.9, "y": 0.95, "threshold": 0.4}),
    "calibration": lambda: figures.calibration(CURVE),
    "confusion_matrix": lambda: figures.confusion_matrix(CONFUSION),
    "mean_abs_shap": lambda: figures.mean_abs_shap([{"feature": "radius", "value": 0.4}]),
    "beeswarm": lambda: figures.beeswarm(SWARM),
    "waterfall": lambda: figures.waterfall(LOCAL),
    "image_attribution": lambda: figures.image_attribution(IMAGE, label="7"),
    "training_curves": lambda: figures.training_curves(HISTORY),
    "interval_strip": lambda: figures.interval_strip(0.02, 0.01, 0.03),
    "sparkline": lambda: figures.sparkline([0.8, 0.9], label="Accuracy"),
    "metric_history": lambda: figures.metric_history(VERSIONS, metric="Accuracy"),
}
DRAWN = sorted(set(EVERY) - {"confusion_matrix", "interval_strip", "sparkline"})


def parsed(markup: str) -> ET.Element:
    """The markup as a tree; fails when it is not well-formed."""
    return ET.fromstring(f"<root>{markup}</root>")


def described(markup: str) -> str:
    """The finding in words."""
    return next(e.text or "" for e in parsed(markup).iter("desc"))


def test_every_figure_of_the_registry_is_tested_here() -> None:
    assert set(EVERY) == set(figures.FIGURES)


@pytest.mark.parametrize("name", sorted(EVERY))
def test_a_figure_is_well_formed_and_keeps_the_policy_without_inline_styles(name: str) -> None:
    markup = EVERY[name]()
    assert isinstance(markup, SafeString)
    for element in parsed(markup).iter():
        assert not {"style", "fill", "stroke"} & set(element.attrib)
        assert not any(key.startswith("on") for key in element.attrib)
        assert element.tag not in {"style", "script"}


@pytest.mark.parametrize("name", DRAWN)
def test_a_drawing_has_a_title_a_finding_and_the_same_figures_as_a_table(name: str) -> None:
    root = parsed(EVERY[name]())
    assert next(root.iter("title")).text
    assert next(root.iter("desc")).text
    assert len(list(next(root.iter("tbody")))) > 0


@pytest.mark.parametrize("name", sorted(EVERY))
def test_the_same_report_gives_the_same_bytes(name: str) -> None:
    assert EVERY[name]() == EVERY[name]()


@pytest.mark.parametrize(
    "draw",
    [
        lambda evil: figures.beeswarm([{"feature": evil, "points": SWARM[0]["points"]}]),
        lambda evil: figures.mean_abs_shap([{"feature": evil, "value": 1.0}]),
        lambda evil: figures.waterfall(
            {
                "base": 0.0,
                "output": 1.0,
                "contributions": [{"feature": evil, "value": evil, "shap": 1.0}],
            }
        ),
        lambda evil: figures.confusion_matrix({"labels": [evil, "b"], "counts": [[1, 0], [0, 1]]}),
        lambda evil: figures.image_attribution(IMAGE, label=evil),
        lambda evil: figures.sparkline([1.0, 2.0], label=evil),
    ],
)
def test_names_from_a_dataset_cannot_become_markup(draw: Callable[[str], SafeString]) -> None:
    markup = draw('"><script>alert(1)</script>')
    assert "<script" not in markup
    assert "&lt;script" in markup


@pytest.mark.parametrize(
    "draw",
    [
        lambda: figures.roc_curve([]),
        lambda: figures.pr_curve([{"x": math.nan, "y": 1.0}]),
        lambda: figures.calibration([{"x": None, "y": None}]),
        lambda: figures.confusion_matrix({}),
        lambda: figures.confusion_matrix({"labels": ["a", "b"], "counts": [[1, 2]]}),
        lambda: figures.mean_abs_shap([]),
        lambda: figures.beeswarm([{"feature": "a", "points": []}]),
        lambda: figures.waterfall({}),
        lambda: figures.waterfall(LOCAL | {"base": math.inf}),
        lambda: figures.image_attribution({"pixels": [], "shap": []}),
        lambda: figures.training_curves([]),
    ],
)
def test_a_report_without_the_data_says_so_instead_of_drawing(
    draw: Callable[[], SafeString],
) -> None:
    markup = draw()
    assert "Not measured for this version." in markup
    assert "<svg" not in markup


def test_the_area_under_a_roc_curve_is_computed_where_the_report_lacks_it() -> None:
    diagonal = [{"x": 0.0, "y": 0.0}, {"x": 1.0, "y": 1.0}]
    assert "0.500" in described(figures.roc_curve(diagonal))
    assert "0.750" in described(figures.roc_curve(diagonal, auc=0.75))


def test_a_roc_curve_names_the_champions_area_too() -> None:
    worse = [{"x": 0.0, "y": 0.0}, {"x": 1.0, "y": 1.0}]
    assert "The champion has 0.500." in described(figures.roc_curve(CURVE, champion=worse))


def test_a_curve_starts_and_ends_where_its_points_do() -> None:
    path = next(
        e.attrib["d"]
        for e in parsed(figures.roc_curve(CURVE)).iter("path")
        if e.attrib["class"] == "ln a"
    )
    numbers = [float(n) for n in re.findall(r"[\d.]+", path)]
    assert numbers[:2] == [svg.LEFT, svg.BOTTOM]
    assert numbers[-2:] == [svg.RIGHT, svg.TOP]


def test_a_curve_of_many_points_stays_small() -> None:
    many = [{"x": i / 50_000, "y": i / 50_000} for i in range(50_001)]
    assert len(figures.roc_curve(many)) < 20_000


def test_calibration_names_the_largest_gap() -> None:
    points = [{"x": 0.2, "y": 0.2}, {"x": 0.6, "y": 0.45}]
    assert "0.150, at a prediction of 0.60" in described(figures.calibration(points))


def test_training_curves_name_the_best_epoch_of_the_validation_loss() -> None:
    assert "epoch 3, 0.200; now 0.400" in described(figures.training_curves(HISTORY))


def test_training_without_validation_rows_is_drawn_from_its_training_loss() -> None:
    history = [{"epoch": 1, "train_loss": 0.5}, {"epoch": 2, "train_loss": 0.25}]
    assert "Training loss is lowest at epoch 2" in described(figures.training_curves(history))


def test_a_confusion_matrix_shows_counts_rates_and_words() -> None:
    rows = [
        [" ".join(cell.itertext()) for cell in row]
        for row in next(parsed(figures.confusion_matrix(CONFUSION)).iter("tbody"))
    ]
    assert rows == [
        ["benign", "70 98.6% true negatives", "1 1.4% false alarms"],
        ["malignant", "3 7.0% missed", "40 93.0% caught"],
    ]


def test_right_cells_are_shaded_apart_from_wrong_ones() -> None:
    cells = next(parsed(figures.confusion_matrix(CONFUSION)).iter("tbody")).iter("td")
    assert [c.attrib["class"] for c in cells] == ["h8", "e1", "e1", "h7"]


def test_a_champions_matrix_is_compared_only_where_the_labels_are_the_same() -> None:
    old = {"labels": ["benign", "malignant"], "counts": [[68, 3], [5, 38]]}
    assert "+2 from champion" in figures.confusion_matrix(CONFUSION, champion=old)
    other = old | {"labels": ["a", "b"]}
    assert "from champion" not in figures.confusion_matrix(CONFUSION, champion=other)


def test_a_beeswarm_puts_the_strongest_feature_first_and_says_its_effect() -> None:
    markup = figures.beeswarm(list(reversed(SWARM)))
    first = next(parsed(markup).iter("tbody"))[0]
    assert next(first.itertext()) == "radius"
    assert described(markup) == (
        "a high radius: raises the output; a high texture: lowers the output"
    )


def test_a_beeswarm_colours_low_and_high_values_at_the_ends_of_the_ramp() -> None:
    circles = [e.attrib["class"] for e in parsed(figures.beeswarm(SWARM[:1])).iter("circle")]
    assert (circles[0], circles[-1]) == ("s0", "s8")


def test_a_missing_feature_value_is_drawn_in_the_middle_of_the_ramp() -> None:
    swarm = [{"feature": "a", "points": [{"value": None, "shap": 0.1}, {"value": 2, "shap": 0.2}]}]
    assert 'class="s4"' in figures.beeswarm(swarm)


def test_a_waterfall_sums_the_weak_features_into_one_and_loses_nothing() -> None:
    weak: list[dict[str, Any]] = [
        {"feature": f"f{i}", "value": i, "shap": 0.01 * (i + 1)} for i in range(30)
    ]
    markup = figures.waterfall({"base": 0.0, "output": 4.65, "contributions": weak})
    cells = [list(row.itertext()) for row in next(parsed(markup).iter("tbody"))]
    assert cells[-1][0] == "19 other features"
    assert sum(float(row[-1].replace(svg.MINUS, "-")) for row in cells) == pytest.approx(4.65)


def test_a_waterfall_says_where_it_begins_and_ends() -> None:
    assert described(figures.waterfall(LOCAL)) == (
        "From 0.500 to 0.900; radius contributes most, +0.500."
    )


def test_a_history_names_each_version_and_draws_only_the_intervals_that_there_are() -> None:
    markup = figures.metric_history(VERSIONS, metric="Accuracy")
    assert described(markup) == "Version 3 has 0.950."
    assert markup.count('class="ci-l flat"') == 1
    assert ">v1<" in markup
    assert ">v3<" in markup


def test_an_image_is_drawn_square_by_square_with_the_sign_of_its_contribution() -> None:
    classes = [e.attrib["class"] for e in parsed(figures.image_attribution(IMAGE)).iter("rect")]
    assert classes == ["ink"] * 4 + ["frame", "s8", "s0", "s0", "s8", "frame"]


@pytest.mark.parametrize(
    ("low", "high", "higher", "expected"),
    [
        (0.01, 0.03, True, "better"),
        (0.01, 0.03, False, "worse"),
        (-0.03, -0.01, True, "worse"),
        (-0.03, -0.01, False, "better"),
        (-0.01, 0.03, True, "flat"),
        (0.0, 0.03, True, "flat"),
    ],
)
def test_an_interval_that_contains_zero_is_no_clear_change(
    low: float, high: float, higher: bool, expected: str
) -> None:
    assert strips.reading(low, high, higher) == expected


def test_a_strip_says_its_numbers_and_its_limit() -> None:
    markup = figures.interval_strip(0.02, 0.01, 0.03, limit=-0.005)
    assert 'aria-label="+0.020, 95% interval +0.010 to +0.030; limit −0.005"' in markup


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (-1.2, 3.4, [-1, 0, 1, 2, 3]),
        (0, 0, [0]),
        (0, 0.07, [0, 0.02, 0.04, 0.06]),
    ],
)
def test_axis_ticks_are_round_numbers_inside_the_range(
    low: float, high: float, expected: list[float]
) -> None:
    assert svg.ticks(low, high) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (184320, "184,320"),
        (17.99, "17.99"),
        (0.95, "0.95"),
        (-0.5, "−0.5"),
        (2.0, "2"),
        (None, "–"),
    ],
)
def test_a_number_of_unknown_scale_is_written_briefly(value: object, expected: str) -> None:
    assert svg.brief(value) == expected


def test_figures_speak_the_readers_language() -> None:
    with translation.override("zh-hans"):
        assert "ROC 曲线" in figures.roc_curve(CURVE)


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [(0.98591, 2, "0.99"), (-0.0004, 3, "0.000"), (-1.25, 1, "−1.2"), (3, 3, "3"), (True, 3, "–")],
)
def test_numbers_are_rounded_not_cut(value: object, digits: int, expected: str) -> None:
    assert svg.number(value, digits) == expected
