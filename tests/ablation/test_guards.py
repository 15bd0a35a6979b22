"""The table of guards names what exists: text that stands once, tests that are there."""

import ast
from pathlib import Path

import pytest
from django.conf import settings

from tests.ablation.guard import Guard
from tests.ablation.guards import GUARDS

ROOT: Path = settings.BASE_DIR


def names_in(file: Path) -> set[str]:
    """`function` and `Class::method` of a test file."""
    found = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{n.name}" for n in node.body if isinstance(n, ast.FunctionDef)}
    return found


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
class TestAGuard:
    def test_stands_in_its_file_once(self, guard: Guard) -> None:
        body = (ROOT / guard.file).read_text(encoding="utf-8")

        assert body.count(guard.text) == 1
        assert guard.replacement != guard.text

    def test_is_held_by_tests_that_exist(self, guard: Guard) -> None:
        assert guard.red
        for test in (*guard.red, *guard.still_green):
            file, _, name = test.partition("::")
            assert name.partition("[")[0] in names_in(ROOT / file)


def test_each_guard_is_there_once() -> None:
    names = [guard.name for guard in GUARDS]

    assert len(names) == len(set(names))
