"""Deleting the rows of a snapshot: proposed by a manager, confirmed by compliance, done at once.

The bytes go, under every name that the team gave them; digest, size, number of rows, columns and
classes stay: signatures of models, plans and reports name them, and are signed. So do reports and
what was approved on them.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.callers import Caller
from accounts.models import Proposal, Team
from accounts.proposals.kinds import Details, Draft, Thing
from accounts.proposals.wishes import only, text
from audit.actions import Action
from audit.services import record
from common.decisions import Decision
from common.errors import Conflict, Invalid
from compliance.retention.dependents import Dependents, dependents_of
from compliance.retention.policies import may_confirm_deletion, may_propose_deletion
from registry.blobs import remove_deleted
from registry.models import DatasetSnapshot, Tombstone
from registry.selectors import dataset_by_id

SNAPSHOT = "snapshot"


class DatasetDeletion:
    """`{"dataset"}`: the rows of the snapshot go, and of each other one of the same bytes."""

    def may_propose(self, caller: Caller, team: UUID | None) -> Decision:
        """Managers of the owner team."""
        return may_propose_deletion(caller, team)

    def may_confirm(self, caller: Caller, team: UUID | None) -> Decision:
        """Compliance of the owner team."""
        return may_confirm_deletion(caller, team)

    def draft(self, caller: Caller, wish: Mapping[str, Any]) -> Draft:
        """Raises NotAllowed, NotFound, Invalid, Conflict while anything keeps them."""
        only(wish, "dataset")
        dataset = dataset_by_id(caller, _id(wish))
        may_propose_deletion(caller, dataset.team_id).enforce()
        found = _free(dataset)
        return Draft(_details(dataset, found), dataset.team)

    def before(self, details: Details) -> Details:
        """What depends on the rows: which versions used them, and which approvals stand."""
        dataset = DatasetSnapshot.objects.select_related("team").get(pk=details["dataset"])
        found = dependents_of(dataset)
        return {
            "snapshots": [str(row.pk) for row in found.snapshots],
            "versions": [f"sha256:{row.digest}" for row in found.versions],
            "approvals": [str(row.pk) for row in found.approvals],
        }

    def related(self, details: Details) -> list[Thing]:
        """The snapshots of these bytes."""
        return [("dataset", key) for key in details["snapshots"]]

    def execute(self, proposal: Proposal, details: Details, caller: Caller) -> None:
        """Leave a tombstone and tell the log, also of each version that used the rows; the bytes
        go with the commit. Raises Conflict while anything keeps them."""
        dataset = DatasetSnapshot.objects.select_related("team", "blob").get(pk=details["dataset"])
        Team.objects.select_for_update(no_key=True).get(pk=dataset.team_id)
        found = _free(dataset)
        Tombstone.objects.create(
            blob_id=dataset.blob_id,
            dataset=dataset,
            what=SNAPSHOT,
            proposal=proposal,
            at=timezone.now(),
        )
        transaction.on_commit(partial(remove_deleted, dataset.blob_id), robust=True)
        record(
            actor=caller.actor,
            action=Action.BYTES_DELETED,
            subject=("dataset", dataset.pk),
            payload={
                "files": details["files"],
                "snapshots": details["snapshots"],
                "proposal": f"sha256:{proposal.digest}",
                "proposer": str(proposal.proposer_id),
            },
            related=_concerned(dataset, found, proposal),
        )


def _concerned(dataset: DatasetSnapshot, found: Dependents, proposal: Proposal) -> list[Thing]:
    return [
        *(("dataset", row.pk) for row in found.snapshots),
        *(("version", row.pk) for row in found.versions),
        *(("model", key) for key in dict.fromkeys(row.model_id for row in found.versions)),
        ("team", dataset.team_id),
        ("proposal", proposal.pk),
    ]


def _free(dataset: DatasetSnapshot) -> Dependents:
    found = dependents_of(dataset)
    if found.kept_by:
        raise Conflict(
            f"The rows of {dataset.name} ({dataset.split}) cannot be deleted. {found.why}"
        )
    return found


def _details(dataset: DatasetSnapshot, found: Dependents) -> dict[str, Any]:
    digest = f"sha256:{dataset.blob_id}"
    return {
        "dataset": str(dataset.pk),
        "name": dataset.name,
        "split": dataset.split,
        "digest": digest,
        "rows": dataset.rows,
        "snapshots": [str(row.pk) for row in found.snapshots],
        "files": [{"digest": digest, "size": dataset.blob.size, "what": SNAPSHOT}],
    }


def _id(wish: Mapping[str, Any]) -> UUID:
    try:
        return UUID(text(wish, "dataset"))
    except ValueError:
        raise Invalid("This must be the number of a snapshot.", field="dataset") from None


DATASET_DELETION = DatasetDeletion()
