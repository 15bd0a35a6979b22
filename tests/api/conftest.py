"""A furnished house: in the suite's own process (rolled back), and as a running instance."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from tests.api.client import Api
from tests.api.house import House, furnish
from tests.factories.passkeys import ORIGIN
from tests.instance import Instance
from tests.servers import Server
from tests.stage import Play, Stage, approved_template, backstage, ready_template

__all__ = ["approved_template", "backstage", "ready_template"]


def copy_of(stage: Stage, postgres: Server, folder: Path) -> Stage:
    """The same database and files again."""
    shutil.copytree(stage.folder, folder, dirs_exist_ok=True)
    return Stage(postgres.clone(stage.database.name), folder)


@pytest.fixture(scope="session")
def furnished(
    postgres: Server,
    backstage: Play,
    approved_template: Stage,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Stage, House]:
    """The approved stage with something in every room; made once, copied or rolled back."""
    stage = copy_of(approved_template, postgres, tmp_path_factory.mktemp("house"))
    with backstage(stage):
        return stage, furnish(stage)


@contextmanager
def _rolled_back(play: Any) -> Iterator[Stage]:
    with play as stage, transaction.atomic():
        yield stage
        transaction.set_rollback(True)


@pytest.fixture
def stage(backstage: Play, furnished: tuple[Stage, House]) -> Iterator[Stage]:
    """The database and the folders behind the house; what a test does is rolled back."""
    with _rolled_back(backstage(furnished[0])) as stage:
        yield stage


@pytest.fixture
def house(furnished: tuple[Stage, House], stage: Stage) -> House:
    """What stands where, fresh for each test."""
    return replace(furnished[1], made={})


@pytest.fixture
def api(house: House) -> Api:
    """The web process's API, called by somebody with every role and scope."""
    return Api(house.token)


@pytest.fixture(scope="module")
def running(
    postgres: Server,
    backstage: Play,
    furnished: tuple[Stage, House],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Instance, House]]:
    """All processes over a copy of the house; the house is this module's to change."""
    stage = copy_of(furnished[0], postgres, tmp_path_factory.mktemp("running"))
    places = {key: path for key, path in stage.env().items() if key.startswith("ASSAY_")}
    places["ASSAY_PASSKEY_ORIGINS"] = ORIGIN
    instance = Instance(Path(places.pop("ASSAY_VAR")), stage.database, **places)
    try:
        yield instance.start(), replace(furnished[1], made={})
    finally:
        instance.stop()
        postgres.drop([stage.database])
