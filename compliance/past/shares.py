"""Which challenger was to answer a share of an alias's calls at a moment."""

from dataclasses import dataclass
from datetime import datetime

from compliance.past.approvals import approval_then, judged
from governance.approvals.answering import Answering
from governance.models import Approval
from governance.splits.models import SplitMove
from registry.models import ModelVersion, RegisteredModel
from trust.scope import WHOLE


@dataclass(frozen=True)
class ChallengerThen:
    """Its share since `move`, and until when; whether it answered, as the gate would say.

    `until` None: it lasts. Where it was not live, the holder answered its share.
    """

    move: SplitMove
    approval: Approval | None
    state: str
    reason: str
    until: datetime | None

    @property
    def version(self) -> ModelVersion:
        """The challenger."""
        return self.move.version

    @property
    def percent(self) -> int:
        """Of the calls."""
        return self.move.percent

    @property
    def rest(self) -> int:
        """What is left to the holder."""
        return WHOLE - self.move.percent if self.state == Answering.LIVE else WHOLE


def challenger_then(model: RegisteredModel, alias: str, moment: datetime) -> ChallengerThen | None:
    """The challenger at a moment; None where there was none."""
    rows = SplitMove.objects.filter(model=model, alias=alias).order_by("at", "pk")
    given = rows.filter(at__lte=moment).select_related("version__model", "by__person").last()
    if given is None or not given.percent:
        return None
    following = rows.filter(at__gt=moment).first()
    approval = approval_then(given.version, moment)
    state, reason = judged(given.version, approval, moment, alias, given.percent)
    return ChallengerThen(
        given,
        approval,
        state,
        reason,
        following.at if following else None,
    )
