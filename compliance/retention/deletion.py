"""Deleting the files of a version: proposed by a manager, confirmed by compliance, done at once.

The bytes go; digests, sizes, manifest, reports, signatures and the log stay, with a tombstone for
each file and one event that names their digests.
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
from compliance.retention.kept import files_of, why_kept
from compliance.retention.policies import may_confirm_deletion, may_propose_deletion
from registry.blobs import remove_deleted
from registry.models import ModelVersion, Tombstone
from registry.selectors import version_numbered


class Deletion:
    """`{"model", "version", "attachments"}`: the version's files go and, if wished, the files that
    were attached to comments, findings and answers about it."""

    def may_propose(self, caller: Caller, team: UUID | None) -> Decision:
        """Managers of the owner team."""
        return may_propose_deletion(caller, team)

    def may_confirm(self, caller: Caller, team: UUID | None) -> Decision:
        """Compliance of the owner team."""
        return may_confirm_deletion(caller, team)

    def draft(self, caller: Caller, wish: Mapping[str, Any]) -> Draft:
        """Raises NotAllowed, NotFound, Invalid, Conflict while anything keeps it."""
        only(wish, "model", "version", "attachments")
        version = version_numbered(caller, text(wish, "model"), _number(wish))
        may_propose_deletion(caller, version.model.team_id).enforce()
        if not isinstance(wish["attachments"], bool):
            raise Invalid("Say true or false.", field="attachments")
        return Draft(_details(version, attachments=wish["attachments"]), version.model.team)

    def before(self, details: Details) -> Details:
        """Where the version stands, and its files."""
        version = ModelVersion.objects.get(pk=details["version"])
        files = files_of(version, attachments=details["attachments"])
        return {"status": version.status, "files": [file.as_details() for file in files]}

    def related(self, details: Details) -> list[Thing]:
        """The version and its model."""
        return [("version", details["version"]), ("model", details["model"])]

    def execute(self, proposal: Proposal, details: Details, caller: Caller) -> None:
        """Leave a tombstone of each file and tell the log; the bytes go with the commit. Raises
        Conflict while anything keeps them."""
        version = ModelVersion.objects.select_related("model").get(pk=details["version"])
        Team.objects.select_for_update(no_key=True).get(pk=version.model.team_id)
        _require_free(version, attachments=details["attachments"])
        for file in details["files"]:
            sha256 = file["digest"].removeprefix("sha256:")
            Tombstone.objects.create(
                blob_id=sha256,
                version=version,
                what=file["what"],
                proposal=proposal,
                at=timezone.now(),
            )
            transaction.on_commit(partial(remove_deleted, sha256), robust=True)
        record(
            actor=caller.actor,
            action=Action.BYTES_DELETED,
            subject=("version", version.pk),
            payload={
                "version_digest": details["version_digest"],
                "files": details["files"],
                "proposal": f"sha256:{proposal.digest}",
                "proposer": str(proposal.proposer_id),
            },
            related=[("model", version.model_id), ("proposal", proposal.pk)],
        )


def _require_free(version: ModelVersion, *, attachments: bool) -> None:
    why = why_kept(version, attachments=attachments, now=timezone.now())
    if why:
        raise Conflict(f"{version} cannot be deleted. {why}")


def _details(version: ModelVersion, *, attachments: bool) -> dict[str, Any]:
    _require_free(version, attachments=attachments)
    return {
        "model": str(version.model_id),
        "name": version.model.name,
        "version": str(version.pk),
        "number": version.number,
        "version_digest": f"sha256:{version.digest}",
        "attachments": attachments,
        "files": [file.as_details() for file in files_of(version, attachments=attachments)],
    }


def _number(wish: Mapping[str, Any]) -> int:
    value = wish["version"]
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value < 2**31:
        raise Invalid("This must be the number of a version.", field="version")
    return value


DELETION = Deletion()
