"""A report says what an independent recomputation says, in finite numbers or with a reason."""

import json
import math
from functools import cache
from typing import Any

import numpy as np
import pytest
import rfc8785
from sklearn import metrics as sk

from common.errors import Invalid
from common.steering import Cancelled
from evaluation.features import as_inputs
from evaluation.reporting import Contender, evaluate
from runtimes.schema import Signature
from tests.evaluation import onnx_models as real

FACTS = {"name": "held-out", "digest": "sha256:" + "0" * 64, "rows": 269, "split": "test"}


def cancer_contender(strength: float = 1.0, **changes: Any) -> Contender:
    values: dict[str, Any] = {"model": real.cancer_model(strength), "signature": real.CANCER}
    values |= {"digest": f"sha256:{strength}", "size_bytes": 1234}
    return Contender(**values | changes)


def report_on(
    contender: Contender, features: Any, target: Any, *, resamples: int = 200, **rest: Any
) -> dict[str, Any]:
    options: dict[str, Any] = {"dataset": FACTS, "seed": 7, "resamples": resamples}
    options |= {"on_progress": lambda _: None, "should_stop": lambda: False} | rest
    return evaluate(contender, features, target, **options)


def held_out() -> tuple[Any, Any]:
    features, target = real.cancer()
    return features[300:], target[300:]


@cache
def cancer_report() -> dict[str, Any]:
    return report_on(
        cancer_contender(), *held_out(), champion=cancer_contender(1e-4), resamples=2000
    )


@cache
def digits_report() -> dict[str, Any]:
    images, target = real.digits()
    contender = Contender(real.digits_model(), real.DIGITS, "sha256:d", 99)
    return report_on(contender, images[1200:], target[1200:])


@cache
def diabetes_report() -> dict[str, Any]:
    features, target = real.diabetes()
    contender = Contender(real.diabetes_model(), real.DIABETES, "sha256:r", 9)
    return report_on(contender, features[300:], target[300:])


def probabilities(model: real.OrtModel, features: Any) -> Any:
    return model.run({"x": features.astype(np.float32)})["y"]


def test_a_binary_report_equals_scikit_learn_on_the_same_rows() -> None:
    features, target = held_out()
    given = probabilities(real.cancer_model(), features)
    said = given.argmax(axis=1)
    expected = {
        "accuracy": sk.accuracy_score(target, said),
        "precision": sk.precision_score(target, said),
        "recall": sk.recall_score(target, said),
        "f1_macro": sk.f1_score(target, said, average="macro"),
        "roc_auc": sk.roc_auc_score(target, given[:, 1]),
        "log_loss": sk.log_loss(target, given),
        "brier": sk.brier_score_loss(target, given[:, 1]),
    }
    for name, value in expected.items():
        entry = cancer_report()["metrics"][name]
        assert entry["value"] == pytest.approx(value, rel=1e-5), name
        assert entry["low"] <= entry["value"] <= entry["high"], name
        assert entry["low"] < entry["high"], name
    matrix = sk.confusion_matrix(target, said).tolist()
    assert cancer_report()["confusion_matrix"] == matrix


def test_a_multiclass_report_equals_scikit_learn_on_the_same_rows() -> None:
    images, target = real.digits()
    given = probabilities(real.digits_model(), images[1200:])
    said, labels = given.argmax(axis=1), target[1200:]
    report = digits_report()
    assert report["metrics"]["accuracy"]["value"] == pytest.approx((said == labels).mean())
    expected = sk.roc_auc_score(labels, given / given.sum(1, keepdims=True), multi_class="ovr")
    assert report["metrics"]["roc_auc"]["value"] == pytest.approx(expected, rel=1e-5)
    table = sk.classification_report(labels, said, output_dict=True, zero_division=np.nan)
    for line in report["by_class"]:
        assert line["f1"]["value"] == pytest.approx(table[line["class"]]["f1-score"])
        assert line["labels"] == table[line["class"]]["support"]
    assert [curve["class"] for curve in report["curves"]] == real.DIGIT_CLASSES
    assert "precision" not in report["metrics"]


def test_a_regression_report_equals_scikit_learn_on_the_same_rows() -> None:
    features, target = real.diabetes()
    weights, bias = real.diabetes_weights()
    said = (features[300:] @ weights + bias)[:, 0]
    report = diabetes_report()
    expected = {
        "mse": sk.mean_squared_error(target[300:], said),
        "mae": sk.mean_absolute_error(target[300:], said),
        "r2": sk.r2_score(target[300:], said),
    }
    assert set(report["metrics"]) == set(expected)
    for name, value in expected.items():
        assert report["metrics"][name]["value"] == pytest.approx(value, rel=1e-4)
    assert report["errors"]["p50"] == pytest.approx(np.median(said - target[300:]), rel=1e-3)
    assert "confusion_matrix" not in report


@pytest.mark.parametrize("report", [cancer_report, digits_report, diabetes_report])
def test_a_report_is_canonical_json_and_keeps_its_numbers(report: Any) -> None:
    assert json.loads(rfc8785.dumps(report())) == report()


def test_the_curves_lie_on_scikit_learns_and_are_few() -> None:
    features, target = held_out()
    scores = probabilities(real.cancer_model(), features)[:, 1].astype(float)
    (curve,) = cancer_report()["curves"]
    assert curve["class"] == "benign"
    roc = set(
        zip(*np.round(sk.roc_curve(target, scores, drop_intermediate=False)[:2], 6), strict=True)
    )
    ours = list(zip(curve["roc"]["fpr"], curve["roc"]["tpr"], strict=True))
    assert set(ours) <= roc
    assert ours[0] == (0, 0)
    assert ours[-1] == (1, 1)
    assert 50 < len(ours) <= 100
    precision, recall, _ = sk.precision_recall_curve(target, scores)
    pr = curve["precision_recall"]
    theirs = set(zip(np.round(recall, 6), np.round(precision, 6), strict=True))
    kept = set(zip(pr["recall"], pr["precision"], strict=True))
    # scikit-learn stops at the first cut that finds every positive row; ours goes on to all rows.
    assert {point for point in kept if point[0] < 1} <= theirs
    assert len(pr["recall"]) <= 100


def test_calibration_bins_hold_every_row_once() -> None:
    bins = cancer_report()["calibration"]["bins"]
    assert sum(entry["rows"] for entry in bins) == 269
    gap = sum(e["rows"] / 269 * abs(e["confidence"] - e["accuracy"]) for e in bins if e["rows"])
    assert gap == pytest.approx(cancer_report()["metrics"]["ece"]["value"])


def test_the_same_rows_and_seed_give_the_same_report_but_for_the_clock() -> None:
    def again() -> dict[str, Any]:
        report = report_on(cancer_contender(), *held_out())
        return {key: report[key] for key in report if key not in ("latency", "seconds")}

    assert again() == again()


def test_other_predictions_have_another_digest() -> None:
    other = report_on(cancer_contender(0.5), *held_out())
    assert other["predictions_digest"] != cancer_report()["predictions_digest"]


def test_labels_may_be_class_names_or_indices() -> None:
    features, target = held_out()
    named = np.array(real.CANCER_CLASSES)[target]
    by_name = report_on(cancer_contender(), features, named)
    assert by_name["metrics"] == report_on(cancer_contender(), features, target)["metrics"]


def test_numbers_that_name_classes_are_looked_up_by_name() -> None:
    classes = ["1", "2"]
    signature = Signature.parse(real.CANCER.as_dict() | {"classes": classes})
    features, target = held_out()
    contender = cancer_contender(signature=signature)
    report = report_on(contender, features, target + 1)
    expected = cancer_report()["metrics"]["accuracy"]["value"]
    assert report["metrics"]["accuracy"]["value"] == expected


def test_labels_of_one_class_leave_auc_unmeasured_and_say_why() -> None:
    features, target = held_out()
    report = report_on(cancer_contender(), features[target == 1], target[target == 1])
    auc = report["metrics"]["roc_auc"]
    assert auc["state"] == "not measured"
    assert auc["value"] is None
    assert "malignant" in auc["note"]
    assert report["metrics"]["accuracy"]["state"] == "measured"
    assert report["by_class"][0]["recall"]["note"] == "No label is malignant."
    assert report["curves"][0]["roc"] is None
    json.dumps(report, allow_nan=False)


def test_a_model_without_probabilities_is_measured_on_its_labels() -> None:
    contender = cancer_contender(model=real.cancer_label_model(), signature=real.CANCER_LABELS)
    report = report_on(contender, *held_out())
    value = report["metrics"]["accuracy"]["value"]
    assert value == cancer_report()["metrics"]["accuracy"]["value"]
    assert "without probabilities" in report["metrics"]["log_loss"]["note"]
    assert report["curves"] == []
    assert report["calibration"] is None


def test_a_threshold_moves_labels_but_not_probabilities() -> None:
    features, target = held_out()
    report = report_on(cancer_contender(threshold=0.9), features, target)
    said = probabilities(real.cancer_model(), features)[:, 1] >= 0.9
    assert report["metrics"]["recall"]["value"] == pytest.approx(sk.recall_score(target, said))
    assert report["metrics"]["ece"]["value"] == cancer_report()["metrics"]["ece"]["value"]
    assert report["subject"]["threshold"] == 0.9


def test_latency_is_told_for_one_row_and_for_sixty_four() -> None:
    one, many = cancer_report()["latency"]
    assert (one["batch"], many["batch"]) == (1, 64)
    for entry in (one, many):
        assert entry["calls"] >= 5
        for clock in ("cpu_ms", "wall_ms"):
            assert 0 <= entry[clock]["median"] <= entry[clock]["p95"]
            assert math.isfinite(entry[clock]["p95"])


def wrong_inputs() -> list[tuple[str, str, Any, Any]]:
    features, target = held_out()
    holed = features.copy()
    holed[3, 2] = np.nan
    halves = target + 0.5
    return [
        ("no rows", "rows", features[:0], target[:0]),
        ("29 features", "inputs.x", features[:, :29], target),
        ("fewer targets", "target", features, target[:-1]),
        ("NaN feature", "inputs.x[3]", holed, target),
        ("text feature", "inputs.x", features.astype(str), target),
        ("beyond float32", "inputs.x", features * 1e40, target),
        ("index outside", "target[0]", features, np.full(len(target), 2)),
        ("unknown name", "target[0]", features, np.full(len(target), "cat")),
        ("missing label", "target[0]", features, np.full(len(target), None, dtype=object)),
        ("half label", "target[0]", features, halves),
        ("enormous label", "target[0]", features, np.full(len(target), 1e300)),
        ("NaN label", "target[0]", features, np.full(len(target), np.nan)),
    ]


@pytest.mark.parametrize(
    ("field", "features", "target"),
    [case[1:] for case in wrong_inputs()],
    ids=[case[0] for case in wrong_inputs()],
)
def test_wrong_data_are_refused_with_their_place(field: str, features: Any, target: Any) -> None:
    with pytest.raises(Invalid) as refused:
        report_on(cancer_contender(), features, target)
    assert refused.value.field == field


@pytest.mark.parametrize("value", [0.5, 1e30, -1.0])
def test_features_must_fit_the_whole_numbers_that_a_model_takes(value: float) -> None:
    signature = real.CANCER.as_dict()
    signature["inputs"][0]["dtype"] = "uint8"
    with pytest.raises(Invalid, match="does not fit uint8"):
        as_inputs(np.full((2, 30), value), Signature.parse(signature))


def test_whole_features_are_converted_to_the_type_that_a_model_takes() -> None:
    inputs = as_inputs(np.ones((2, 30), dtype=np.int64), real.CANCER)
    assert inputs["x"].dtype == np.float32


def test_models_with_several_inputs_get_each_by_its_name() -> None:
    both = real.CANCER.as_dict()
    both["inputs"].append({"name": "z", "dtype": "int64", "shape": ["batch"], "features": None})
    signature = Signature.parse(both)
    features = np.ones((3, 30))
    found = as_inputs({"x": features, "z": np.arange(3)}, signature)
    assert {name: array.shape for name, array in found.items()} == {"x": (3, 30), "z": (3,)}
    for wrong in (features, {"x": features}, {"x": features, "z": np.arange(2)}):
        with pytest.raises(Invalid):
            as_inputs(wrong, signature)


def test_logits_declared_as_probabilities_are_refused() -> None:
    model = real.OrtModel(real.layers([real.cancer_weights()], [30], None))
    with pytest.raises(Invalid, match="add up to 1"):
        report_on(cancer_contender(model=model), *held_out())


def test_every_stage_can_be_watched_and_stopped() -> None:
    seen: list[str] = []
    report_on(
        cancer_contender(),
        *held_out(),
        champion=cancer_contender(0.5),
        on_progress=lambda event: seen.append(event["stage"]),
    )
    assert set(seen) == {"predict", "predict champion", "resample", "latency"}
    for stage in set(seen):
        last: list[str] = []
        with pytest.raises(Cancelled):
            report_on(
                cancer_contender(),
                *held_out(),
                champion=cancer_contender(0.5),
                on_progress=lambda event: last.append(event["stage"]),  # noqa: B023
                should_stop=lambda: bool(last) and last[-1] == stage,  # noqa: B023
            )
        assert last[-1] == stage
