"""A signature is read strictly, and every refusal names its place."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from common.errors import Invalid
from runtimes.schema import Signature
from tests.runtimes.signatures import BINARY, IMAGES, REGRESSION

Change = Callable[[dict[str, Any]], Any]


def changed(change: Change) -> dict[str, Any]:
    obj = copy.deepcopy(BINARY)
    change(obj)
    return obj


@pytest.mark.parametrize("obj", [BINARY, IMAGES, REGRESSION])
def test_a_signature_survives_the_way_through_json(obj: dict[str, Any]) -> None:
    assert Signature.parse(json.loads(json.dumps(obj))).as_dict() == obj


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda o: o.update(task="ranking"), "task"),
        (lambda o: o.update(task=["binary"]), "task"),
        (lambda o: o.update(extra=1), "extra"),
        (lambda o: o.update({"a\x00b": 1}), "a\N{REPLACEMENT CHARACTER}b"),
        (lambda o: o.pop("classes"), "classes"),
        (lambda o: o.update(classes=None), "classes"),
        (lambda o: o.update(classes=["only"]), "classes"),
        (lambda o: o.update(classes=["a", "a"]), "classes[1]"),
        (lambda o: o.update(classes=["a", "b", "c"]), "classes"),
        (lambda o: o.update(classes=["a", 1]), "classes[1]"),
        (lambda o: o.update(classes=["a", "b\x00"]), "classes[1]"),
        (lambda o: o.update(classes=["a", "\ud800"]), "classes[1]"),
        (lambda o: o.update(classes=["a", "b" * 201]), "classes[1]"),
        (lambda o: o.update(inputs=[]), "inputs"),
        (lambda o: o.update(inputs={}), "inputs"),
        (lambda o: o.update(inputs=o["inputs"] * 65), "inputs"),
        (lambda o: o.update(inputs=o["inputs"] * 2), "inputs[1].name"),
        (lambda o: o["inputs"].__setitem__(0, "x"), "inputs[0]"),
        (lambda o: o["inputs"][0].update(name=""), "inputs[0].name"),
        (lambda o: o["inputs"][0].update(name="x\ny"), "inputs[0].name"),
        (lambda o: o["inputs"][0].update(dtype="float8"), "inputs[0].dtype"),
        (lambda o: o["inputs"][0].update(dtype="string"), "inputs[0].dtype"),
        (lambda o: o["inputs"][0].update(shape=[]), "inputs[0].shape"),
        (lambda o: o["inputs"][0].update(shape=[3, 3]), "inputs[0].shape[0]"),
        (lambda o: o["inputs"][0].update(shape=["batch", 0]), "inputs[0].shape[1]"),
        (lambda o: o["inputs"][0].update(shape=["batch", -3]), "inputs[0].shape[1]"),
        (lambda o: o["inputs"][0].update(shape=["batch", True]), "inputs[0].shape[1]"),
        (lambda o: o["inputs"][0].update(shape=["batch", 3.0]), "inputs[0].shape[1]"),
        (lambda o: o["inputs"][0].update(shape=["batch", 1, 1, 1, 1, 1]), "inputs[0].shape"),
        (lambda o: o["inputs"][0].update(shape=["batch", 2**31]), "inputs[0].shape[1]"),
        (lambda o: o["inputs"][0].update(shape=["batch", 2**13, 2**13]), "inputs[0].shape[2]"),
        (lambda o: o["inputs"][0].update(shape=["batch", 4]), "inputs[0].features"),
        (lambda o: o["inputs"][0].update(shape=["batch", 3, 1]), "inputs[0].features"),
        (lambda o: o["inputs"][0].update(features=["a", "b", "a"]), "inputs[0].features[2]"),
        (lambda o: o["inputs"][0].update(features=["a", "b", None]), "inputs[0].features[2]"),
        (lambda o: o["inputs"][0].update(features=["f"] * 10_001), "inputs[0].features"),
        (lambda o: o["inputs"][0].pop("features"), "inputs[0].features"),
        (lambda o: o.update(outputs=[]), "outputs"),
        (lambda o: o["outputs"][0].update(kind="logits"), "outputs[0].kind"),
        (lambda o: o["outputs"][0].update(kind="value"), "outputs[0].kind"),
        (lambda o: o["outputs"][0].update(dtype="int64"), "outputs[0].dtype"),
        (lambda o: o["outputs"][0].update(shape=["batch", 3]), "outputs[0].shape"),
        (lambda o: o["outputs"][1].update(dtype="float32"), "outputs[1].dtype"),
        (lambda o: o["outputs"][1].update(shape=["batch", 2]), "outputs[1].shape"),
        (lambda o: o["outputs"][1].update(name="p"), "outputs[1].name"),
        (lambda o: o["outputs"].append(dict(o["outputs"][0], name="q")), "outputs"),
    ],
)
def test_a_wrong_signature_is_refused_at_its_place(change: Change, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        Signature.parse(changed(change))
    assert refusal.value.field == field


@pytest.mark.parametrize("obj", [None, [], "x", 1, True])
def test_what_is_no_object_is_no_signature(obj: object) -> None:
    with pytest.raises(Invalid):
        Signature.parse(obj)


def test_a_regression_has_no_classes() -> None:
    with pytest.raises(Invalid) as refusal:
        Signature.parse(REGRESSION | {"classes": ["a", "b"]})
    assert refusal.value.field == "classes"


def test_a_multiclass_model_needs_one_probability_per_class() -> None:
    obj = copy.deepcopy(IMAGES)
    obj["outputs"][0]["shape"] = ["batch", 9]
    with pytest.raises(Invalid) as refusal:
        Signature.parse(obj)
    assert refusal.value.field == "outputs[0].shape"


def test_probabilities_decide_before_labels() -> None:
    obj = changed(lambda o: o["outputs"].reverse())
    assert Signature.parse(obj).answer().kind == "probabilities"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda o: o.update(classes=["b", "m"]), "classes"),
        (lambda o: o["inputs"][0].update(dtype="float64"), "float64"),
        (lambda o: o["inputs"][0].update(name="z"), "new"),
        (lambda o: o["inputs"][0].update(features=["mean b", "a", "c"]), "another order"),
        (lambda o: o["inputs"][0].update(features=["a", "b", "d"]), "other names"),
        (lambda o: o["inputs"][0].update(shape=["batch", 2], features=["a", "b"]), "shape"),
        (
            lambda o: o["inputs"].append(
                {"name": "more", "dtype": "int64", "shape": ["batch"], "features": None}
            ),
            "more",
        ),
    ],
)
def test_a_difference_that_callers_would_notice_is_told(change: Change, says: str) -> None:
    before = Signature.parse(BINARY)
    differences = Signature.parse(changed(change)).compatible_with(before)
    assert any(says in difference for difference in differences)


def test_another_task_is_a_difference() -> None:
    told = Signature.parse(IMAGES).compatible_with(Signature.parse(BINARY))
    assert "The task is multiclass, before it was binary." in told


def test_the_names_of_outputs_do_not_reach_callers() -> None:
    renamed = changed(lambda o: o["outputs"][0].update(name="other"))
    assert Signature.parse(renamed).compatible_with(Signature.parse(BINARY)) == []
