"""A file has one subject: at most 400 lines; a function has at most 50."""

import ast
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

ROOT: Path = settings.BASE_DIR
LINES, FUNCTION_LINES = 400, 50
# Made by a program, or the record of what the tables once were.
EXEMPT = ("verify.py", "/migrations/")


def sources() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\n")
    return [f for f in listed if f and (ROOT / f).is_file() and not any(e in f for e in EXEMPT)]


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return {name: (ROOT / name).read_text(encoding="utf-8") for name in sources()}


def test_files_stay_small(texts: dict[str, str]) -> None:
    long = {name: text.count("\n") for name, text in texts.items() if text.count("\n") > LINES}

    assert long == {}


def test_functions_stay_small(texts: dict[str, str]) -> None:
    long = {
        f"{name}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for name, text in texts.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES
    }

    assert long == {}


def test_the_look_finds_the_files(texts: dict[str, str]) -> None:
    assert {"manage.py", "governance/services.py", "tests/promises/test_sizes.py"} <= set(texts)
