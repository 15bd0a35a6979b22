"""Take the pictures in docs/screenshots from a running instance that holds the demo's story.

    python -m scripts.screenshots --base http://localhost:8300 --sign-in USER:PASSWORD --model NAME

Needs playwright and a Chromium (CHROMIUM_PATH, or one on the PATH). Every page is taken at 1440
pixels in light and dark and at 390 pixels in light; a console error is a failure.
"""

import argparse
import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

OUT = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
SIZES = ((1440, "light"), (1440, "dark"), (390, "light"))
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]


def pages(model: str) -> dict[str, str]:
    """Name of the picture -> address; `review` and `job` are found by their lists."""
    version = f"/models/{model}/versions/1"
    return {
        "home": "/",
        "models": "/models",
        "model-new": "/models/new",
        "model": f"/models/{model}",
        "version": version,
        "version-card": f"{version}/card",
        "version-signature": f"{version}/signature",
        "version-files": f"{version}/files",
        "version-evaluation": f"{version}/evaluation",
        "version-explanations": f"{version}/explanations",
        "version-compression": f"{version}/compression",
        "version-jobs": f"{version}/jobs",
        "version-history": f"{version}/history",
        "version-new": f"/models/{model}/versions/new",
        "training-new": f"/models/{model}/train",
        "datasets": "/datasets",
        "dataset-new": "/datasets/new",
        "playground": f"/playground?model={model}",
        "reviews": "/reviews",
        "jobs": "/jobs",
        "policies": "/policies",
        "access": "/access",
        "tokens": "/access/tokens",
        "teams": "/access/teams",
        "audit": "/audit",
        "audit-export": "/audit/export",
        "api": "/api-docs",
    }


def sign_in(page: Page, base: str, who: str) -> None:
    """Sign in as USER:PASSWORD."""
    username, _, password = who.partition(":")
    page.goto(f"{base}/accounts/login/")
    page.fill("input[name=login]", username)
    page.fill("input[name=password]", password)
    page.click("button[type=submit]")
    page.wait_for_load_state()


def found(page: Page, base: str, listing: str, prefix: str) -> str:
    """The address of the first link of a list that begins so."""
    page.goto(f"{base}{listing}")
    address = page.locator(f'main a[href^="{prefix}"]').first.get_attribute("href")
    assert address is not None
    return address


def take(browser: Browser, base: str, who: str, model: str) -> list[str]:
    """All pictures; returns what went wrong."""
    wrong: list[str] = []
    for width, theme in SIZES:
        context = browser.new_context(viewport={"width": width, "height": 1000})
        page = context.new_page()
        page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
        page.goto(f"{base}/accounts/login/?theme={theme}")
        page.screenshot(path=OUT / f"sign-in-{width}-{theme}.png", full_page=True)
        sign_in(page, base, who)
        addresses = pages(model)
        addresses["review"] = found(page, base, "/reviews", "/reviews/")
        addresses["job"] = found(page, base, "/jobs?kind=training.run", "/jobs/")
        for name, address in addresses.items():
            mark = "&" if "?" in address else "?"
            reply = page.goto(f"{base}{address}{mark}theme={theme}")
            if reply is None or reply.status != 200:
                wrong.append(f"{address}: {reply.status if reply else 'no reply'}")
            page.wait_for_load_state("networkidle")
            page.screenshot(path=OUT / f"{name}-{width}-{theme}.png", full_page=True)
            if name == "review":
                page.screenshot(path=OUT / f"review-top-{width}-{theme}.png")
        context.close()
    return wrong


def main() -> int:
    """1 if a page did not answer or the console had an error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", required=True)
    parser.add_argument("--sign-in", required=True, help="USER:PASSWORD of a manager")
    parser.add_argument("--model", required=True)
    chosen = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    binary = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=binary, args=FLAGS)
        wrong = take(browser, chosen.base, chosen.sign_in, chosen.model)
        browser.close()
    print("\n".join(wrong) or "No console error, every page answered.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
