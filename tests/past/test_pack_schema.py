"""The JSON form of packs holds to the schema that is published with the program."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from jsonschema import Draft202012Validator

from compliance.packs.document import TYPE
from compliance.packs.templates import templates
from registry.models import RegisteredModel
from tests.cast import who
from tests.factories import verbs
from tests.factories.elsewhere import SHEET, approved_elsewhere
from tests.past.test_pack_kinds import GIVEN, sealed
from tests.past.test_pack_kinds import made as made_of_kind
from tests.past.test_packs import VERSIONS, document_of, made
from tests.stage import Stage

__all__ = ["sealed"]

SCHEMA = json.loads(
    (Path(settings.BASE_DIR) / "static/schemas/pack-2.json").read_text(encoding="utf-8")
)


def faults(document: dict[str, Any]) -> list[str]:
    """What of the document the schema does not allow."""
    found = Draft202012Validator(SCHEMA).iter_errors(document)
    return [f"{error.json_path}: {error.message}" for error in found]


def test_is_a_schema_of_the_documents_that_are_made_now() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["type"]["const"] == TYPE
    assert SCHEMA["$id"] == f"urn:{TYPE.replace('/', ':')}"


@pytest.mark.parametrize("template", sorted(templates()))
def test_every_template_makes_documents_that_hold_to_it(sealed: Stage, template: str) -> None:
    if template in VERSIONS:
        bare = verbs.another(who("ada"), sealed.version.model, strength=0.5)
        for number in (sealed.version.number, bare.number):
            assert faults(document_of(made(template, number=number))) == []
    else:
        assert faults(document_of(made_of_kind(template, **GIVEN[template]))) == []


def test_so_do_those_about_what_runs_elsewhere(approved_copy: Stage) -> None:
    approved_elsewhere(approved_copy)
    assert RegisteredModel.objects.filter(name=SHEET).exists()
    for template in ("eu-ai-act", "validation-report"):
        assert faults(document_of(made_of_kind(template, model=SHEET, number=1))) == []


def test_refuses_a_document_that_was_changed(approved: Stage) -> None:
    document = document_of(made("model-card"))
    field = document["sections"][0]["fields"][0]
    changes: list[tuple[dict[str, Any], str, Any]] = [
        (field, "value", None),
        (field, "evidence", []),
        (field, "by", "Somebody"),
        (field, "colour", "red"),
        (document["subject"], "kind", "model"),
        (document["gaps"][0], "owner", ""),
        (document, "made_at", "yesterday"),
        (document, "type", "assay/pack/1"),
    ]
    for part, name, value in changes:
        before = deepcopy(part)
        part[name] = value
        assert faults(document), name
        part.clear()
        part.update(before)
    assert faults(document) == []
