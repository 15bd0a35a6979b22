"""One prediction: answers of the approved bytes, a whole record, and errors that name the field."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from common.errors import DomainError, Invalid, NotFound, Unavailable
from inference.predicting import NotApproved, predict
from inference.segments import SegmentWriter
from tests.cast import user_of
from tests.factories import serving, tiny
from tests.stage import MODEL, Stage

ROW = [17.0, 25.0, 0.13, 0.3]
NAMED = dict(zip(tiny.COLUMNS, ROW, strict=True))
HUGE = 10**400

BAD: list[tuple[Any, str | None]] = [
    (None, None),
    ([], None),
    ("rows", None),
    ({}, "rows"),
    ({"rows": [ROW], "columns": {}}, "rows"),
    ({"row": [ROW]}, "row"),
    ({"rows": None}, "rows"),
    ({"rows": {}}, "rows"),
    ({"rows": []}, "rows"),
    ({"rows": [ROW, None]}, "rows[1]"),
    ({"rows": [ROW, ROW[:3]]}, "rows[1]"),
    ({"rows": [[*ROW, 1.0]]}, "rows[0]"),
    ({"rows": [[17.0, "x", 0.1, 0.3]]}, "rows[0].worst texture"),
    ({"rows": [[17.0, None, 0.1, 0.3]]}, "rows[0].worst texture"),
    ({"rows": [[17.0, True, 0.1, 0.3]]}, "rows[0].worst texture"),
    ({"rows": [[17.0, [1], 0.1, 0.3]]}, "rows[0].worst texture"),
    ({"rows": [[17.0, float("nan"), 0.1, 0.3]]}, "rows[0].worst texture"),
    ({"rows": [[17.0, float("inf"), 0.1, 0.3]]}, "rows[0].worst texture"),
    ({"rows": [[17.0, 1e300, 0.1, 0.3]]}, "rows[0].worst texture"),
    ({"rows": [[17.0, HUGE, 0.1, 0.3]]}, "rows[0].worst texture"),
    ({"rows": [{k: v for k, v in NAMED.items() if k != "worst texture"}]}, "rows[0].worst texture"),
    ({"rows": [NAMED | {"mood": 1}]}, "rows[0].mood"),
    ({"rows": [NAMED | {"worst texture": "x"}]}, "rows[0].worst texture"),
    ({"rows": [NAMED, ROW]}, "rows[1]"),
    ({"columns": {"worst radius": [1.0]}}, "columns.worst texture"),
    ({"columns": {name: [1.0] for name in tiny.COLUMNS} | {"mood": [1.0]}}, "columns.mood"),
    ({"inputs": {"y": [ROW]}}, "inputs.x"),
    ({"inputs": {"x": ROW}}, "inputs.x[0]"),
]


@pytest.mark.parametrize(("payload", "field"), BAD, ids=lambda value: str(value)[:50])
def test_a_wrong_payload_is_refused_and_leaves_no_record(
    approved: Stage, tmp_path: Path, payload: Any, field: str | None
) -> None:
    with serving.follower() as made, pytest.raises(Invalid) as refusal:
        serving.answer(made, "carl", tmp_path, payload=payload)

    assert refusal.value.field == field
    assert not list(tmp_path.iterdir())


def test_more_rows_than_the_limit_are_refused(approved: Stage, tmp_path: Path) -> None:
    with serving.follower() as made, override_settings(MAX_PREDICT_ROWS=2):
        serving.answer(made, "carl", tmp_path, payload=tiny.request(2))
        with pytest.raises(DomainError) as refusal:
            serving.answer(made, "carl", tmp_path, payload=tiny.request(3))

    assert refusal.value.field == "rows"


FORMS = {
    "rows": tiny.request(),
    "objects": {
        "rows": [dict(zip(tiny.COLUMNS, row, strict=True)) for row in tiny.request()["rows"]]
    },
    "columns": {
        "columns": {
            name: [row[n] for row in tiny.request()["rows"]] for n, name in enumerate(tiny.COLUMNS)
        }
    },
    "inputs": {"inputs": {"x": tiny.request()["rows"]}},
}


@pytest.mark.parametrize("form", list(FORMS))
def test_every_form_gets_the_answers_of_the_approved_bytes(
    approved: Stage, tmp_path: Path, form: str
) -> None:
    with serving.follower() as made:
        answer = serving.answer(made, "carl", tmp_path, payload=FORMS[form])

    found = [list(one["probabilities"].values()) for one in answer.body["predictions"]]
    assert found == [pytest.approx(row, abs=1e-6) for row in tiny.answers()]
    assert [one["label"] for one in answer.body["predictions"]] == [
        tiny.SIGNATURE["classes"][row.index(max(row))] for row in tiny.answers()
    ]
    assert answer.version_digest == f"sha256:{approved.version.digest}"
    assert answer.approval == str(approved.approval.pk)


def test_the_record_is_complete(approved: Stage, tmp_path: Path) -> None:
    with serving.follower() as made:
        answer = serving.answer(made, "carl", tmp_path)

    (segment,) = tmp_path.iterdir()
    (line,) = segment.read_bytes().splitlines()
    record = json.loads(line)
    carl = user_of("carl")
    assert record.pop("at")
    assert record.pop("run_us") >= 0
    assert record.pop("input_digest").startswith("sha256:")
    assert record.pop("output_digest").startswith("sha256:")
    assert record == {
        "id": answer.body["id"],
        "model": str(approved.version.model_id),
        "number": 1,
        "version_digest": answer.version_digest,
        "approval": answer.approval,
        "alias": "champion",
        "share": 100,
        "user": str(carl.pk),
        "person": str(carl.person_id),
        "request": "r",
        "rows": 2,
        "input": tiny.request(),
        "output": answer.body["predictions"],
    }


def test_no_record_no_answer(approved: Stage, tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path / "gone", sync_ms=10)
    (tmp_path / "gone").rmdir()

    with serving.follower() as made:
        question = serving.asked(made.table.users[user_of("carl").pk])
        with pytest.raises(Unavailable, match="could not be recorded"):
            predict(made.table, question, tiny.request(), silence_s=0.0, writer=writer)


class TestWhoMayAsk:
    @pytest.mark.parametrize("name", ["ada", "ben", "mira", "cora", "carl"])
    def test_members_of_the_owner_team(self, approved: Stage, tmp_path: Path, name: str) -> None:
        with serving.follower() as made:
            assert serving.answer(made, name, tmp_path).body["model"] == MODEL

    @pytest.mark.parametrize("name", ["dan", "root"])
    def test_not_others_for_whom_the_model_does_not_exist(
        self, approved: Stage, tmp_path: Path, name: str
    ) -> None:
        said = []
        with serving.follower() as made:
            for model in (MODEL, "no-such-model"):
                with pytest.raises(NotFound) as refusal:
                    serving.answer(made, name, tmp_path, name=model)
                said.append(refusal.value.reason.replace(model, "…"))

        assert said[0] == said[1]


@pytest.mark.parametrize(
    ("wishes", "reason"),
    [
        ({"number": 2}, "v2 has no valid approval"),
        ({"number": 0}, "v0 has no valid approval"),
        ({"alias": "challenger"}, "holds the alias 'challenger'"),
        ({"alias": ""}, "holds the alias ''"),
        ({"alias": "latest"}, "holds the alias 'latest'"),
    ],
)
def test_what_nobody_approved_is_refused_with_the_reason(
    approved: Stage, tmp_path: Path, wishes: dict[str, Any], reason: str
) -> None:
    with serving.follower() as made, pytest.raises(NotApproved) as refusal:
        serving.answer(made, "carl", tmp_path, **wishes)

    assert reason in refusal.value.reason
