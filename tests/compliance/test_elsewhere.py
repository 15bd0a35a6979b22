"""Bundles hold approvals for use elsewhere, and an outsider checks them without the instance."""

from pathlib import Path
from typing import Any

import pytest

from registry.models import ModelVersion
from registry.register.entries import NewEntry, enter
from registry.services import NewVersion, add_version, edit_card
from tests.compliance.test_bundles import Outsider
from tests.compliance.world import World, bundle_of


@pytest.fixture
def version(world: World) -> ModelVersion:
    """One without a file, approved for use elsewhere."""
    model, ada = world.model("sheet"), world.caller("ada")
    entry = NewEntry(
        "inventory", "in_development", ada.person_id, place="Share", technology="Sheet"
    )
    enter(caller=ada, model=model, new=entry)
    lineage = {"source": "declared", "vendor": "Acme", "product": "Score", "release": "3"}
    new = NewVersion(kind="uploaded", files=[], signature=None, lineage=lineage, servable=False)
    made = add_version(model=model, made_by=ada.user, actor=ada.actor, new=new)
    edit_card(caller=ada, version=made, content={"contact": "Credit"})
    assert world.approve(made).state == "approved"
    return made


@pytest.mark.parametrize(
    "scope",
    [
        {"kind": "all"},
        {"kind": "version", "model": "sheet", "number": 1},
        {"kind": "model", "model": "sheet"},
    ],
    ids=str,
)
def test_it_is_in_every_bundle_of_the_version(
    world: World, version: ModelVersion, scope: dict[str, Any], tmp_path: Path
) -> None:
    outsider = Outsider(world, tmp_path / "outside")
    code, report = outsider.check(bundle_of(world.export(scope), tmp_path))
    assert (code, report["findings"]) == (0, [])
    assert report["counts"]["approvals for use elsewhere, which never serve"] == 1
