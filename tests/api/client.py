"""Calls of the API in the suite's own process, and what a refusal must look like."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection
from django.test import Client

PREFIX = "/api/v1"
# What a refusal itself may leave behind: its own event, and the count of wrong passwords.
_REFUSALS = "('access.refused', 'password.refused')"
_NOT_COUNTED = ("audit_auditevent", "cache")


class Api:
    """One caller. A defect of the program surfaces as the exception that it is."""

    def __init__(self, token: str = "", root: str = PREFIX) -> None:
        self.http = Client()
        self.root = root
        self.always = {"Authorization": f"Bearer {token}"} if token else {}

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        kind: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> Any:
        """A reply to a body: bytes go as they are, everything else as JSON."""
        if not isinstance(body, bytes):
            body = b"" if body is None else json.dumps(body).encode()
        return self.http.generic(
            method.upper(),
            f"{self.root}{path}",
            body,
            content_type=kind,
            headers=self.always | (headers or {}),
        )

    def get(self, path: str, **headers: str) -> Any:
        """A reply to a GET."""
        return self.send("GET", path, headers=headers)


def refusal(reply: Any, *statuses: int, field: str | None = None) -> dict[str, Any]:
    """The problem document of a 4xx, checked: its shape, its status, the field that it names."""
    text = reply.content.decode()
    assert 400 <= reply.status_code < 500, f"{reply.status_code}: {text[:300]}"
    assert reply["Content-Type"] == "application/problem+json", text[:300]
    document: dict[str, Any] = json.loads(text)
    assert document["status"] == reply.status_code
    assert document["type"].startswith("urn:assay:problem:")
    assert document["title"]
    assert document["detail"]
    assert document["request_id"] == reply["X-Request-Id"]
    if statuses:
        assert reply.status_code in statuses, text[:300]
    if field is not None:
        assert document.get("field") == field, text[:300]
    return document


def _tables() -> list[str]:
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
    return [name for name in names if name not in _NOT_COUNTED]


def rows() -> dict[str, int]:
    """Rows of every table; of the log those that are no refusals."""
    parts = [f"SELECT '{name}', count(*) FROM \"{name}\"" for name in _tables()]
    parts.append(f"SELECT 'log', count(*) FROM audit_auditevent WHERE action NOT IN {_REFUSALS}")
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return dict(cursor.fetchall())


def files(*folders: Path) -> set[tuple[str, int]]:
    """Every file below the folders with its size."""
    return {
        (str(path), path.stat().st_size)
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
    }


@contextmanager
def nothing_written(*folders: Path) -> Iterator[None]:
    """Inside, no row and no file may appear or go."""
    before = rows(), files(*folders)
    yield
    assert (rows(), files(*folders)) == before
