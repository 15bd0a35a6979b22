"""Verbs on splits: give a challenger a share of an alias's calls, change it, end it."""

from django.db import transaction
from django.utils import timezone

from accounts.callers import Caller
from audit.actions import Action
from audit.services import record
from common.errors import Conflict, Invalid
from governance import policies
from governance.aliases import check_alias
from governance.approvals.releases import LONGEST_REASON, approval_that_holds, refuse_a_break
from governance.splits.ending import end
from governance.splits.models import MOST_PERCENT, Split, SplitCause, SplitMove
from governance.texts import written
from registry.models import Alias, ModelVersion, RegisteredModel


@transaction.atomic
def split(
    *,
    caller: Caller,
    version: ModelVersion,
    alias: str,
    percent: int,
    reason: str,
    accept_schema_change: bool = False,
) -> SplitMove:
    """Let a challenger answer so many percent of the calls of an alias, or another share than now.

    Raises NotAllowed; Conflict without an approval that holds now for the alias and the share,
    where no version holds the alias, where that is the challenger itself, where another challenger
    has a share, or where callers would break and nobody said that this is meant; Invalid.
    """
    # Not against new versions of the model: only moves and splits of its aliases wait.
    model = RegisteredModel.objects.select_for_update(no_key=True).get(pk=version.model_id)
    policies.may_promote(caller, model.team_id).enforce()
    reason = written(reason, "reason", LONGEST_REASON)
    check_alias(alias)
    if not 1 <= percent <= MOST_PERCENT:
        raise Invalid(
            f"The share is from 1 to {MOST_PERCENT} percent; move the alias for all of it.",
            field="percent",
        )
    # A revocation waits for this, or has been seen.
    ModelVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    approval = approval_that_holds(version, alias, timezone.now(), percent)
    row = Alias.objects.filter(model=model, name=alias).select_related("version").first()
    holder, before = _beside(row, version, alias)
    if before == percent:
        raise Conflict(f"{version} answers {percent} % of the calls of {alias} already.")
    differences = refuse_a_break(holder, version, alias, accept_schema_change)
    Split.objects.update_or_create(
        alias=row, defaults={"version": version, "percent": percent, "approval": approval}
    )
    move = SplitMove.objects.create(
        model=model,
        alias=alias,
        holder=holder,
        version=version,
        percent=percent,
        approval=approval,
        cause=SplitCause.GIVEN,
        reason=reason,
        by=caller.user,
    )
    _record_split(caller, move, before, differences)
    return move


def _beside(row: Alias | None, version: ModelVersion, alias: str) -> tuple[ModelVersion, int]:
    """The holder, and the share that the challenger has now. Raises Conflict."""
    if row is None:
        raise Conflict(f"No version holds {alias}, so there is nothing to share: move it first.")
    if row.version_id == version.pk:
        raise Conflict(f"{version} holds {alias}; a challenger is another version.")
    # The row may be ended meanwhile by a revocation or the clock, which do not wait for the model.
    held = Split.objects.select_for_update(of=("self",)).filter(alias=row).first()
    if held is None:
        return row.version, 0
    if held.version_id != version.pk:
        other = ModelVersion.objects.only("number").get(pk=held.version_id)
        raise Conflict(f"v{other.number} answers a share of {alias} already; end that first.")
    return row.version, held.percent


def _record_split(caller: Caller, move: SplitMove, before: int, differences: list[str]) -> None:
    record(
        actor=caller.actor,
        action=Action.ALIAS_SPLIT,
        subject=("model", move.model_id),
        payload={
            "alias": move.alias,
            "holder": f"sha256:{move.holder.digest}",
            "challenger": f"sha256:{move.version.digest}",
            "approval": str(move.approval_id),
            "percent": move.percent,
            "before": before,
            "schema_differences": len(differences),
        },
        related=[("version", move.version_id), ("version", move.holder_id)],
    )


@transaction.atomic
def end_split(*, caller: Caller, model: RegisteredModel, alias: str, reason: str) -> SplitMove:
    """Give a challenger's share back to the holder. Raises NotAllowed, Conflict, Invalid."""
    model = RegisteredModel.objects.select_for_update(no_key=True).get(pk=model.pk)
    policies.may_promote(caller, model.team_id).enforce()
    reason = written(reason, "reason", LONGEST_REASON)
    rows = Split.objects.select_for_update(of=("self",)).filter(alias__model=model)
    row = rows.filter(alias__name=alias).first()
    if row is None:
        raise Conflict(f"No challenger answers a share of {alias}.")
    return end(row, SplitCause.ENDED, reason, caller)
