"""The main job over HTTP, and what is left of it when processes are killed in the middle."""

import os
import pickle
import random
import re
import signal
import socket
import threading
import time
from argparse import Namespace
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import pytest

from scripts import demo
from scripts.story.client import Refused, sign_in
from scripts.story.people import agree
from scripts.story.telling import Broken
from tests.conftest import StartInstance
from tests.factories import tiny
from tests.factories.waivers import in_days
from tests.journeys.house import PLAIN, House, move_in, process_of, until

pytestmark = [pytest.mark.server, pytest.mark.slow(seconds=140, waits=True)]
PICKLE = pickle.dumps({"weights": [1.0]})


@pytest.fixture(scope="module")
def house(
    start_instance: StartInstance, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """One instance with the embedded PostgreSQL, which the supervisor restarts like the rest."""
    instance = start_instance("--slots", "1", embedded=True)
    yield move_in(instance, tmp_path_factory.mktemp("house"))
    instance.stop()


def test_a_model_goes_the_whole_way_by_different_persons(house: House) -> None:
    ada = house.by("ada")
    upload = ada.upload("test.csv", tiny.table())
    fields = {"upload": upload, "team": house.team, "name": "tumours", "split": "test"}
    fields |= {"format": "csv", "target": "diagnosis", "origin": "UCI", "licence": "CC-BY-4.0"}
    dataset = ada.wait_for_job(ada.post("datasets", fields)["job_id"])["result"]["dataset"]
    version = house.model("whole", "medium")

    wish = {"dataset": dataset, "seed": 1}
    jobs = [
        ada.post(f"{version}/evaluations", wish | {"resamples": 100})["job_id"],
        ada.post(f"{version}/explanations", wish | {"rows": 4})["job_id"],
    ]
    for job in jobs:
        ada.wait_for_job(job, 120)
    ada.put(f"{version}/card", {"content": tiny.CARD})
    review = ada.post(f"{version}/reviews")
    assert {gate["state"] for gate in review["statement"]["gates"]} == {"passed"}

    with pytest.raises(Refused) as refusal:
        house.sign("ada", review)
    assert refusal.value.status == 403
    assert "You are a contributor to this version" in refusal.value.problem["detail"]
    with pytest.raises(Refused) as refusal:
        house.predict("whole", "versions/1/predict")
    assert refusal.value.status == 409

    house.sign("ben", review)
    house.sign("cleo", review)
    approval = house.await_state(review, "approved")["approval"]
    house.promote("whole")
    answer = house.served("whole")
    assert answer["approval"] == approval["id"]
    found = [list(one["probabilities"].values()) for one in answer["predictions"]]
    assert found == [pytest.approx(row, abs=1e-6) for row in tiny.answers()]

    body = {"reason": "Wrong.", "password": house.people["cora"].password}
    house.by("cora").post(f"{version}/revocation", body)
    took = until(lambda: not _answers(house, "whole"), 5)
    assert took < 1
    assert not _answers(house, "whole")


def test_a_demo_that_breaks_has_told_everybody_s_password(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_story: object) -> None:
        raise Broken("Nothing is trained.")

    def manage(_var: object, *arguments: str) -> str:
        return house.instance.manage(*arguments)

    monkeypatch.setattr(demo, "make_versions", broken)
    monkeypatch.setattr("scripts.story.people.manage", manage)
    var = house.instance.var
    chosen = Namespace(base=house.instance.web, inference="", var=var, seed=0)

    assert demo.tell(chosen) == 1

    told = capsys.readouterr()
    assert "This did not hold: Nothing is trained." in told.err
    people = re.findall(r"^ +([a-z]+-[0-9a-f]{4}) +(\S{20})   \S", told.out, re.MULTILINE)
    assert len(people) == 8
    for username, password in people:
        assert sign_in(house.instance.web, username, password, ["read"]).get("me")


def test_a_gate_that_a_person_waived_lets_the_version_answer_until_then(house: House) -> None:
    wish = PLAIN | {"evidence": ["card"], "waivable": ["card"]}
    fields = {"name": "carded", "tier": "high", "team": house.team, "document": wish}
    agree(house.people["mira"], house.people["cora"], "policy", fields)
    version = house.model("bare", "high")
    first = house.by("ada").post(f"{version}/reviews")
    with pytest.raises(Refused) as refusal:
        house.sign("ben", first)
    assert refusal.value.problem["detail"] == "These required gates have not passed: card."
    house.by("ada").post(f"reviews/{first['id']}/withdrawal")

    (card,) = (g for g in house.by("ben").get(f"{version}/gates") if g["gate"] == "card")
    body = {"gate": "card", "gate_digest": card["digest"], "reason": "Its parent's card says it."}
    body |= {"expires_on": in_days(5).isoformat(), "password": house.people["ada"].password}
    with pytest.raises(Refused) as refusal:
        house.by("ada").post(f"{version}/waivers", body)
    assert refusal.value.status == 403
    body |= {"password": house.people["ben"].password}
    waiver = house.by("ben").post(f"{version}/waivers", body)
    review = house.by("ada").post(f"{version}/reviews")
    for name in ("ben", "cleo"):
        house.sign(name, review)
    approved = house.await_state(review, "approved")

    assert [one["id"] for one in approved["waivers"]] == [waiver["id"]]
    assert approved["approval"]["not_after"] == waiver["not_after"]
    assert approved["approval"]["waivers"] == approved["statement"]["waivers"]
    house.promote("bare")
    assert house.served("bare")["approval"] == approved["approval"]["id"]


def _asks(house: House, name: str, data: bytes) -> str:
    """The job of a version of these bytes."""
    ada = house.by("ada")
    pieces = [{"upload": ada.upload("model.onnx", data), "role": "model"}]
    job: str = ada.post(f"models/{name}/versions", {"artifacts": pieces})["job_id"]
    return job


def test_a_registration_whose_process_is_killed_makes_one_version(house: House) -> None:
    ada = house.by("ada")
    house.model("checked", "low")

    job = _asks(house, "checked", tiny.model_bytes(0.5))
    until(lambda: process_of(job), 30)
    os.kill(process_of(job), signal.SIGKILL)
    ended = ada.wait_for_job(job, 60)

    assert ended["attempts"] == 2
    assert ended["result"] == {
        "model": "checked",
        "version": 2,
        "url": "/api/v1/models/checked/versions/2",
    }
    versions = ada.get("models/checked/versions")["results"]
    assert [version["number"] for version in versions] == [2, 1]


def test_a_refused_registration_names_sentence_and_field_and_the_next_one_succeeds(
    house: House,
) -> None:
    ada = house.by("ada")
    house.model("mixed", "low")

    jobs = [_asks(house, "mixed", data) for data in (PICKLE, tiny.model_bytes(0.25))]
    with pytest.raises(RuntimeError, match="failed"):
        ada.wait_for_job(jobs[0], 60)
    refused = ada.get(f"jobs/{jobs[0]}")
    succeeded = ada.wait_for_job(jobs[1], 60)

    assert (refused["attempts"], refused["result"]) == (1, None)
    assert refused["problem"]["field"] == "artifacts"
    assert refused["problem"]["detail"] == refused["failure"]
    assert "pickle" in refused["failure"]
    assert (succeeded["problem"], succeeded["result"]["version"]) == (None, 2)


def _more_than(answered: list[str], count: int) -> bool:
    return len(answered) > count


def _answers(house: House, name: str) -> bool:
    try:
        house.predict(name)
    except Refused as refusal:
        if refusal.status != 409:
            raise
        return False
    return True


def test_an_upload_goes_on_where_the_killed_web_process_left_it(house: House) -> None:
    ada, data = house.by("ada"), random.Random(1).randbytes(6 * 2**20)
    upload = ada.post("uploads", {"name": "big.bin", "size": len(data)})["id"]
    where = urlsplit(house.instance.web)

    with socket.create_connection((where.hostname, where.port)) as wire:
        head = (
            f"PATCH /api/v1/uploads/{upload} HTTP/1.1\r\nHost: {where.netloc}\r\n"
            f"Authorization: Bearer {ada.token}\r\nUpload-Offset: 0\r\n"
            f"Content-Type: application/octet-stream\r\nContent-Length: {len(data)}\r\n\r\n"
        )
        wire.sendall(head.encode() + data[: 4 * 2**20])
        partial = house.instance.var / "uploads" / upload
        until(lambda: partial.stat().st_size, 10)
        old = house.instance.kill("web")
    house.instance.await_restart("web", old)

    offset = house.patient(lambda: ada.get(f"uploads/{upload}"))["offset"]
    assert 0 < offset <= 4 * 2**20
    assert partial.read_bytes() == data[:offset]
    headers = {"Upload-Offset": str(offset)}
    done = ada.send("PATCH", f"uploads/{upload}", data[offset:], headers).json()
    assert done["sha256"].removeprefix("sha256:") == sha256(data).hexdigest()


def test_a_notary_killed_before_the_approval_approves_once_it_is_back(house: House) -> None:
    version = house.model("patience", "low")
    review = house.by("ada").post(f"{version}/reviews")
    old = house.instance.kill("notary", signal.SIGSTOP)
    for name in ("ben", "cleo"):
        house.sign(name, review)
    assert house.by("ben").get(f"reviews/{review['id']}")["state"] == "quorum"

    house.instance.kill("notary")
    house.instance.await_restart("notary", old)

    house.await_state(review, "approved")
    assert _count(house, "governance_approval", "review_id", review["id"]) == 1
    assert _events(house, "version.approved", "review", review["id"]) == 1


def test_every_acknowledged_prediction_is_kept_once_over_kills(house: House) -> None:
    house.approved(house.model("kept", "low"))
    house.promote("kept")
    house.served("kept")
    answered: list[str] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            answered.append(house.patient(lambda: house.predict("kept"), 60)["id"])

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    for _ in range(3):
        before = len(answered)
        until(partial(_more_than, answered, before + 20), 60)
        old = house.instance.kill("inference")
        house.instance.await_restart("inference", old)
    stop.set()
    for asker in askers:
        asker.join()

    def kept() -> list[str]:
        found = house.rows("SELECT id::text FROM inference_prediction")
        return [row[0] for row in found]

    until(lambda: set(answered) <= set(kept()), 30)
    assert len(answered) == len(set(answered))
    assert len(kept()) == len(set(kept()))
    assert len(answered) > 60


def test_signatures_survive_a_killed_database_once_each(house: House) -> None:
    for number in range(3):
        review = house.by("ada").post(f"{house.model(f'shaken-{number}', 'low')}/reviews")
        old = house.instance.pid("postgres")
        moment = random.Random(number).uniform(0, 0.15)
        killer = threading.Timer(moment, house.instance.kill, ["postgres"])
        killer.start()
        signed = [_sign_until_known(house, name, review) for name in ("ben", "cleo")]
        killer.join()
        house.instance.await_restart("postgres", old)

        assert all(signed)
        house.await_state(review, "approved", 40)
        assert _count(house, "governance_signature", "review_id", review["id"]) == 2
        assert _count(house, "governance_approval", "review_id", review["id"]) == 1
        assert _events(house, "review.signed", "review", review["id"]) == 2
        assert _events(house, "review.quorum_reached", "review", review["id"]) == 1
        assert _events(house, "version.approved", "review", review["id"]) == 1


def _sign_until_known(house: House, name: str, review: dict[str, Any]) -> bool:
    """Signs; after an answer that says nothing, tries again until it is known to be signed."""
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        try:
            house.sign(name, review)
        except Refused as refusal:
            if refusal.status == 403:
                return "signed this statement already" in refusal.problem["detail"] or (
                    "closed for signatures" in refusal.problem["detail"]
                )
            if refusal.status != 503:
                raise
        except OSError:
            pass
        else:
            return True
        time.sleep(0.1)
    return False


def test_after_all_kills_the_log_has_every_event_once_and_no_process_complained(
    house: House,
) -> None:
    def integrated() -> bool:
        (counts,) = house.rows(
            "SELECT (SELECT count(*) FROM audit_auditevent), count(*),"
            " coalesce(max(leaf_index) + 1, 0) FROM audit_auditleaf"
        )
        return len(set(counts)) == 1

    until(integrated, 20)
    assert "no findings" in house.instance.manage("fsck", "--blobs")
    for name in ("web", "inference", "notary", "clock"):
        assert "Traceback" not in house.instance.process_log(name), name


def _count(house: House, table: str, column: str, value: str) -> int:
    (row,) = house.rows(f"SELECT count(*) FROM {table} WHERE {column} = %s", value)
    return int(row[0])


def _events(house: House, action: str, kind: str, key: str) -> int:
    query = "SELECT count(*) FROM audit_auditevent WHERE action = %s AND related @> %s::jsonb"
    (row,) = house.rows(query, action, f'["{kind}:{key}"]')
    return int(row[0])
