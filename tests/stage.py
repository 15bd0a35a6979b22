"""Prepared databases: a version ready for review, and one that is approved and promoted.

Each is made once for each process through the real services. A test either works on it and is
rolled back (`ready`, `approved`: milliseconds), or gets a copy in which commits are real
(`ready_copy`, `approved_copy`: for other roles, threads and processes).
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from django.test import override_settings

from governance.approvals.releases import promote
from governance.emergencies.notary import sign_waiting_emergencies
from governance.keys.store import load_notary_keys, make_notary_keys
from governance.models import Approval, Review
from governance.notary import sign_waiting_approvals
from governance.policy.publishing import publish_defaults
from registry.models import ModelVersion
from tests.cast import make_cast, who
from tests.factories import verbs
from tests.servers import Database, Server
from trust.keys import SigningKey

MODEL = "tumours"
Play = Callable[..., AbstractContextManager["Stage"]]


@dataclass(frozen=True)
class Stage:
    """A database with its folder of blobs and keys."""

    database: Database
    folder: Path

    @property
    def version(self) -> ModelVersion:
        """The one version, read anew."""
        return version_of(MODEL, 1)

    @property
    def approval(self) -> Approval:
        """Its approval, read anew."""
        return Approval.objects.select_related("review").get(version=self.version)

    @property
    def approval_key(self) -> SigningKey:
        """The notary's key for approvals."""
        return load_notary_keys(self.folder / "notary", django_settings.ORIGIN)[1]

    def settings(self) -> AbstractContextManager[Any]:
        """Where this stage's files lie."""
        return override_settings(
            BLOB_DIR=self.folder / "blobs",
            UPLOAD_DIR=self.folder / "uploads",
            SEGMENT_DIR=self.folder / "segments",
            NOTARY_KEY_DIR=self.folder / "notary",
            TRUSTED_KEYS=self.folder / "trusted-keys.txt",
            CELERY_BROKER_URL=f"filesystem://{self.folder}/broker",
            PASSWORD_HASHERS=["tests.factories.hashers.QuickArgon2"],
        )

    def notary_round(self) -> int:
        """One round of the notary, under its own role; approvals made."""
        with self.database.as_role("notary"):
            sign_waiting_emergencies(self.approval_key)
            return sign_waiting_approvals(self.approval_key)

    def env(self) -> dict[str, str]:
        """The environment in which a process of the program works on this stage."""
        return {
            **self.database.env(),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "ASSAY_VAR": str(self.folder / "var"),
            "ASSAY_BLOBS": str(self.folder / "blobs"),
            "ASSAY_UPLOADS": str(self.folder / "uploads"),
            "ASSAY_SEGMENTS": str(self.folder / "segments"),
            "ASSAY_NOTARY_KEYS": str(self.folder / "notary"),
            "ASSAY_TRUSTED_KEYS": str(self.folder / "trusted-keys.txt"),
        }


def version_of(name: str, number: int) -> ModelVersion:
    """A version, read anew."""
    return ModelVersion.objects.select_related("model__team").get(model__name=name, number=number)


def review_again(review: Review) -> Review:
    """A review, read anew."""
    return Review.objects.select_related("version__model", "policy", "opened_by").get(pk=review.pk)


def _make_ready(stage: Stage) -> None:
    make_cast()
    publish_defaults()
    ada = who("ada")
    verbs.new_dataset(ada)
    verbs.make_ready(ada, verbs.uploaded(ada, verbs.new_model(ada, MODEL)))
    make_notary_keys(
        stage.folder / "notary", django_settings.ORIGIN, stage.folder / "trusted-keys.txt"
    )


def _make_approved(stage: Stage) -> None:
    verbs.signed(stage.version)
    assert stage.notary_round() == 1
    promote(caller=who("mira"), version=stage.version, alias="champion", reason="It is the first.")


@pytest.fixture(scope="session")
def backstage(
    postgres: Server, ordinary_database: Database, django_db_setup: None, django_db_blocker: Any
) -> Play:
    """Puts a stage behind Django's connection for the length of a block."""

    @contextmanager
    def play(stage: Stage) -> Iterator[Stage]:
        with django_db_blocker.unblock(), stage.settings():
            stage.database.use()
            try:
                yield stage
            finally:
                ordinary_database.use()

    return play


@pytest.fixture(scope="session")
def ready_template(
    postgres: Server, backstage: Play, tmp_path_factory: pytest.TempPathFactory
) -> Stage:
    """A version with all evidence, a card, policies and people; nothing is submitted."""
    stage = Stage(postgres.clone(), tmp_path_factory.mktemp("ready"))
    with backstage(stage):
        _make_ready(stage)
    return stage


@pytest.fixture(scope="session")
def approved_template(
    postgres: Server,
    backstage: Play,
    ready_template: Stage,
    tmp_path_factory: pytest.TempPathFactory,
) -> Stage:
    """The same, submitted, signed by two, approved by the notary and promoted to champion."""
    stage = copied(postgres, ready_template, tmp_path_factory.mktemp("approved"))
    with backstage(stage):
        _make_approved(stage)
    return stage


def copied(postgres: Server, stage: Stage, folder: Path) -> Stage:
    """The same stage on a database and in a folder of its own."""
    shutil.copytree(stage.folder, folder, dirs_exist_ok=True)
    return Stage(postgres.clone(stage.database.name), folder)


@contextmanager
def rolled_back(play: AbstractContextManager[Stage]) -> Iterator[Stage]:
    """Whatever is done on the stage is undone."""
    with play as stage, transaction.atomic():
        yield stage
        transaction.set_rollback(True)


@contextmanager
def _copy(postgres: Server, backstage: Play, template: Stage, folder: Path) -> Iterator[Stage]:
    stage = copied(postgres, template, folder / "stage")
    with backstage(stage):
        yield stage
    postgres.drop([stage.database])


@pytest.fixture
def ready(backstage: Play, ready_template: Stage) -> Iterator[Stage]:
    """A version ready for review; whatever the test does is rolled back."""
    with rolled_back(backstage(ready_template)) as stage:
        yield stage


@pytest.fixture
def approved(backstage: Play, approved_template: Stage) -> Iterator[Stage]:
    """An approved champion; whatever the test does is rolled back."""
    with rolled_back(backstage(approved_template)) as stage:
        yield stage


@pytest.fixture
def ready_copy(
    postgres: Server, backstage: Play, ready_template: Stage, tmp_path: Path
) -> Iterator[Stage]:
    """A version ready for review, in a database of this test alone."""
    with _copy(postgres, backstage, ready_template, tmp_path) as stage:
        yield stage


@pytest.fixture
def approved_copy(
    postgres: Server, backstage: Play, approved_template: Stage, tmp_path: Path
) -> Iterator[Stage]:
    """An approved champion, in a database of this test alone."""
    with _copy(postgres, backstage, approved_template, tmp_path) as stage:
        yield stage
