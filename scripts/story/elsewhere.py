"""The part of the story about a spreadsheet: not served here, and approved by the same rules."""

from datetime import UTC, datetime, timedelta
from typing import Any

from scripts.story import steps
from scripts.story.people import agree
from scripts.story.steps import Line, Stage

GATES = {
    "evidence": ["card"],
    "lineage": True,
    "validation_report": True,
    "evidence_days": 365,
}
CARD = {
    "intended_use": "Limits of branches, once a quarter.",
    "out_of_scope": "Limits of single customers.",
    "training_data": "None: the weights of the branches are set by the treasury.",
    "evaluation_data": "Balances of the ledger at the ends of eight quarters.",
    "limitations": "Nothing is known of quarters with a merger of branches.",
    "ethical_considerations": "It decides about branches, not about persons.",
    "caveats": "A limit holds for one quarter.",
    "contact": "The treasury.",
}
REPORT = {
    "purpose": "Limits of branches, set once a quarter by the treasury.",
    "soundness": "Sums and weights that two persons followed cell by cell.",
    "data": "Balances of the ledger, read at the end of the quarter.",
    "performance": "Recomputed for eight quarters; every limit was the same.",
    "limitations": "Nothing is known of quarters with a merger of branches.",
    "assumptions": "The ledger's accounts keep their numbers.",
    "monitoring": "The treasury compares limits and use every month.",
    "conclusion": "It may be used for limits of branches.",
}


def register(stage: Stage, line: Line) -> None:
    """The model with its entry, and a version that is declared with the workbook itself."""
    name = line.name
    about = {"name": name, "team": stage.team, "purpose": "Set the limits of branches."}
    about |= {"risk_tier": "low", "licence": "Proprietary", "origin": "in-house"}
    stage.ada.post("models", about)
    due = (datetime.now(UTC) + timedelta(days=300)).date().isoformat()
    entry = {"hosting": "inventory", "life": "in_use", "revalidate_on": due}
    entry |= {"place": "Share of the treasury", "technology": "Spreadsheet"}
    entry |= {"owner": stage.people["ada"].username, "validator": stage.people["ben"].username}
    stage.ada.put(f"models/{name}/entry", entry)
    workbook = stage.ada.upload("limits.csv", b"branch,weight\nnorth,0.4\nsouth,0.6\n")
    said = {"vendor": "Treasury", "product": "Branch limits", "release": "2026-11"}
    pieces = [{"upload": workbook, "role": "sidecar"}]
    asked = stage.ada.post(f"models/{name}/versions", {"artifacts": pieces, "declared": said})
    stage.ada.wait_for_job(asked["job_id"])
    stage.ada.put(f"models/{name}/versions/1/card", {"content": CARD})


def submit(stage: Stage, line: Line) -> dict[str, Any]:
    """A review for use elsewhere, by the gates that the policy says apart for that."""
    wish = {"scope": {"purpose": "Limits of branches, once a quarter."}}
    review: dict[str, Any] = stage.ada.post(f"models/{line.name}/versions/1/reviews", wish)
    return review


def agree_on_gates(stage: Stage) -> None:
    """One policy of the team for its low tier: of what is served it asks what it asked before, and
    of what is used elsewhere gates that can be had without a run."""
    mira, cora = stage.people["mira"], stage.people["cora"]
    low = next(one for one in mira.client.get("policies")["results"] if one["tier"] == "low")
    wish = {"name": "low-tier", "tier": "low", "team": stage.team}
    agree(mira, cora, "policy", wish | {"document": low["document"] | {"elsewhere": GATES}})


def validate(stage: Stage, line: Line) -> None:
    """Ben's report, in a review of its own, which is taken back once the report is evidence."""
    ben, review = stage.people["ben"].client, submit(stage, line)
    path = f"reviews/{review['id']}/validation"
    draft = ben.put(path, {"sections": REPORT, "rating": "fit"})
    ben.send("POST", f"{path}/finish", headers={"If-Match": f'"{draft["revision"]}"'})
    stage.ada.post(f"reviews/{review['id']}/withdrawal")


def refused_everywhere(stage: Stage, line: Line) -> None:
    """Neither an alias nor a question by number."""
    mira, path = stage.people["mira"].client, f"models/{line.name}/aliases/champion"
    body = {"version": 1, "reason": "It is approved, is it not?"}
    steps.refused(
        stage, "an alias for what is used elsewhere", 409, by=lambda: mira.put(path, body)
    )
    carl, rows = stage.people["carl"].client, {"rows": [[0.4, 0.6]]}
    where = f"{stage.inference}/api/v1/models/{line.name}/versions/1/predict"
    steps.refused(
        stage,
        "an answer of what is used elsewhere",
        409,
        by=lambda: carl.send("POST", where, rows),
    )
