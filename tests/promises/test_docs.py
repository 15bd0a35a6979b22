"""The documents name what the code has: every setting, role, event and gate; no link is dead."""

import io
import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from accounts.roles import Role, Scope
from audit.actions import Action
from governance.evidence.gates import GATES
from governance.models import ReviewState, SignDecision
from governance.policy.fields import KINDS_OF_EVIDENCE
from registry import models as registry
from worker import models as worker
from worker.tasks import KINDS

ROOT: Path = settings.BASE_DIR
GLOSSARY = ROOT / "docs" / "glossary.md"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
WORDS: dict[str, Iterable[str]] = {
    "role": Role.values,
    "scope": Scope.values,
    "event": [action.value for action in Action],
    "status of a version": registry.Status.values,
    "risk tier": registry.RiskTier.values,
    "origin": registry.Origin.values,
    "state of a review": ReviewState.values,
    "decision": SignDecision.values,
    "status of a job": worker.Status.values,
    "queue": worker.Queue.values,
    "kind of job": KINDS,
    "kind of evidence": KINDS_OF_EVIDENCE,
    "gate": [gate.__name__ for gate in GATES],
}


def test_the_page_of_settings_is_the_one_that_the_code_makes() -> None:
    printed = io.StringIO()
    call_command("settings_table", stdout=printed)
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == printed.getvalue()


def test_the_page_of_policies_is_the_one_that_the_code_makes() -> None:
    printed = io.StringIO()
    call_command("policy_table", stdout=printed)
    assert (ROOT / "docs" / "policies.md").read_text(encoding="utf-8") == printed.getvalue()


def test_the_table_of_settings_names_each_once_and_no_folder_of_this_machine() -> None:
    printed = io.StringIO()
    call_command("settings_table", stdout=printed)
    names = re.findall(r"^\| `(\w+)` \|", printed.getvalue(), re.MULTILINE)
    assert names == sorted(set(names))
    assert {"DATABASE_URL", "ASSAY_VAR", "CELERY_BROKER_URL"} <= set(names)
    assert str(settings.VAR) not in printed.getvalue()
    assert str(ROOT) not in printed.getvalue()


@pytest.mark.parametrize("kind", WORDS)
def test_the_glossary_names_every(kind: str) -> None:
    text = GLOSSARY.read_text(encoding="utf-8")
    assert [word for word in WORDS[kind] if f"`{word}`" not in text] == []


def test_the_glossary_names_no_event_that_does_not_exist() -> None:
    section = GLOSSARY.read_text(encoding="utf-8").partition("## Events")[2].partition("\n## ")[0]
    named = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", section, re.MULTILINE)
    assert sorted(named) == sorted(action.value for action in Action)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_to_a_file_leads_to_one(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_test_that_is_named_is_there(path: Path) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", path.read_text(encoding="utf-8"))
    missing = [
        (file, test)
        for file, test in named
        if not (ROOT / file).is_file()
        or f"def {test}" not in (ROOT / file).read_text(encoding="utf-8")
    ]
    assert missing == []


@pytest.mark.parametrize("page", ["verify.md", "four-eyes.md"])
def test_the_table_of_attackers_names_a_test_in_each_row(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    rows = text.partition("## Tried\n")[2].partition("\n## ")[0].strip().splitlines()[2:]
    assert len(rows) >= 30
    assert [row for row in rows if not re.search(r"`tests/\S+::test_\w+` \|$", row)] == []


def _what_each_attacker_can() -> list[list[str]]:
    text = (ROOT / "docs" / "verify.md").read_text(encoding="utf-8")
    section = text.partition("## Who can do what\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    for before, row in pairwise(rows):
        row[0] = row[0] or before[0]
    return rows


def test_what_an_attacker_can_and_cannot_names_a_test_in_each_cell() -> None:
    rows = _what_each_attacker_can()
    assert len(rows) >= 35
    only_tests = re.compile(r"`tests/\S+\.py::test_\w+`(, `tests/\S+\.py::test_\w+`)*")
    assert [row for row in rows if len(row) != 4 or not only_tests.fullmatch(row[3])] == []
    assert {row[1] for row in rows} == {"can", "cannot unseen"}


def test_of_each_attacker_stands_what_he_can_and_what_he_cannot() -> None:
    said = {(row[0], row[1]) for row in _what_each_attacker_can()}
    attackers = {who for who, _ in said}
    assert len(attackers) >= 12
    both = {(who, word) for who in attackers for word in ("can", "cannot unseen")}
    assert both - said == set()
