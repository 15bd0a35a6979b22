"""The document of the API is complete, and the copy in the repository is the one that is served."""

import io
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import override_settings

from tests.api.calls import PREDICT, WEB

DOCS = Path(__file__).resolve().parents[2] / "docs"
WRITES = {"post", "put", "patch"}
WITHOUT_BODY = {
    "comments_reopen",
    "comments_resolve",
    "delegations_end",
    "jobs_cancel",
    "jobs_retry",
    "passkeys_offer",
    "proposals_withdraw",
    "proposals_end_way_in",
    "reviews_look",
    "reviews_open",
    "reviews_withdraw",
    "second_factor_offer",
    "users_deactivate",
    "validations_finish",
    "sessions_end",
    "sessions_end_others",
    "users_identity_remove",
    "users_sessions_end",
}
APPS = {
    "openapi.yml": ("config.urls_web", "python manage.py spectacular --file docs/openapi.yml"),
    "openapi-inference.yml": (
        "config.urls_inference",
        "DJANGO_SETTINGS_MODULE=config.settings_inference "
        "python manage.py spectacular --file docs/openapi-inference.yml",
    ),
}


@cache
def generated(file: str) -> str:
    """What `manage.py spectacular` writes; a warning is an error, also for OpenAPI's own schema."""
    out = io.StringIO()
    with override_settings(ROOT_URLCONF=APPS[file][0]):
        call_command("spectacular", stdout=out, fail_on_warn=True, validate=True)
    return out.getvalue()


@pytest.fixture(scope="module", params=list(APPS))
def document(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The document of the web process, then the one of the inference process."""
    parsed: dict[str, Any] = yaml.load(generated(request.param), yaml.CSafeLoader)
    return parsed


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path and operation."""
    return [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


@pytest.mark.parametrize("file", APPS)
def test_the_copy_in_the_repository_is_current(file: str) -> None:
    copy = (DOCS / file).read_text(encoding="utf-8")
    assert copy == generated(file), f"refresh it: {APPS[file][1]}"


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")


def test_every_operation_has_a_name_of_its_own_and_a_summary(document: dict[str, Any]) -> None:
    found = [operation for _, _, operation in operations(document)]
    names = [operation["operationId"] for operation in found]
    assert len(set(names)) == len(names)
    assert [one["operationId"] for one in found if not one.get("summary")] == []


def test_every_operation_asks_for_a_token(document: dict[str, Any]) -> None:
    schemes = document["components"]["securitySchemes"]
    assert schemes["token"]["scheme"] == "bearer"
    open_to_all = [
        operation["operationId"]
        for _, _, operation in operations(document)
        if {"token": []} not in operation["security"] or {} in operation["security"]
    ]
    # Whoever sets a password by two halves has no other way to show who he is.
    assert open_to_all == (["way_in"] if "/api/v1/way-in" in document["paths"] else [])


def test_every_refusal_is_declared_as_a_problem_document(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        answers = operation["responses"]
        wanted = {"400", "401", "403", "404", "405", "406", "422", "503"}
        if method != "get":
            wanted |= {"409", "413", "415"}
        assert wanted <= set(answers), f"{method} {path}"
        for code in (code for code in answers if code >= "400"):
            content = answers[code]["content"]
            assert list(content) == ["application/problem+json"], f"{method} {path} {code}"


def test_every_change_declares_its_body_or_is_known_to_take_none(document: dict[str, Any]) -> None:
    silent = {
        operation["operationId"]
        for method, _, operation in operations(document)
        if method in WRITES and "requestBody" not in operation
    }
    assert silent <= WITHOUT_BODY


def test_every_list_in_pages_declares_cursor_and_limit(document: dict[str, Any]) -> None:
    for _, path, operation in operations(document):
        content = operation["responses"].get("200", {}).get("content", {})
        answer = content.get("application/json", {}).get("schema", {}).get("$ref", "")
        names = {parameter["name"] for parameter in operation.get("parameters", [])}
        assert answer.endswith("Page") == ({"cursor", "limit"} <= names), path


def test_every_operation_is_called_by_the_suite(document: dict[str, Any]) -> None:
    names = {operation["operationId"] for _, _, operation in operations(document)}
    assert names == set(PREDICT if "predict" in names else WEB)
