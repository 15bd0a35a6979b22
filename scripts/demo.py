"""The main job on real data, through the REST API, by different people, with real jobs."""

import argparse
import secrets
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from scripts.story import elsewhere, outside, steps
from scripts.story.client import Refused
from scripts.story.data import breast_cancer, digits
from scripts.story.people import Person, admins, agree, make_people
from scripts.story.steps import Line, Stage
from scripts.story.telling import Broken, Story

# 400 rows: few weights, much weight decay, and no rows given away for stopping early.
SMALL = {"hidden": [16], "dropout": 0.0, "l2": 0.02, "learning_rate": 0.005}
SMALL |= {"patience": 0, "epochs": 60}


def enter_people(story: Story, base: str, var: Path, tag: str) -> tuple[dict[str, Person], str]:
    """Two administrators by command, then a team and its people over REST."""
    with story.step("People sign in; two administrators give the roles that sign"):
        root, _otto = two = admins(base, var, tag)
        print_sign_ins(base, two)
        team: str = root.client.post("teams", {"slug": f"demo-{tag}", "name": "Demo"})["slug"]
        people = make_people(base, two, team, tag)
        print_sign_ins(base, people.values())
        _refused_alone(story, root, team, people["ada"].username)
        story.figure("people", f"{len(people)} in the team {team}, six roles")
    return people | dict(zip(("root", "otto"), two, strict=True)), team


def print_sign_ins(base: str, people: Iterable[Person]) -> None:
    """At once, so that whatever breaks later leaves an instance that can be entered."""
    print(f"       sign in at {base} as one of (shown this once):", flush=True)
    for person in people:
        print(f"         {person.username:<12} {person.password}   {person.name}", flush=True)


def answer_for_every_team(people: dict[str, Person], own: str) -> None:
    """Who exports everything answers for the records of every team.

    Former runs left their teams, and visitors make some while the story goes on.
    """
    root, otto = people["root"], people["otto"]
    compliance = [{"username": people["cora"].username, "role": "compliance"}]
    for other in root.client.get("teams"):
        if other["slug"] != own:
            agree(root, otto, "roles", {"team": other["slug"], "grants": compliance})


def _refused_alone(story: Story, root: Person, team: str, username: str) -> None:
    try:
        root.client.post(f"teams/{team}/roles", {"username": username, "role": "manager"})
    except Refused as refusal:
        story.holds("one administrator alone", true=refusal.status == 409, value=str(refusal)[:80])
    else:
        raise Broken("One administrator alone made somebody a manager.")


def make_versions(stage: Stage, cancer: Line, numbers: Line) -> None:
    """Register, train, measure, explain, compress."""
    story = stage.story
    with story.step("Models and data sets are registered"):
        steps.register(stage, cancer, "Tell benign from malignant tumours by 30 measurements.")
        steps.register(stage, numbers, "Read handwritten digits of 8 by 8 pixels.")
    with story.step("Workers train"):
        steps.train(stage, [cancer, numbers])
    with story.step("Workers evaluate and explain; scikit-learn computes the same again"):
        steps.measure(stage, [cancer, numbers])
    with story.step("Workers quantize and prune"):
        wishes = [(cancer, "int8-dynamic"), (numbers, "int8-static"), (numbers, "prune")]
        steps.compress(stage, wishes)


def approve(stage: Stage, line: Line) -> dict[str, Any]:
    """Review by persons; the author and the unapproved version are refused."""
    story = stage.story
    with story.step("The author asks for a review, and tries to sign"):
        review = steps.submit(stage, line)
        steps.refused(stage, "the author signs", 403, by=lambda: steps.sign(stage, "ada", review))
        steps.refused(
            stage,
            "a prediction before the approval",
            409,
            by=lambda: steps.ask(stage, line, "versions/1/predict"),
        )
    with story.step("Two other persons sign, the notary approves"):
        for who in ("ben", "cleo"):
            steps.sign(stage, who, review)
        found = _await_approval(stage, review["id"])
        envelope = stage.ada.send("GET", f"reviews/{review['id']}/approval").body
        story.holds(
            "approval",
            true=len(set(steps.signers_of(envelope))) == 2,
            value=f"{found['approval']['id'][:8]}, two persons, until "
            f"{found['approval']['not_after'][:10]}",
        )
    return review


def _await_approval(stage: Stage, review: str) -> dict[str, Any]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found: dict[str, Any] = stage.ada.get(f"reviews/{review}")
        if found["approval"]:
            return found
        time.sleep(0.1)
    raise Broken("The notary did not approve within 30 s.")


def serve(stage: Stage, line: Line) -> None:
    """The approved version becomes the champion and answers."""
    story = stage.story
    with story.step("The champion moves and answers"):
        body = {"version": 1, "reason": "Best measured so far."}
        stage.people["mira"].client.put(f"models/{line.name}/aliases/champion", body)
        steps.compare_answers(stage, line, _await_answer(stage, line, "predict"))


def serve_child(stage: Stage, line: Line) -> None:
    """A quantized child inherits nothing: it answers only after an approval of its own."""
    story = stage.story
    with story.step("The quantized child is refused until it is approved by itself"):
        steps.refused(
            stage,
            "a prediction by the child",
            409,
            by=lambda: steps.ask(stage, line, "versions/2/predict"),
        )
        steps.measure(stage, [line], number=2)
        review = steps.submit(stage, line, number=2)
        for who in ("ben", "cleo"):
            steps.sign(stage, who, review)
        _await_approval(stage, review["id"])
        reply = _await_answer(stage, line, "versions/2/predict")
        story.holds(
            "the child answers after its own approval",
            true=reply.json()["version"] == 2,
            value=f"approval {reply.json()['approval'][:8]}",
        )


def approve_elsewhere(stage: Stage, line: Line) -> None:
    """A workbook that is not served here: the same reviews, and nothing lets it answer."""
    with stage.story.step("A spreadsheet is declared, validated and approved for use elsewhere"):
        elsewhere.register(stage, line)
        elsewhere.agree_on_gates(stage)
        elsewhere.validate(stage, line)
        review = elsewhere.submit(stage, line)
        steps.sign(stage, "cleo", review)
        _await_approval(stage, review["id"])
        elsewhere.refused_everywhere(stage, line)


def _await_answer(stage: Stage, line: Line, path: str) -> Any:
    deadline = time.monotonic() + 15
    while True:
        try:
            return steps.ask(stage, line, path)
        except Refused:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def check_from_outside(stage: Stage, line: Line, var: Path) -> None:
    """A damaged store, and the bundle in the hands of somebody who trusts nobody here."""
    story, cora = stage.story, stage.people["cora"].client
    with story.step("A byte of the stored model is changed in a copy of the store"):
        version = stage.ada.get(f"models/{line.name}/versions/1")
        digest = next(a["sha256"] for a in version["artifacts"] if a["role"] == "model")
        said = outside.load_from_damaged_copy(var, digest, line.name, 1)
        story.holds("load from the damaged copy", true=said.startswith("refused"), value=said[:80])
    with story.step("Compliance remembers a checkpoint, exports, and verifies offline"):
        folder = var / "demo"
        remembered = steps.save(
            folder / "checkpoint.txt", cora.send("GET", "audit/checkpoint").body
        )
        answer_for_every_team(stage.people, stage.team)
        export = cora.post("exports", {"scope": {"kind": "all"}})
        cora.wait_for_job(export["job"])
        body = cora.send("GET", f"exports/{export['id']}/bundle").body
        bundle = steps.save(folder / "bundle.zip", body)
        trusted = ("--key", str(var / "trusted-keys.txt"), "--checkpoint", str(remembered))
        _expect(story, "verified with key and checkpoint", 0, outside.verify(bundle, *trusted))
        _expect(story, "verified without either", 3, outside.verify(bundle))
        changed = folder / "changed.zip"
        member = outside.change_one_byte(bundle, changed, stage.seed)
        _expect(story, f"one byte changed in {member[:40]}", 1, outside.verify(changed, *trusted))
        story.figure("bundle", f"{len(body)} bytes, {bundle}")


def _expect(story: Story, what: str, wanted: int, found: int) -> None:
    story.holds(what, true=found == wanted, value=f"verify.py exits {found}")


def tell(chosen: argparse.Namespace) -> int:
    """The whole story; 0 only if all of it held."""
    story, tag = Story(), secrets.token_hex(2)
    try:
        people, team = enter_people(story, chosen.base, chosen.var, tag)
        stage = Stage(story, people, team, chosen.inference, chosen.seed)
        cancer = Line(
            f"breast-cancer-{tag}", "mlp", SMALL, breast_cancer(chosen.seed), steps.OF_TUMOURS
        )
        numbers = Line(f"digits-{tag}", "cnn", {}, digits(chosen.seed), steps.OF_DIGITS)
        make_versions(stage, cancer, numbers)
        approve(stage, cancer)
        serve(stage, cancer)
        serve_child(stage, numbers)
        approve_elsewhere(stage, Line(f"branch-limits-{tag}", "", {}, {}, {}))
        check_from_outside(stage, cancer, chosen.var)
    except (Broken, Refused, RuntimeError) as failure:
        print(f"\nThis did not hold: {failure}", file=sys.stderr)
        return 1
    story.table()
    print(f"\nSign in at {chosen.base}; logins and passwords stand in the first step above.")
    return 0


def main() -> int:
    """Read the addresses from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", required=True, help="address of the pages and the REST API")
    parser.add_argument("--inference", required=True, help="address of the predictions")
    parser.add_argument("--var", required=True, type=Path, help="the instance's folder")
    parser.add_argument("--seed", type=int, default=0, help="of splits, training and resampling")
    return tell(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
