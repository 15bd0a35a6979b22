"""Where the operations of the API lie, read from its document."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

_DOCS = Path(__file__).resolve().parents[2] / "docs"
_PREFIX = "/api/v1"


@cache
def _document() -> dict[str, Any]:
    text = (_DOCS / "openapi.yml").read_text(encoding="utf-8")
    parsed: dict[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return parsed


@cache
def operations(*, with_header: str = "") -> dict[str, tuple[str, str]]:
    """operationId -> (method, path below the prefix, with its parameters in braces).

    All of the web process, or those that know a header.
    """
    return {
        operation["operationId"]: (method.upper(), path.removeprefix(_PREFIX))
        for path, methods in _document()["paths"].items()
        for method, operation in methods.items()
        if not with_header or with_header in _headers(operation)
    }


def _headers(operation: dict[str, Any]) -> set[str]:
    return {one["name"] for one in operation.get("parameters", []) if one["in"] == "header"}
