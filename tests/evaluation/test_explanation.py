"""SHAP values are the known ones where mathematics knows them, and say how sure they are."""

import json
from functools import cache
from typing import Any

import numpy as np
import pytest
import rfc8785

from common.errors import Invalid
from common.steering import Cancelled, Progress
from evaluation.explanation import explain
from evaluation.explanation.agreement import agreement
from evaluation.explanation.image import Grid
from evaluation.explanation.kernel import is_exact, seeded
from evaluation.reporting import Contender
from runtimes.schema import Signature
from tests.evaluation import onnx_models as real

FACTS = {"name": "held-out", "digest": "sha256:" + "0" * 64}


def contender(model: real.OrtModel, signature: Signature) -> Contender:
    return Contender(model, signature, "sha256:m", 1)


def report_on(
    subject: Contender,
    features: Any,
    background: Any,
    *,
    on_progress: Progress = lambda _: None,
    **rest: Any,
) -> dict[str, Any]:
    options: dict[str, Any] = {"dataset": FACTS, "seed": 3, "should_stop": lambda: False} | rest
    return explain(subject, features, background=background, on_progress=on_progress, **options)


@cache
def diabetes_report() -> dict[str, Any]:
    features, _ = real.diabetes()
    subject = contender(real.diabetes_model(), real.DIABETES)
    return report_on(subject, features[300:], features[:300], rows=12)


@cache
def cancer_report() -> dict[str, Any]:
    features, _ = real.cancer()
    subject = contender(real.cancer_model(), real.CANCER)
    return report_on(subject, features[300:], features[:300], rows=25, budget=400)


@cache
def digits_report() -> dict[str, Any]:
    images, _ = real.digits()
    subject = contender(real.digits_model(), real.DIGITS)
    return report_on(subject, images[1200:], images[:1200], rows=5, budget=1500)


def matrix(report: dict[str, Any], key: str) -> Any:
    return np.array([row[key] for row in report["local"]])


def test_a_linear_models_values_are_coefficient_times_distance_from_the_background() -> None:
    features, _ = real.diabetes()
    weights, _ = real.diabetes_weights()
    background = features[:40]
    subject = contender(real.diabetes_model(), real.DIABETES)
    report = report_on(subject, features[300:], background, rows=12)
    assert report["background"]["rows"] == 40
    chosen = [row["row"] for row in report["local"]]
    expected = weights[:, 0] * (features[300:][chosen] - background.mean(axis=0))
    np.testing.assert_allclose(matrix(report, "shap"), expected, rtol=1e-3, atol=2e-2)
    assert report["method"]["exact"]
    assert report["seed_agreement"]["correlation"] == pytest.approx(1)


@pytest.mark.parametrize("report", [diabetes_report, cancer_report, digits_report])
def test_base_and_values_add_up_to_the_output(report: Any) -> None:
    found = report()
    assert found["additivity_error"] < 1e-4
    total = matrix(found, "base") + matrix(found, "shap").sum(axis=1)
    np.testing.assert_allclose(total, matrix(found, "output"), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("report", [diabetes_report, cancer_report, digits_report])
def test_a_report_is_canonical_json_and_keeps_its_numbers(report: Any) -> None:
    assert json.loads(rfc8785.dumps(report())) == report()


@pytest.mark.parametrize("report", [cancer_report, digits_report])
def test_two_seeds_agree_but_are_not_the_same_numbers(report: Any) -> None:
    found = report()["seed_agreement"]
    assert 0.8 < found["correlation"] < 1
    assert found["relative_difference"] > 0


def test_more_coalitions_make_two_seeds_agree_better() -> None:
    features, _ = real.cancer()
    subject = contender(real.cancer_model(), real.CANCER)
    many = report_on(subject, features[300:], features[:300], rows=25, budget=1000)
    more, fewer = many["seed_agreement"], cancer_report()["seed_agreement"]
    assert more["correlation"] > fewer["correlation"]
    assert more["relative_difference"] < fewer["relative_difference"]


def test_the_binary_explanation_is_of_the_positive_class() -> None:
    features, _ = real.cancer()
    report = cancer_report()
    chosen = [row["row"] for row in report["local"]]
    rows = features[300:][chosen].astype(np.float32)
    said = real.cancer_model().run({"x": rows})["y"][:, 1]
    assert report["explained"] == "the probability of benign"
    np.testing.assert_allclose(matrix(report, "output"), said, rtol=1e-5)
    np.testing.assert_allclose(matrix(report, "data"), rows, rtol=1e-6)


def test_with_many_classes_each_row_explains_the_class_predicted_for_it() -> None:
    images, _ = real.digits()
    for row in digits_report()["local"]:
        image = images[1200:][[row["row"]]].astype(np.float32)
        said = real.digits_model().run({"x": image})["y"][0]
        assert row["class"] == real.DIGIT_CLASSES[said.argmax()]
        assert row["output"] == pytest.approx(float(said.max()), rel=1e-5)


def test_the_global_list_is_the_mean_strength_and_the_strongest_come_first() -> None:
    report = cancer_report()
    strength = np.abs(matrix(report, "shap")).mean(axis=0)
    listed = {entry["feature"]: entry["mean_abs"] for entry in report["global"]}
    np.testing.assert_allclose([listed[name] for name in report["features"]], strength, rtol=1e-5)
    order = [entry["mean_abs"] for entry in report["global"]]
    assert order == sorted(order, reverse=True)


def test_beeswarm_points_pair_a_features_value_with_its_shap_value() -> None:
    report = cancer_report()
    assert len(report["beeswarm"]) == 20
    strongest = report["beeswarm"][0]
    assert strongest["feature"] == report["global"][0]["feature"]
    place = report["features"].index(strongest["feature"])
    assert strongest["value"] == matrix(report, "data")[:, place].tolist()
    assert strongest["shap"] == matrix(report, "shap")[:, place].tolist()


def test_features_keep_the_names_of_the_signature() -> None:
    named = real.CANCER.as_dict()
    names = [f"measurement {number}" for number in range(30)]
    named["inputs"][0]["features"] = names
    features, _ = real.cancer()
    subject = contender(real.cancer_model(), Signature.parse(named))
    report = report_on(subject, features[300:], features[:20], rows=1, budget=100)
    assert report["features"] == names


def test_a_pixel_that_no_image_uses_explains_nothing() -> None:
    report = digits_report()
    assert report["grid"] == {"rows": 8, "columns": 8, "height": 8, "width": 8}
    assert report["beeswarm"] == []
    images, _ = real.digits()
    empty = images.max(axis=(0, 1)) == 0
    values = matrix(report, "shap").reshape(-1, 8, 8)
    assert empty.any()
    noise = np.abs(values[:, empty]).mean() / np.abs(values).mean()
    assert noise < 0.3
    assert np.array(report["local"][0]["data"]).shape == (1, 8, 8)


def test_an_image_of_exact_budget_has_the_textbook_shapley_values() -> None:
    weights = np.array([[1.0], [-2.0], [3.0], [0.5]])
    model = real.OrtModel(real.layers([(weights, np.array([0.25]))], [1, 2, 2], None))
    subject = contender(model, real.signature("regression", [1, 2, 2], "value", None, 1))
    random = np.random.default_rng(0)
    images, background = random.random((3, 1, 2, 2)), random.random((6, 1, 2, 2))
    report = report_on(subject, images, background, rows=3)
    expected = weights[:, 0] * (images - background.mean(axis=0)).reshape(3, 4)
    assert report["method"]["exact"]
    np.testing.assert_allclose(matrix(report, "shap"), expected, atol=1e-5)


def test_larger_images_are_split_into_even_fields() -> None:
    grid = Grid(28, 20)
    sizes = np.bincount(grid.field_of_pixel.ravel())
    assert len(sizes) == len(grid.names) == 64
    assert sizes.sum() == 28 * 20
    assert sizes.max() <= 2 * sizes.min()


def test_the_same_seed_gives_the_same_report_whatever_was_drawn_before() -> None:
    features, _ = real.cancer()
    subject = contender(real.cancer_model(), real.CANCER)

    def again() -> dict[str, Any]:
        np.random.random(7)
        report = report_on(subject, features[300:], features[:300], rows=3, budget=100)
        return {key: report[key] for key in report if key != "seconds"}

    assert again() == again()


def test_the_global_generator_is_left_as_it_was() -> None:
    np.random.seed(1)
    expected = np.random.random(3).tolist()
    np.random.seed(1)
    with seeded(5):
        np.random.random(3)
    assert np.random.random(3).tolist() == expected


def test_rows_without_any_influence_have_an_agreement_without_a_number() -> None:
    nothing = np.zeros((2, 3))
    found = agreement(nothing, nothing, (1, 2))
    assert found["correlation"] is None
    assert found["relative_difference"] is None


def test_a_model_that_always_answers_the_same_is_explained_by_zeros() -> None:
    weights, bias = np.zeros((4, 1)), np.array([2.0])
    model = real.OrtModel(real.layers([(weights, bias)], [4], None))
    subject = contender(model, real.signature("regression", [4], "value", None, 1))
    rows = np.random.default_rng(0).random((3, 4))
    report = report_on(subject, rows, rows)
    np.testing.assert_allclose(matrix(report, "shap"), 0, atol=1e-9)
    assert matrix(report, "base").tolist() == [2, 2, 2]
    json.dumps(report, allow_nan=False)


def test_a_row_equal_to_the_only_background_row_is_explained_by_zeros() -> None:
    features, _ = real.diabetes()
    subject = contender(real.diabetes_model(), real.DIABETES)
    report = report_on(subject, features[:1], features[:1])
    assert matrix(report, "shap").tolist() == [[0.0] * 10]


def test_whether_a_budget_is_exact_depends_on_the_number_of_players() -> None:
    assert is_exact(10, 1022)
    assert not is_exact(10, 1021)
    assert not is_exact(64, 2**62)


@pytest.mark.parametrize("stage", ["predict", "explain", "explain again"])
def test_every_stage_can_be_stopped(stage: str) -> None:
    features, _ = real.cancer()
    subject = contender(real.cancer_model(), real.CANCER)
    seen: list[str] = []
    with pytest.raises(Cancelled):
        report_on(
            subject,
            features[300:],
            features[:20],
            rows=2,
            budget=100,
            on_progress=lambda event: seen.append(event["stage"]),
            should_stop=lambda: bool(seen) and seen[-1] == stage,
        )
    assert seen[-1] == stage


def test_stopping_does_not_wait_for_the_end_of_a_row() -> None:
    features, _ = real.cancer()
    model = real.cancer_model()
    subject = contender(model, real.CANCER)
    with pytest.raises(Cancelled):
        report_on(
            subject,
            features[300:],
            features[:300],
            rows=1,
            budget=20_000,
            should_stop=lambda: model.calls >= 5,
        )
    assert model.calls == 5


@pytest.mark.parametrize(
    ("signature", "reason"),
    [
        (real.CANCER_LABELS, "without probabilities"),
        (real.signature("regression", [4, 4], "value", None, 1), "Only rows of features"),
        (real.signature("regression", [513], "value", None, 1), "up to 512 features"),
        (real.signature("regression", [5, 8, 8], "value", None, 1), "up to 4 channels"),
    ],
)
def test_models_that_cannot_be_explained_are_refused_with_the_reason(
    signature: Signature, reason: str
) -> None:
    rows = np.zeros((2, *signature.inputs[0].shape))
    with pytest.raises(Invalid, match=reason) as refused:
        report_on(contender(real.cancer_model(), signature), rows, rows)
    assert refused.value.field == "model"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"features": np.zeros((0, 30))}, "rows"),
        ({"background": np.zeros((0, 30))}, "rows"),
        ({"features": np.zeros((2, 29))}, "inputs.x"),
        ({"features": np.full((2, 30), np.nan)}, "inputs.x[0]"),
        ({"rows": 0}, "rows"),
        ({"budget": 1}, "budget"),
    ],
)
def test_wrong_data_are_refused_with_their_place(changes: dict[str, Any], field: str) -> None:
    data = {"features": np.ones((2, 30)), "background": np.ones((2, 30))} | changes
    with pytest.raises(Invalid) as refused:
        report_on(
            contender(real.cancer_model(), real.CANCER),
            data.pop("features"),
            data.pop("background"),
            **data,
        )
    assert refused.value.field == field
