"""How a split ends: a part of the verbs and of the clock's rounds that end one."""

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.callers import Caller
from audit.actions import Action
from audit.actors import SYSTEM
from audit.services import record
from governance.policy.validity import in_force
from governance.splits.models import Split, SplitCause, SplitMove
from registry.models import Alias, ModelVersion

MOST_AT_ONCE = 200


def end_split_under(*, caller: Caller, alias: Alias, to: ModelVersion, reason: str) -> None:
    """End the split of an alias that moves, if there is one."""
    row = Split.objects.select_for_update(of=("self",)).filter(alias=alias).first()
    if row is not None:
        cause = SplitCause.PROMOTED if row.version_id == to.pk else SplitCause.MOVED
        end(row, cause, reason, caller)


def end_splits_of(*, caller: Caller, version: ModelVersion, reason: str) -> None:
    """End what a version that is revoked answers as a challenger: the holders answer it again."""
    for row in Split.objects.select_for_update(of=("self",)).filter(version=version):
        end(row, SplitCause.REVOKED, reason, caller)


def end_lapsed_splits() -> int:
    """End the splits whose challengers have no approval in force; how many. The clock calls it.

    Nothing hangs on it for the gate, which looks at the date in the signed approval itself.
    """
    lapsed = Split.objects.filter(
        ~Exists(in_force(timezone.now()).filter(version=OuterRef("version_id")))
    )
    return sum(
        _end_if_lapsed(key) for key in list(lapsed.values_list("pk", flat=True)[:MOST_AT_ONCE])
    )


@transaction.atomic
def _end_if_lapsed(key: int) -> bool:
    row = Split.objects.select_for_update(of=("self",)).filter(pk=key).first()
    if row is None or in_force(timezone.now()).filter(version=row.version_id).exists():
        return False
    end(row, SplitCause.EXPIRED, "", None)
    return True


def end(row: Split, cause: SplitCause, reason: str, caller: Caller | None) -> SplitMove:
    """End a split that is locked; the log says why, and whose share goes back to whom."""
    alias = Alias.objects.select_related("version").get(pk=row.alias_id)
    version = ModelVersion.objects.only("pk", "digest").get(pk=row.version_id)
    move = SplitMove.objects.create(
        model_id=alias.model_id,
        alias=alias.name,
        holder=alias.version,
        version=version,
        percent=0,
        approval_id=row.approval_id,
        cause=cause,
        reason=reason,
        by=caller.user if caller else None,
    )
    row.delete()
    record(
        actor=caller.actor if caller else SYSTEM,
        action=Action.SPLIT_ENDED,
        subject=("model", alias.model_id),
        payload={
            "alias": alias.name,
            "holder": f"sha256:{alias.version.digest}",
            "challenger": f"sha256:{version.digest}",
            "approval": str(row.approval_id),
            "cause": cause.value,
        },
        related=[("version", version.pk), ("version", alias.version_id)],
    )
    return move
