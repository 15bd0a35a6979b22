"""Why the files of a version stay: what every deletion is asked before it is proposed and done."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from audit.actions import Action
from audit.models import AuditEvent
from compliance.models import Export, PackFile
from compliance.retention.models import Kept
from compliance.retention.rules import days_of
from compliance.retention.selectors import holds_on_version
from governance.attachments.models import Attachment
from governance.models import EmergencyGrant, ReviewState
from registry.models import Artifact, DatasetSnapshot, ModelVersion, Status, Tombstone

ARTIFACT, ATTACHMENT = "artifact", "attachment"


@dataclass(frozen=True)
class Doomed:
    """A file that shall be deleted."""

    sha256: str
    size: int
    what: str

    def as_details(self) -> dict[str, object]:
        """As proposals and events name it."""
        return {"digest": f"sha256:{self.sha256}", "size": self.size, "what": self.what}


def files_of(version: ModelVersion, *, attachments: bool) -> list[Doomed]:
    """The files of a version that are there, each once, by digest; with those that were attached
    to comments, findings and answers about it, if wished."""
    found = {
        row.blob_id: Doomed(row.blob_id, row.size, ARTIFACT)
        for row in Artifact.objects.filter(version=version)
    }
    if attachments:
        for row in Attachment.objects.filter(_about(version)):
            found.setdefault(row.blob_id, Doomed(row.blob_id, row.size, ATTACHMENT))
    gone = Tombstone.objects.filter(blob__in=found).values_list("pk", flat=True)
    for sha256 in gone:
        del found[sha256]
    return [found[sha256] for sha256 in sorted(found)]


def _about(version: ModelVersion) -> Q:
    return (
        Q(comment__review__version=version)
        | Q(finding__version=version)
        | Q(answer__finding__version=version)
    )


def why_kept(version: ModelVersion, *, attachments: bool, now: datetime) -> str:
    """Why nothing of the version may be deleted now; empty if it may."""
    return next(_reasons(version, attachments, now), "")


def why_all_kept(version: ModelVersion, now: datetime) -> str:
    """Why nothing of it may be deleted now, neither with its attached files nor without them."""
    whys = [why_kept(version, attachments=also, now=now) for also in (False, True)]
    return whys[0] if all(whys) else ""


def _reasons(version: ModelVersion, attachments: bool, now: datetime) -> Iterator[str]:
    hold = holds_on_version(version).first()
    if hold is not None:
        yield f"A legal hold is on it: {hold.reference}."
    yield from _in_use(version)
    yield from _by_rule(version, now)
    files = files_of(version, attachments=attachments)
    if not files:
        yield "There is no file of it that could be deleted."
    for file in files:
        where = _kept_elsewhere(version, file.sha256, attachments)
        if where:
            yield f"sha256:{file.sha256[:12]}… is also {where}."


def _in_use(version: ModelVersion) -> Iterator[str]:
    open_states = (ReviewState.OPEN, ReviewState.QUORUM)
    if version.status != Status.RETIRED or retired_at(version) is None:
        yield "Only files of a retired version are deleted; retire it first."
    elif version.aliases.exists() or version.approvals.filter(revocation=None).exists():
        yield "It is approved, or an alias points at it."
    elif version.reviews.filter(state__in=open_states).exists():
        yield "A review of it is open."
    elif _in_emergencies(version).filter(review=None).exists():
        yield "It answered under an emergency grant that nobody has reviewed."


def _by_rule(version: ModelVersion, now: datetime) -> Iterator[str]:
    answered = version.approvals.exists() or _in_emergencies(version).exists()
    kind = Kept.APPROVED if answered else Kept.UNAPPROVED
    days = days_of(version.model.risk_tier, kind.value)
    if days is None:
        yield "By the rules of retention it is kept for ever."
        return
    since = retired_at(version) if kind == Kept.APPROVED else version.created_at
    until = (since or now) + timedelta(days=days)
    if now < until:
        yield f"By the rules of retention it is kept until {until:%Y-%m-%d}."


def _in_emergencies(version: ModelVersion) -> "QuerySet[EmergencyGrant]":
    """Grants under which it could answer without an approval."""
    return version.emergencies.filter(attestation__isnull=False)


def retired_at(version: ModelVersion) -> datetime | None:
    """When the log says that it was taken out of use, the last time."""
    told = AuditEvent.objects.filter(
        action=Action.VERSION_RETIRED.value, subject_type="version", subject_id=str(version.pk)
    )
    return told.order_by("-pk").values_list("occurred_at", flat=True).first()


def _kept_elsewhere(version: ModelVersion, sha256: str, attachments: bool) -> str:
    attached = Attachment.objects.filter(blob=sha256)
    uses = {
        "part of another version": Artifact.objects.filter(blob=sha256).exclude(version=version),
        "a dataset snapshot": DatasetSnapshot.objects.filter(blob=sha256),
        "attached to a comment, a finding or an answer": (
            attached.exclude(_about(version)) if attachments else attached
        ),
        "a pack": PackFile.objects.filter(blob=sha256),
        "an export": Export.objects.filter(blob=sha256),
    }
    return next((where for where, rows in uses.items() if rows.exists()), "")
