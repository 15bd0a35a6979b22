"""Prints docs/policies.md: what a policy may say, from the one table of its fields."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import override

from governance.policy.fields import FIELDS
from governance.policy.kinds import Choice, Kind, Names, Number, Rows, Texts, Truth, Whole

_HEAD = """\
# What a policy may say

Made from the code by `manage.py policy_table > docs/policies.md`. The same table makes the form of
a policy, reads its YAML and stands in the API's document. A field that is left out asks nothing;
those in bold must be there. Fields that begin with `elsewhere` are asked of versions that are [used
elsewhere](glossary.md#approved-for-use-elsewhere), in the place of the other gates, and the other
fields of them too. The gates behind them: [glossary](glossary.md#gates).

| Field | Value | What it asks |
|---|---|---|
"""


class Command(BaseCommand):
    """Print the page of a policy's fields."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it in English, whatever the language of the instance."""
        with override("en"):
            lines = [
                f"| {_name(field.name, field.optional)} | {_values(field.kind)} | {field.help} |"
                for field in FIELDS
            ]
        self.stdout.write(_HEAD + "\n".join(lines))


def _name(name: str, optional: bool) -> str:
    return f"`{name}`" if optional else f"**`{name}`**"


def _values(kind: Kind) -> str:
    if isinstance(kind, Whole):
        return f"whole number from {kind.low} to {kind.high}"
    if isinstance(kind, Number):
        return f"number {'above' if kind.is_open else 'from'} {kind.low:g} to {kind.high:g}"
    if isinstance(kind, Truth):
        return "true or false"
    if isinstance(kind, Choice):
        return " or ".join(f"`{name}`" for name in kind.names)
    if isinstance(kind, Names):
        short = [name for name in kind.allowed if ":" not in name or name.endswith("*")]
        prefixes = {name.partition(":")[0] for name in kind.allowed if ":" in name}
        named = [f"`{name}`" for name in short] + [f"`{name}:METRIC`" for name in sorted(prefixes)]
        return f"list of {', '.join(named)}"
    if isinstance(kind, Texts):
        return f"list of at most {kind.most} texts"
    return f"list of rows: {', '.join(_column(kind, name) for name in _names(kind))}"


def _names(kind: Rows) -> list[str]:
    return [column.name for column in kind.columns]


def _column(kind: Rows, name: str) -> str:
    column = next(one for one in kind.columns if one.name == name)
    if column.default is None:
        return f"`{name}`"
    default = column.default if column.default != () else "none"
    return f"`{name}` ({default} if left out)"
