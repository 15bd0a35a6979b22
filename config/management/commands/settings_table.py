"""`manage.py settings_table`: the settings as a Markdown table, made from the code."""

from typing import Any

from django.conf import settings
from django.core.management import BaseCommand

from config import env

HEAD = """\
# Settings

Made by `manage.py settings_table`; edit `config/settings.py`, not this page. Every setting is an
environment variable. `NAME_FILE` may name a file that holds the value of `NAME` instead. Relative
folders stand for those below `ASSAY_VAR`, which is `var/` in the program's folder.

| Variable | Default | Meaning |
|---|---|---|
"""


def settings_page() -> str:
    """The whole page, sorted by name; the defaults name no folder of this machine."""
    rows = sorted(env.DOCUMENTED, key=lambda setting: setting.name)
    return HEAD + "".join(
        f"| `{row.name}` | {_shown(row.default)} | {row.meaning} |\n" for row in rows
    )


def _shown(default: str) -> str:
    text = default.replace(str(settings.VAR), "var")
    return f"`{text}`" if text else "empty"


class Command(BaseCommand):
    """Prints what docs/settings.md must say; a test compares the two."""

    help = "Print the table of settings for docs/settings.md."
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        self.stdout.write(settings_page(), ending="")
