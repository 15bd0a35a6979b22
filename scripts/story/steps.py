"""The main job, step by step, through the REST API by different people."""

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from scripts.story import recompute
from scripts.story.client import Client, Refused
from scripts.story.data import Rows
from scripts.story.people import Person
from scripts.story.telling import Story

CARD = {
    "intended_use": "Show the main job of this registry on public data.",
    "out_of_scope": "Any decision about a person.",
    "training_data": "The training split of a public data set that comes with scikit-learn.",
    "evaluation_data": "The held-out 30 % of the same data set, stratified by class.",
    "caveats": "Read the intervals, not only the values.",
    "contact": "The demo team.",
}
OF_TUMOURS = {
    "limitations": "Small, old data; nothing is known of other hospitals.",
    "ethical_considerations": "A wrong answer about a tumour can kill; do not use it for that.",
}
OF_DIGITS = {
    "limitations": "Small, old data; nothing is known of other pens.",
    "ethical_considerations": "A digit that is misread can send a letter or money astray.",
}


@dataclass
class Line:
    """One registered model of the story: its data, and what came of it so far."""

    name: str
    recipe: str
    params: dict[str, Any]
    splits: dict[str, Rows]
    card: dict[str, str]
    datasets: dict[str, str] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)
    model: bytes = b""


@dataclass
class Stage:
    """Who plays, where, and to whom it is told."""

    story: Story
    people: dict[str, Person]
    team: str
    inference: str
    seed: int

    @property
    def ada(self) -> Client:
        """The data scientist."""
        return self.people["ada"].client


def register(stage: Stage, line: Line, purpose: str) -> None:
    """The model and the two snapshots, whose rows are read by jobs."""
    body = {"name": line.name, "team": stage.team, "purpose": purpose, "risk_tier": "medium"}
    stage.ada.post("models", body | {"licence": "BSD-3-Clause", "origin": "in-house"})
    jobs = {}
    for split, rows in line.splits.items():
        upload = stage.ada.upload(rows.name, rows.file)
        kind = rows.name.rpartition(".")[2]
        fields = {"upload": upload, "team": stage.team, "name": line.name, "split": split}
        fields |= {"format": kind, "target": "y" if kind == "npz" else "diagnosis"}
        fields |= {"origin": "scikit-learn's bundled copy", "licence": "CC-BY-4.0"}
        jobs[split] = stage.ada.post("datasets", fields)["job_id"]
    for split, job in jobs.items():
        line.datasets[split] = stage.ada.wait_for_job(job)["result"]["dataset"]


def train(stage: Stage, lines: list[Line]) -> None:
    """One job for each model; the figures are those of the job's own curves."""
    jobs = []
    for line in lines:
        params = line.params | {"seed": stage.seed}
        body = {"recipe": line.recipe, "dataset": line.datasets["train"], "params": params}
        jobs.append(stage.ada.post(f"models/{line.name}/trainings", body)["job_id"])
    for line, job in zip(lines, jobs, strict=True):
        points: list[dict[str, Any]] = stage.ada.wait_for_job(job)["points"]
        version = stage.ada.get(f"models/{line.name}/versions/1")
        stage.story.figure(
            f"{line.name} v1, {line.recipe}",
            f"{len(points)} epochs, last training loss {points[-1]['values']['train_loss']:.4f}, "
            f"{version['digest'][:19]}",
        )


def measure(stage: Stage, lines: list[Line], number: int = 1) -> None:
    """Evaluate and explain, then compute the same figures again from the downloaded bytes."""
    jobs = []
    for line in lines:
        base = f"models/{line.name}/versions/{number}"
        body = {"dataset": line.datasets["test"], "seed": stage.seed}
        jobs.append(stage.ada.post(f"{base}/evaluations", body)["job_id"])
        rows = 10 if line.recipe == "cnn" else 60
        jobs.append(stage.ada.post(f"{base}/explanations", body | {"rows": rows})["job_id"])
    for job in jobs:
        stage.ada.wait_for_job(job)
    for line in lines:
        _tell_measures(stage, line, number)


def _tell_measures(stage: Stage, line: Line, number: int) -> None:
    base = f"models/{line.name}/versions/{number}"
    line.model = model_bytes(stage.ada, line.name, number)
    reports = {kind: evidence(stage.ada, base, kind) for kind in ("evaluation", "explanation")}
    report = reports["evaluation"]
    test = line.splits["test"]
    classes = stage.ada.get(base)["signature"]["classes"]
    target = [classes.index(test.classes[index]) for index in test.target]
    own = recompute.figures(line.model, test.features, target)
    apart = recompute.largest_difference(report, own)
    stage.story.holds(
        f"{line.name} v{number}: report against scikit-learn",
        true=apart < recompute.TOLERANCE,
        value=f"largest difference {apart:.1e} on {report['rows']} rows",
    )
    if number == 1:
        line.report = report
        _tell_quality(stage, line, report)
    explained = reports["explanation"]
    agreement = explained["seed_agreement"]["correlation"]
    stage.story.figure(
        f"{line.name} v{number}: SHAP",
        f"most important {explained['global'][0]['feature']}, "
        f"additivity error {explained['additivity_error']:.1e}, "
        f"two seeds agree {agreement:.3f}",
    )


def _tell_quality(stage: Stage, line: Line, report: dict[str, Any]) -> None:
    if line.recipe == "cnn":
        what, floor, found = "accuracy", 0.97, report["metrics"]["accuracy"]
    else:
        # scikit-learn's own positive class of this data set.
        what, floor = "F1 of benign", 0.95
        found = next(c["f1"] for c in report["by_class"] if c["class"] == "benign")
        macro = report["metrics"]["f1_macro"]["value"]
        stage.story.figure(f"{line.name} v1: macro F1", f"{macro:.4f}")
    stage.story.holds(
        f"{line.name} v1: {what}",
        true=found["value"] >= floor,
        value=f"{found['value']:.4f} (95 % {found['low']:.4f} to {found['high']:.4f}), "
        f"wanted {floor}",
    )


def evidence(client: Client, base: str, kind: str) -> dict[str, Any]:
    """The newest report of a kind."""
    rows = client.get(f"{base}/evidence")
    digest = next(row["digest"] for row in rows if row["kind"] == kind)
    found: dict[str, Any] = client.get(f"{base}/evidence/{digest}")
    return found


def model_bytes(client: Client, name: str, number: int) -> bytes:
    """The ONNX file of a version."""
    return client.send("GET", f"models/{name}/versions/{number}/artifacts/model/model.onnx").body


def compress(stage: Stage, wishes: list[tuple[Line, str]]) -> None:
    """Children of the first versions; each is compared with its parent on the same rows."""
    jobs = []
    for line, method in wishes:
        body = {"method": method, "holdout": line.datasets["test"]}
        if method != "int8-dynamic":
            body["calibration"] = line.datasets["train"]
        base = f"models/{line.name}/versions/1/compressions"
        jobs.append((line, method, stage.ada.post(base, body)["job_id"]))
    for line, method, job in jobs:
        stage.ada.wait_for_job(job)
        runs = stage.ada.get(f"models/{line.name}/versions/1/compressions")["results"]
        number = next(run["version"] for run in runs if run["job_id"] == job)
        parity = evidence(stage.ada, f"models/{line.name}/versions/{number}", "parity")
        size = parity["size_bytes"]
        stage.story.figure(
            f"{line.name} v{number}, {method}",
            f"{size['parent']} to {size['child']} bytes, agrees {parity['agreement_rate']:.1%}. "
            f"{parity['verdict'].partition('. ')[0]}",
        )


def submit(stage: Stage, line: Line, number: int = 1) -> dict[str, Any]:
    """Write the card and ask for a review."""
    base = f"models/{line.name}/versions/{number}"
    stage.ada.put(f"{base}/card", {"content": CARD | line.card})
    review: dict[str, Any] = stage.ada.post(f"{base}/reviews")
    gates = review["statement"]["gates"]
    passed = sum(gate["state"] == "passed" for gate in gates)
    stage.story.holds(
        f"{line.name} v{number}: gates",
        true=passed == len(gates),
        value=f"{passed} of {len(gates)} passed",
    )
    return review


def refused(stage: Stage, what: str, status: int, *, by: Any) -> None:
    """Something that must be refused with this status. Raises Broken."""
    try:
        by()
    except Refused as refusal:
        stage.story.holds(what, true=refusal.status == status, value=str(refusal.problem["detail"]))
        return
    stage.story.holds(what, true=False, value="it was not refused")


def sign(stage: Stage, who: str, review: dict[str, Any]) -> Any:
    """A signature with the person's password in the same request."""
    person = stage.people[who]
    body = {"statement_digest": review["statement_digest"], "decision": "approve"}
    body |= {"reason": "Read the evidence; it supports the use.", "password": person.password}
    return person.client.post(f"reviews/{review['id']}/signatures", body)


def rows_for(line: Line, count: int = 3) -> dict[str, Any]:
    """A request with held-out rows."""
    return {"rows": np.asarray(line.splits["test"].features[:count], np.float32).tolist()}


def ask(stage: Stage, line: Line, path: str = "predict") -> Any:
    """A prediction by the consumer."""
    address = f"{stage.inference}/api/v1/models/{line.name}/{path}"
    return stage.people["carl"].client.send("POST", address, rows_for(line))


def compare_answers(stage: Stage, line: Line, reply: Any) -> None:
    """The served answer is that of the bytes, under the approval that its header names."""
    served = [list(one["probabilities"].values()) for one in reply.json()["predictions"]]
    own = recompute.answers(line.model, rows_for(line)["rows"])
    apart = float(np.abs(np.array(served) - own).max())
    stage.story.holds(
        f"{line.name}: served answer against the bytes",
        true=apart < recompute.TOLERANCE,
        value=f"largest difference {apart:.1e}, approval {reply.json()['approval'][:8]}",
    )


def signers_of(envelope: bytes) -> list[str]:
    """Persons named in an approval's envelope."""
    statement = json.loads(base64.b64decode(json.loads(envelope)["payload"]))
    signers: list[str] = statement["predicate"]["signers"]
    return signers


def save(path: Path, data: bytes) -> Path:
    """Keep a downloaded file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
