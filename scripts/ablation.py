"""Takes one guard at a time out of a copy of the tree and demands that its tests turn red.

A guard that nobody misses is no guard. Prints a table; ends with 1 if a removal stayed green.
Arguments: words of guards' names (all by default); --jobs N copies side by side (2).
"""

import argparse
import compileall
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode
from queue import SimpleQueue

from tests.ablation.guard import Guard
from tests.ablation.guards import GUARDS

ROOT = Path(__file__).resolve().parent.parent
_FAILED = re.compile(r"\b(\d+) failed\b")
_LONGEST_S = 600


@dataclass(frozen=True)
class Outcome:
    """What came of one removal; `trouble` is empty when it was noticed as it should be."""

    guard: Guard
    failed: int
    seconds: float
    trouble: str


def copy_tree(folder: Path) -> Path:
    """The tracked and new files of the tree in a new folder, with the environment beside them."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    tree = Path(tempfile.mkdtemp(prefix="tree-", dir=folder))
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    # By the hash of the source: by time and size, a changed file could be taken for the old one.
    compileall.compile_dir(tree, quiet=1, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
    (tree / ".venv").symlink_to(ROOT / ".venv")
    return tree


def run_tests(
    tree: Path, tests: Sequence[str], *options: str, clusters: Path | None = None
) -> tuple[int, int, str]:
    """Exit status, failures and output of the tests in a copy.

    `clusters` keeps the prepared database for runs in which it is the same.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("ASSAY_", "COVERAGE"))}
    # What a changed file was compiled to must not be found when the guard is there again.
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(tree)}
    if clusters:
        environment["ASSAY_TEST_CLUSTERS"] = str(clusters)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--no-header", "--tb=line", *options, *tests],
        cwd=tree,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=_LONGEST_S,
    )
    found = _FAILED.search(done.stdout)
    return done.returncode, int(found[1]) if found else 0, done.stdout[-3000:] + done.stderr[-1000:]


@contextmanager
def without(tree: Path, guard: Guard) -> Iterator[None]:
    """The copy lacks the guard inside the block. Raises ValueError where the text is not once."""
    file = tree / guard.file
    body = file.read_text(encoding="utf-8")
    if body.count(guard.text) != 1:
        raise ValueError(f"{guard.name}: the text does not stand once in {guard.file}.")
    file.write_text(body.replace(guard.text, guard.replacement), encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(body, encoding="utf-8")


def _in_the_database(guard: Guard) -> bool:
    """Whether the guard is a part of the database, so that it is gone from one made anew only."""
    return "migrations" in guard.file or guard.file.startswith(("config/", "audit/guards.py"))


def remove(tree: Path, guard: Guard) -> Outcome:
    """Take a guard out, run its tests, put it back."""
    began = time.monotonic()
    trouble = ""
    clusters = None if _in_the_database(guard) else tree.parent
    with without(tree, guard):
        status, failed, output = run_tests(tree, guard.red, "--maxfail=3", clusters=clusters)
        if status != 1 or not failed:
            trouble = f"not noticed (status {status})\n{output}"
        elif guard.still_green:
            status, _, output = run_tests(tree, guard.still_green, clusters=clusters)
            if status:
                trouble = f"the other side does not hold (status {status})\n{output}"
    return Outcome(guard, failed, time.monotonic() - began, trouble)


def all_green(tree: Path, guards: Sequence[Guard]) -> bool:
    """With every guard in its place the tests must pass, or red says nothing."""
    tests = sorted({test for guard in guards for test in (*guard.red, *guard.still_green)})
    # By the whole tree the database is prepared that the runs without a guard then share.
    status, failed, output = run_tests(tree, tests, clusters=tree.parent)
    if status:
        print(f"Before anything was taken out, {failed} tests failed:\n{output}")
    return status == 0


def chosen(words: Sequence[str]) -> list[Guard]:
    """Guards whose name holds one of the words."""
    return [g for g in GUARDS if not words or any(word.lower() in g.name.lower() for word in words)]


def ablate(guards: Sequence[Guard], jobs: int) -> list[Outcome]:
    """Every removal, `jobs` at a time, each in a copy of its own."""
    with tempfile.TemporaryDirectory(prefix="assay-ablation-") as folder:
        trees: SimpleQueue[Path] = SimpleQueue()
        first = copy_tree(Path(folder))
        if not all_green(first, guards):
            return []
        trees.put(first)
        for _ in range(jobs - 1):
            trees.put(copy_tree(Path(folder)))

        def one(guard: Guard) -> Outcome:
            tree = trees.get()
            try:
                outcome = remove(tree, guard)
            finally:
                trees.put(tree)
            verdict = "NOT NOTICED" if outcome.trouble else f"{outcome.failed} red"
            print(f"{guard.name:<66} {verdict:>12} {outcome.seconds:6.0f} s", flush=True)
            return outcome

        with ThreadPoolExecutor(jobs) as pool:
            return list(pool.map(one, guards))


def main() -> int:
    """0 if every removal was noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    guards = chosen(options.words)
    began = time.monotonic()
    outcomes = ablate(guards, options.jobs)
    missed = [outcome for outcome in outcomes if outcome.trouble]
    for outcome in missed:
        print(f"\n{outcome.guard.name} ({outcome.guard.file}): {outcome.trouble}")
    print(
        f"{len(outcomes) - len(missed)} of {len(guards)} guards are missed when they are gone; "
        f"{time.monotonic() - began:.0f} s."
    )
    return 0 if outcomes and not missed else 1


if __name__ == "__main__":
    sys.exit(main())
