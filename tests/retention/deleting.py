"""Versions that may be deleted, and how two persons do it."""

from pathlib import Path
from typing import Any

from accounts.models import Proposal
from accounts.proposals.services import confirm, propose
from governance.approvals.releases import retire
from registry.blobs import path_of
from registry.models import DatasetSnapshot, ModelVersion
from tests.cast import password_of, who
from tests.factories import verbs
from tests.factories.agreeing import agree
from tests.stage import MODEL, Stage

TAKEN: dict[Path, bytes] = {}
"""Rows of the stage that a test deletes: rolling back the tables brings no file back."""


def take(dataset: DatasetSnapshot) -> None:
    """Remember the rows; `put_back` writes them again after the test."""
    path = path_of(dataset.blob_id)
    TAKEN[path] = path.read_bytes()


def rule(kind: str = "unapproved", days: int | None = 0, tier: str = "medium") -> Proposal:
    """Root proposes it, otto confirms."""
    return agree(
        "retention",
        {"tier": tier, "kind": kind, "days": days},
        proposer=who("root"),
        confirmer=who("otto"),
        password=password_of,
    )


def retired(stage: Stage, strength: float = 3.0) -> ModelVersion:
    """A draft that is taken out of use."""
    version = verbs.another(who("ada"), stage.version.model, strength=strength)
    retire(caller=who("mira"), version=version, reason="Nobody wants it.")
    return version


def proposed(version: ModelVersion, by: str = "mira", **wish: Any) -> Proposal:
    """That its files go."""
    wanted = {"model": MODEL, "version": version.number, "attachments": False} | wish
    return propose(
        caller=who(by),
        kind="deletion",
        wish=wanted,
        reason="A supplier asked for it.",
        password=password_of(by),
    )


def confirmed(proposal: Proposal, by: str = "cora") -> Proposal:
    """As it was shown."""
    return confirm(
        caller=who(by),
        proposal=proposal,
        digest=f"sha256:{proposal.digest}",
        password=password_of(by),
    )


def rows_proposed(dataset: DatasetSnapshot, by: str = "mira") -> Proposal:
    """That its rows go."""
    return propose(
        caller=who(by),
        kind="dataset_deletion",
        wish={"dataset": str(dataset.pk)},
        reason="A person withdrew his consent.",
        password=password_of(by),
    )
