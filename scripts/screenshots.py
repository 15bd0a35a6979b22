"""Take the pictures in docs/screenshots: tell the demo's story to a running instance, then look.

    python -m scripts.screenshots --base URL --inference URL --var FOLDER

Needs playwright and a Chromium (CHROMIUM_PATH, or one on the PATH). Every page is taken at 1440
pixels in light and dark and at 390 pixels in light; a console error is a failure.
"""

import argparse
import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from scripts import demo
from scripts.pictures import FOLDER, OF_WAIVERS, PICTURES, SIZES, Picture
from scripts.story import steps
from scripts.story.data import breast_cancer, digits
from scripts.story.people import Person, agree
from scripts.story.steps import Line, Stage
from scripts.story.telling import Story

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
_DEVICE = {
    "protocol": "ctap2",
    "transport": "usb",
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@dataclass
class Album:
    """The pages of a story, and what the browser complained about."""

    base: str
    stage: Stage
    made: dict[str, str]
    wrong: list[str]

    def address(self, pattern: str, picture: Picture, theme: str) -> str:
        """The page's address in this story."""
        at, query = (
            {name: self.made.get(said, said) for name, said in given.items()}
            for given in (picture.at, picture.query)
        )
        path = _PARAMETER.sub(lambda found: (self.made | at)[found[1]], pattern)
        return f"/{path}?{urlencode(query | {'theme': theme})}"

    def take(self, browser: Browser, pictures: Mapping[str, Picture]) -> None:
        """All of them, in every size and theme."""
        for who in sorted({picture.who for picture in pictures.values()}):
            for width, theme in SIZES:
                context = browser.new_context(viewport={"width": width, "height": 1000})
                page = self._signed_in(context, who)
                for pattern, picture in pictures.items():
                    if picture.who == who:
                        self._take(
                            page, self.address(pattern, picture, theme), picture, width, theme
                        )
                context.close()

    def register_passkey(self, browser: Browser, who: str) -> None:
        """A passkey of somebody, in a device that the browser simulates."""
        context = browser.new_context()
        page = self._signed_in(context, who)
        device = context.new_cdp_session(page)
        device.send("WebAuthn.enable")
        device.send("WebAuthn.addVirtualAuthenticator", {"options": _DEVICE})
        page.goto(f"{self.base}/access/passkeys")
        page.get_by_label("Name").fill("Key on my ring")
        page.get_by_label("Your password").fill(self.stage.people[who].password)
        page.get_by_role("button", name="Register a passkey").click()
        page.get_by_role("row", name="Key on my ring").wait_for()
        context.close()

    def _signed_in(self, context: BrowserContext, who: str) -> Page:
        page = context.new_page()
        page.on("console", lambda m: self.wrong.append(m.text) if m.type == "error" else None)
        if who:
            page.goto(f"{self.base}/accounts/login/")
            page.fill("input[name=login]", self.stage.people[who].username)
            page.fill("input[name=password]", self.stage.people[who].password)
            page.click("button[type=submit]")
            page.wait_for_load_state()
        return page

    def _take(self, page: Page, path: str, picture: Picture, width: int, theme: str) -> None:
        reply = page.goto(f"{self.base}{path}")
        if reply is None or reply.status != 200:
            self.wrong.append(f"{path}: {reply.status if reply else 'no reply'}")
        page.wait_for_load_state("networkidle")
        file = f"{picture.name}-{width}-{theme}.png"
        page.screenshot(path=FOLDER / file, full_page=True)
        if picture.name == "review":
            page.screenshot(path=FOLDER / f"review-top-{width}-{theme}.png")


def play(chosen: argparse.Namespace) -> tuple[Stage, dict[str, str]]:
    """The demo's story up to a review that is open, and the names of what came of it."""
    story, tag = Story(), datetime.now(UTC).strftime("%H%M%S")
    people, team = demo.enter_people(story, chosen.base, chosen.var, tag)
    stage = Stage(story, people, team, chosen.inference, 0)
    cancer = Line(f"breast-cancer-{tag}", "mlp", demo.SMALL, breast_cancer(0), steps.OF_TUMOURS)
    numbers = Line(f"digits-{tag}", "cnn", {}, digits(0), steps.OF_DIGITS)
    demo.make_versions(stage, cancer, numbers)
    demo.approve(stage, cancer)
    demo.serve(stage, cancer)
    sheet = Line(f"branch-limits-{tag}", "", {}, {}, {})
    demo.approve_elsewhere(stage, sheet)
    measure_by_plan(stage, numbers)
    review = steps.submit(stage, numbers, number=2)
    finding = discuss(stage, numbers)
    validation = validate(stage, cancer)
    jobs = stage.ada.get("jobs?limit=100")["results"]
    approved = _first(people["cora"].client, "audit/events?action=version.approved")
    policy = _first(stage.ada, "policies")
    relaxed = policy["document"] | {"validity_days": policy["document"]["validity_days"] + 90}
    wish = {name: policy[name] for name in ("name", "tier", "team")} | {"document": relaxed}
    pack = make_pack(people["cora"].client, cancer.name)
    return stage, {
        "proposal": _proposed(people["otto"], "policy", wish),
        "person": people["ben"].client.get("me")["id"],
        "name": cancer.name,
        "number": "1",
        "sheet": sheet.name,
        "team": team,
        "dataset": cancer.datasets["test"],
        "rows": stage.ada.get(f"datasets/{cancer.datasets['test']}")["digest"],
        "signer": people["ben"].username,
        "review": review["id"],
        "finding": finding["id"],
        "validation": validation,
        "job": next(job["id"] for job in jobs if job["kind"] == "training.run"),
        "event": approved["id"],
        "policy": policy["id"],
        "pack": pack,
        "hold": hold(people["cora"].client, cancer.name),
    }


def discuss(stage: Stage, line: Line) -> dict[str, Any]:
    """A finding that is answered, and a condition, about the version in review."""
    ben, version = stage.people["ben"], f"models/{line.name}/versions/2"
    due = (datetime.now(UTC) + timedelta(days=60)).date().isoformat()
    said = {"owner": stage.people["ada"].username, "due_on": due}
    words = "Sevens are read as ones more often than before; show why that is no harm."
    fields = {"severity": "high", "effect": "blocking", "anchor": "figure:confusion_matrix"}
    rows = ben.client.upload("sevens-read-as-ones.csv", b"row,digit,read as\n17,7,1\n94,7,1\n")
    finding: dict[str, Any] = ben.client.post(
        f"{version}/findings", fields | said | {"text": words, "attachments": [rows]}
    )
    answer = "Eleven of 540; the confusion matrix of the champion shows nine."
    stage.ada.post(f"findings/{finding['id']}/answers", {"text": answer})
    fields = {"severity": "medium", "effect": "condition", "anchor": "section:card"}
    words = "Describe in the card for which pens the scans were made, before the first branch."
    ben.client.post(f"{version}/findings", fields | said | {"text": words})
    return finding


def validate(stage: Stage, line: Line) -> str:
    """A validation report about the version that was approved; its id."""
    ben = stage.people["ben"].client
    reviews = ben.get("reviews?state=approved")["results"]
    review = next(row["id"] for row in reviews if row["model"] == line.name)
    texts = {
        "purpose": "Sorting of samples before a physician looks. Diagnosis is **outside**.",
        "soundness": "A small dense network suits thirty measured features of one sample.",
        "data": "569 samples of one hospital, read from the snapshot by digest.",
        "performance": "Accuracy and its interval were measured again:\n\n- on the held-out rows\n"
        "- by slices of the mean radius",
        "limitations": "Nothing is known of samples from other laboratories.",
        "assumptions": "The measuring program stays the same.",
        "monitoring": "Share of malignant answers, monthly; the next validation within a year.",
        "conclusion": "It may be used for sorting, while the laboratory is the same.",
    }
    said = {"sections": texts, "rating": "fit_with_conditions"}
    draft = ben.put(f"reviews/{review}/validation", said)
    tag = {"If-Match": f'"{draft["revision"]}"'}
    path = f"reviews/{review}/validation/finish"
    return str(ben.send("POST", path, headers=tag).json()["id"])


def measure_by_plan(stage: Stage, line: Line) -> None:
    """The second version, on rows and by limits that were sealed before."""
    version = f"models/{line.name}/versions/2"
    limits = [{"metric": "accuracy", "limit": 0.97, "bound": "interval"}]
    fields = {"dataset": line.datasets["test"], "criteria": limits}
    plan = stage.ada.post(f"{version}/plans", fields)
    steps.measure(stage, [line], number=2)
    asked = stage.ada.post(f"{version}/evaluations", {"plan": plan["id"]})
    stage.ada.wait_for_job(asked["job_id"])


def _proposed(who: Person, kind: str, wish: dict[str, Any]) -> str:
    reason = "Yearly reviews come in the same quarter then."
    wanted = {"kind": kind, "wish": wish, "reason": reason, "password": who.password}
    return str(who.client.post("proposals", wanted)["id"])


def hold(cora: Any, name: str) -> str:
    """A legal hold on the model's predictions of a year; its id."""
    said = {
        "kind": "predictions",
        "model": name,
        "since": "2026-01-01T00:00:00Z",
        "reference": "Case 12/2026",
        "reason": "The regulator asks for every answer that was given about these patients.",
    }
    return str(cora.post("holds", said)["id"])


def make_pack(cora: Any, name: str) -> str:
    """A pack about the champion; its id."""
    asked = cora.post("packs", {"template": "eu-ai-act", "model": name})
    cora.wait_for_job(asked["job"])
    return str(asked["id"])


def _first(client: Any, path: str) -> Any:
    return client.get(path)["results"][0]


def waive_card(stage: Stage, made: dict[str, str]) -> dict[str, str]:
    """A policy that lets the card be waived, and a waiver of it for the compressed child."""
    mira, ben = stage.people["mira"], stage.people["ben"]
    medium = next(p for p in mira.client.get("policies")["results"] if p["tier"] == "medium")
    document = medium["document"] | {"waivable": ["card", "metric:*"]}
    fields = {"name": "screening", "tier": "medium", "team": stage.team, "document": document}
    agree(mira, stage.people["cora"], "policy", fields)
    version = f"models/{made['name']}/versions/2"
    card = next(g for g in ben.client.get(f"{version}/gates") if g["gate"] == "card")
    until = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    waiver = {"gate": "card", "gate_digest": card["digest"], "expires_on": until}
    waiver |= {"reason": "Its parent's card says it.", "password": ben.password}
    return made | {"waiver": ben.client.post(f"{version}/waivers", waiver)["id"]}


def main() -> int:
    """1 if a page did not answer or the console had an error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", required=True, help="address of the pages")
    parser.add_argument("--inference", required=True, help="address of the predictions")
    parser.add_argument("--var", required=True, type=Path, help="the instance's folder")
    chosen = parser.parse_args()
    stage, made = play(chosen)
    album = Album(chosen.base, stage, made, [])
    FOLDER.mkdir(parents=True, exist_ok=True)
    binary = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=binary, args=FLAGS)
        album.register_passkey(browser, "ben")
        album.take(browser, PICTURES)
        album.made = waive_card(stage, made)
        album.take(browser, OF_WAIVERS)
        browser.close()
    print("\n".join(album.wrong) or "No console error, every page answered.")
    return 1 if album.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
