"""Whatever a page says in English it can say in Chinese: no message is without a translation."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation.template import templatize
from django.utils.translation.trans_real import translation

ROOT: Path = settings.BASE_DIR
PACKAGES = ("accounts", "registry", "evaluation", "training", "governance", "compliance", "web")
Key = str | tuple[str, int]
# How a catalogue names a message, by the function that marks it.
MARKS: dict[str, Callable[[list[Any]], Key]] = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy"), lambda texts: texts[0]),
    "pgettext": lambda texts: f"{texts[0]}\x04{texts[1]}",
    "ngettext": lambda texts: (texts[0], 0),
}
# What Django makes of a template for xgettext: gettext(u"…"), _("…").
_IN_TEMPLATE = re.compile(r"""\b(?:gettext|_)\(u?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\)""")


def of_templates() -> Iterator[tuple[str, Key]]:
    for path in sorted((ROOT / "templates").rglob("*.html")):
        for literal in _IN_TEMPLATE.findall(templatize(path.read_text(encoding="utf-8"))):
            yield path.name, ast.literal_eval(literal)


def of_code() -> Iterator[tuple[str, Key]]:
    files = (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in MARKS:
                texts = [one.value for one in node.args if isinstance(one, ast.Constant)]
                if texts and isinstance(texts[0], str):
                    yield path.name, MARKS[getattr(node.func, "id", "")](texts)


def chinese() -> dict[Key, str]:
    catalogue: Any = translation("zh-hans")
    return catalogue._catalog  # type: ignore[no-any-return]


def test_every_message_has_a_chinese_translation() -> None:
    known = chinese()
    said = [*of_templates(), *of_code()]
    assert len(said) > 1000, "the messages were not found"
    assert [f"{file}: {key}" for file, key in said if not known.get(key)] == []


def test_a_message_without_one_would_be_found() -> None:
    found = _IN_TEMPLATE.findall(templatize("{% translate 'Not yet told' %}"))

    assert [ast.literal_eval(literal) for literal in found] == ["Not yet told"]
    assert chinese().get("Not yet told") is None


def test_no_crumb_begins_with_a_small_letter() -> None:
    begins = re.compile(r'aria-current="page">\{% translate "([a-z][^"]*)"')
    pages = sorted((ROOT / "templates").rglob("*.html"))
    found = {page.name: begins.findall(page.read_text(encoding="utf-8")) for page in pages}
    assert len(found) > 100, "the templates were not found"
    assert {name: said for name, said in found.items() if said} == {}
